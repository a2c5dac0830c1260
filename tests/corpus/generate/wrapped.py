"""Documents in which something stands around the request or beside its signature."""

from __future__ import annotations

import base64

from ksef_simulator import keys, signers
from ksef_simulator.identities import OWNER

from .making import REQUEST, Made, faulty, signed
from .people import AT

_ELEMENT = REQUEST.partition(b"?>")[2].strip()
_EPUAP = (
    '<wnio:Dokument xmlns:wnio="http://epuap.gov.pl/fe-model-web/wzor_lokalny/EPUAP-----/'
    'podpisanyPlik/" xmlns:str="http://crd.gov.pl/xml/schematy/struktura/2009/11/16/">'
    "<wnio:OpisDokumentu/><wnio:TrescDokumentu><str:Zalaczniki>"
    '<str:Zalacznik format="text/xml" kodowanie="base64" nazwaPliku="AuthTokenRequest.xml">'
    "<str:DaneZalacznika>{}</str:DaneZalacznika></str:Zalacznik></str:Zalaczniki>"
    "</wnio:TrescDokumentu></wnio:Dokument>"
)
_GENERAL_LETTER = (
    '<wzor:Dokument xmlns:wzor="http://crd.gov.pl/wzor/2013/12/12/1410/">'
    "<wzor:TrescDokumentu>{}</wzor:TrescDokumentu></wzor:Dokument>"
)


def _inside(opening: str, document: bytes) -> bytes:
    """Put a document without its XML declaration into an element."""
    name = opening.strip("<>").split()[0]
    return opening.encode() + document.partition(b"?>")[2] + f"</{name}>".encode()


def _by_profil_zaufany(document: bytes) -> bytes:
    key, certificate = keys.rsa_key("minister"), signers.certificate_of("owner", AT, "rsa")
    return signed(document, key=key, certificate=certificate, roles=signers.claimed_role(OWNER))


@faulty
def container_of_signatures_with_the_request_as_base64() -> Made:
    return _inside("<Signatures>", signed(layout="enveloping-base64")), ("container",)


@faulty
def container_of_a_program_with_the_request_as_it_is() -> Made:
    opening = '<sig:SignedData xmlns:sig="urn:example:signing-program" version="2">'
    return _inside(opening, signed(layout="enveloping")), ("container",)


@faulty
def container_around_the_whole_signed_request() -> Made:
    return _inside("<Archive>", signed()), ("container",)


@faulty
def container_of_a_program_that_signs_another_element_with_the_request_in_it() -> Made:
    text = base64.b64encode(REQUEST).decode()
    package = f'<Package xmlns="urn:example:package"><File name="a.xml">{text}</File></Package>'
    return signed(package.encode()), ("container",)


@faulty
def epuap_letter_with_the_request_attached() -> Made:
    letter = _EPUAP.format(base64.b64encode(REQUEST).decode())
    return _by_profil_zaufany(letter.encode()), ("letter",)


@faulty
def epuap_letter_with_the_request_in_it() -> Made:
    letter = _GENERAL_LETTER.format(_ELEMENT.decode())
    return _by_profil_zaufany(letter.encode()), ("letter",)


@faulty
def epuap_letter_with_other_words() -> Made:
    letter = _GENERAL_LETTER.format("Proszę o dostęp do KSeF.")
    return _by_profil_zaufany(letter.encode()), ("letter",)


@faulty
def signature_around_an_epuap_letter() -> Made:
    letter = _EPUAP.format(base64.b64encode(REQUEST).decode())
    return signed(letter.encode(), layout="enveloping"), ("letter",)


def _beside(opening: str) -> bytes:
    """Sign the request with a signature that stands behind it in the same element."""
    target = _ELEMENT.replace(b"<AuthTokenRequest ", b'<AuthTokenRequest Id="data" ', 1)

    def change(marked: bytes) -> bytes:
        signature, begin, rest = marked.partition(b'<ds:Object Id="data">')
        end = rest.index(b"</ds:Object>") + len(b"</ds:Object>")
        return _inside(opening, b"?>" + target + signature.partition(b"?>")[2] + rest[end:])

    return signed(layout="enveloping", change=change)


@faulty
def internally_detached() -> Made:
    return _beside("<internally-detached>"), ("internally_detached",)


@faulty
def internally_detached_in_a_container_of_signatures() -> Made:
    return _beside("<Signatures>"), ("internally_detached",)
