"""Documents that KSeF refuses, each kind once, and some that it takes."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from ksef_simulator import signers
from ksef_simulator.layouts import LAYOUTS
from tools import auth_token_request, clock
from tools.auth_token_request import Context

from .. import cast, people
from ..fact import fact
from ..life import Life
from ..people import Signer

UNKNOWN_CHALLENGE = "20260101-CR-0123456789-ABCDEF0123-0A"
SHA_1 = "http://www.w3.org/2000/09/xmldsig#sha1"
SCHEMA_2_0 = "http://ksef.mf.gov.pl/auth/token/2.0"
ANOTHER_DOCUMENT = b'<Faktura xmlns="http://crd.gov.pl/wzor/2025/06/25/13775/"><Fa/></Faktura>'
#: Addresses that nobody has (RFC 5737).
ANOTHER_ADDRESS = b"<Ip4Address>192.0.2.1</Ip4Address>"
BACKWARDS = b"<Ip4Range>192.0.2.9-192.0.2.1</Ip4Range>"


def _sign(signer: Signer, document: bytes, **more: Any) -> bytes:
    """Sign a request in one of the shapes that other programs write."""
    certificate = x509.load_der_x509_certificate(signer.certificate.der)
    made: bytes = signers.sign_with_certificate(
        document, signer.key, certificate, at=clock.now(), **more
    )
    return made


def _refused(life: Life, document: bytes, **more: Any) -> str:
    answer = life.submit(document, **more)
    return f"{answer.said} {answer.details}".strip() if answer.errors() else answer.said


def _code(life: Life, document: bytes, **more: Any) -> str:
    return life.submit(document, **more).said


def _request(life: Life) -> bytes:
    return life.request(life["company"])


def _signed(life: Life, change: Callable[[bytes], bytes] = bytes) -> bytes:
    owner: Signer = life["owner"]
    return owner.sign(change(_request(life)))


def _allowing(life: Life, addresses: bytes) -> bytes:
    """Return a signed request that lets a login be used from some addresses only."""
    end = b"</SubjectIdentifierType>"
    policy = b"<AuthorizationPolicy><AllowedIps>%b</AllowedIps></AuthorizationPolicy>" % addresses
    return _signed(life, lambda document: document.replace(end, end + policy))


@fact("A1-9101", "400 9101")
def another_document(life: Life) -> str:
    """A signed document that is no request is refused."""
    return _code(life, life["owner"].sign(ANOTHER_DOCUMENT))


@fact("A1-21405", "400 21405")
def addresses_backwards(life: Life) -> str:
    """A range of addresses must not end before it begins."""
    return _code(life, _allowing(life, BACKWARDS))


@fact("A1-http", "403 ip-not-allowed", is_open=True)
def another_address(life: Life) -> str:
    """From which call on a login is refused that allows another address only."""
    answer = life.accepted(life.submit(_allowing(life, ANOTHER_ADDRESS)))
    bearer, path = answer.body["authenticationToken"]["token"], answer.body["referenceNumber"]
    status = life.door.call("GET", f"/auth/{path}", bearer)
    if status.status != 200:
        return status.said
    login = life.redeemed(life.followed(answer))
    return f"later: {life.door.call('GET', '/auth/sessions', login.access).said}"


@fact("A1-21111", "400 21111")
def unknown_challenge(life: Life) -> str:
    """A challenge that KSeF did not give is refused."""
    document = auth_token_request.build(UNKNOWN_CHALLENGE, Context("Nip", life["company"]))
    return _code(life, life["owner"].sign(document))


@fact("A0-1", "400 21111")
def used_challenge(life: Life) -> str:
    """A challenge serves once."""
    document = _signed(life)
    life.attempt(life["owner"], life["company"], document)
    return _code(life, document)


@fact("A1-9102", "400 9102")
def unsigned(life: Life) -> str:
    """A request without a signature is refused."""
    return _code(life, _request(life))


@fact("A1-9103", "400 9103")
def signed_twice(life: Life) -> str:
    """A second signature is one too many."""
    return _code(life, life["owner"].sign(_signed(life)))


@fact("A2-4", "400 9105 Nieprawidłowa wartość skrótu dla referencji wskazującej na element ''.")
def changed_after_signing(life: Life) -> str:
    """A document that was changed after signing has another digest."""
    return _refused(life, _signed(life).replace(b"\n  <Challenge>", b"\n\n  <Challenge>"))


@fact("A2-5", "400 9105 Podpis zweryfikowany negatywnie.")
def signature_in_der(life: Life) -> str:
    """An ECDSA signature in DER is refused: KSeF wants R and S side by side."""
    found = re.search(rb"<ds:SignatureValue>([^<]+)<", signed := _signed(life))
    assert found, "the addon signs with this prefix"
    value = base64.b64decode(found[1])
    half = len(value) // 2
    numbers = (int.from_bytes(part, "big") for part in (value[:half], value[half:]))
    der = base64.b64encode(encode_dss_signature(*numbers))
    return _refused(life, signed.replace(found[1], der))


@fact("A1-21001", "400 21001")
def no_xml(life: Life) -> str:
    """What is no XML cannot be read."""
    return _code(life, b"no request at all")


@fact("D-3", "400 21217")
def another_encoding(life: Life) -> str:
    """An encoding other than UTF-8 is refused, though no digest is wrong."""
    text = _signed(life).decode().replace("encoding='utf-8'", "encoding='utf-16'")
    return _code(life, text.encode("utf-16"))


@fact("A2-10", "400 21401")
def nip_with_dashes(life: Life) -> str:
    """A NIP with dashes does not fit the schema."""
    nip = life["company"].encode()
    dashed = b"-".join((nip[:3], nip[3:6], nip[6:8], nip[8:]))
    return _code(life, _signed(life, lambda document: document.replace(nip, dashed)))


@fact("A1-21117", "400 21117")
def nip_with_a_wrong_digit(life: Life) -> str:
    """A NIP with a wrong check digit is no context."""
    nip = life["company"]
    wrong = nip[:9] + str((int(nip[9]) + 1) % 10)
    life.redactor.learn(wrong, "NIP of A")
    return _code(life, _signed(life, lambda text: text.replace(nip.encode(), wrong.encode())))


@fact("A2-2", "400 21115")
def certificate_without_a_name(life: Life) -> str:
    """A certificate without given name and surname is refused."""
    signer = people.nameless("Odoo live", life["stranger"].value)
    return _code(life, signer.sign(_request(life)))


@fact("A2-11", "400 21406")
def certificate_without_a_number(life: Life) -> str:
    """A certificate without PESEL and NIP does not go with certificateSubject."""
    return _code(life, people.nobody("somebody from abroad").sign(_request(life)))


@fact("A2-12", "415")
def form_instead_of_xml(life: Life) -> str:
    """A signed request with another Content-Type than application/xml is HTTP 415."""
    return _code(life, _signed(life), headers={"Content-Type": "text/plain"})


@fact("A2-6", "400 9105 without a warning", is_open=True)
def no_signing_certificate(life: Life) -> str:
    """Whether a signature without SigningCertificate is refused, or taken with a warning."""
    signer: Signer = life["owner"]
    answer = life.submit(_sign(signer, _request(life), signing_certificate=None))
    warned = "X-System-Warning" in answer.headers
    return answer.said + (" with a warning" if warned else " without a warning")


@fact("A2-6", "400 9105 Format podpisu niezgodny z akceptowanymi profilami XAdES.")
def profile_enforced(life: Life) -> str:
    """Who asks for the strict profile is refused the same signature."""
    signed = _sign(life["owner"], _request(life), signing_certificate=None)
    return _refused(life, signed, headers={"X-KSeF-Feature": "enforce-xades-compliance"})


@fact("A2-10", "200")
def schema_2_0(life: Life) -> str:
    """Schema 2.0 is still taken."""

    def older(document: bytes) -> bytes:
        return document.replace(auth_token_request.NAMESPACE.encode(), SCHEMA_2_0.encode())

    return life.attempt(life["owner"], life["company"], _signed(life, older)).said


@fact("B-3", "200")
def enveloping(life: Life) -> str:
    """A signature around the request is taken."""
    signed = _sign(life["owner"], _request(life), layout="enveloping")
    return life.attempt(life["owner"], life["company"], signed).said


def _layout_is_taken(name: str) -> None:
    """Put it on the list of facts that this layout of a signature is taken."""

    def see(life: Life) -> str:
        owner: Signer = life["owner"]
        signed = _sign(owner, _request(life), layout=name)
        return life.attempt(owner, life["company"], signed).said

    see.__name__ = f"layout_{name.replace('-', '_')}"
    see.__doc__ = f"A signature laid out like {name} is taken."
    fact("B-3", "200")(see)


for _name in ("podpis-zaufany", "szafir", "filter2", "three-references", "enveloping-base64"):
    _layout_is_taken(_name)


@fact("A2-7", "400 9105", is_open=True)
def digests_by_sha_1(life: Life) -> str:
    """Whether TEST, too, refuses digests by SHA-1."""
    layout = replace(LAYOUTS["enveloped"], digest=SHA_1)
    return _code(life, _sign(life["owner"], _request(life), layout=layout))


@fact("A2-5", "400 9105")
def curve_p_521(life: Life) -> str:
    """A key on the curve P-521 is refused."""
    key = ec.generate_private_key(ec.SECP521R1())
    signer = people.human("the owner", life["owner"].value, key=key)
    return _code(life, _sign(signer, _request(life)))


@fact("A1-460", "460 Nieważny certyfikat")
def expired_certificate(life: Life) -> str:
    """A certificate that has expired ends in 460."""
    expired = people.human("the owner of A", life["owner"].value, valid_days=-1)
    return life.attempt(expired, life["company"]).said


@fact("A2-36", "460 Niezaufany łańcuch certyfikatów")
def chain_verified(life: Life) -> str:
    """Who asks for the chain to be verified is refused a self-signed certificate on TEST."""
    return life.attempt(
        life["owner"], life["company"], params={"verifyCertificateChain": "true"}
    ).said


@fact("E10", "odoo-live")
def warning_is_echoed(life: Life) -> str:
    """X-Test-System-Warning comes back as X-System-Warning."""
    answer = life.door.call(
        "POST", "/auth/challenge", headers={"X-Test-System-Warning": "odoo-live"}
    )
    return answer.headers.get("X-System-Warning", "no warning")


@fact("A1-470", "470 Próba wykorzystania metod autoryzacyjnych osoby zmarłej")
def dead_person(life: Life) -> str:
    """The login of a person who has died ends in 470."""
    nip, pesel = cast.owner_of_a_nip(life, "C", isDeceased=True)
    life["C"], life["owner of C"] = nip, people.human("the owner of C", pesel)
    return life.attempt(life["owner of C"], nip).said


@fact("A1-refresh", "400 21308", is_open=True)
def end_of_a_life(life: Life) -> str:
    """Who has died meanwhile gets no other access token."""
    nip, pesel = cast.owner_of_a_nip(life, "D")
    login = life.log_in(people.human("the owner of D", pesel), nip)
    cast.dies(life, nip, pesel)
    return life.door.call("POST", "/auth/token/refresh", login.refresh).said
