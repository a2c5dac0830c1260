"""Documents of the sizes that the reader's bounds allow."""

from __future__ import annotations

import base64
import re

import xmlsec
from corpus.generate.properties import DSIG, SHA256
from corpus.mutations.base import unsigned_object
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from ksef_simulator import signers
from tools.signed_document import const

from .shared import NOW, REQUEST, signed

REFERENCE = re.compile(rb"<(?:ds:)?Reference .*?</(?:ds:)?Reference>", re.DOTALL)
_HMAC = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
_RSA = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
#: Elements with as many attributes as may be, in two long namespaces, which are compared by letter.
_NAMESPACES = " ".join(f'xmlns:n{n}="urn:{"x" * 180}{n}"' for n in range(2))
_ATTRIBUTES = " ".join(f'n{n % 2}:a{n}=""' for n in range(const.MAX_ATTRIBUTES))
_ELEMENT = f"<x {_ATTRIBUTES}/>"
_DEPTH = 3


def largest_accepted() -> bytes:
    """Return a signed request that passes and has just the largest size."""
    document = signed()
    room = const.MAX_SIZE - len(document) - 100
    padded = unsigned_object(document, b"QUFB" * (room // 4))
    assert padded is not None and len(padded) <= const.MAX_SIZE
    return padded


def costliest() -> bytes:
    """Return a document that costs as much time as the bounds allow; it does not pass.

    Three references cover the same elements; all digests but the last fit, so that libxmlsec has to
    go through everything, and then again without white space and with the bytes of the download.
    """
    filler = "A" * (const.MAX_SIZE - 250_000)
    request = REQUEST.decode().replace("<Challenge>", f"<!--{filler}--><Challenge>", 1)
    end = request.rindex("</")
    root = etree.fromstring((request[:end] + _template(900) + request[end:]).encode())
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_binary_data(xmlsec.constants.KeyDataHmac, b"any key")
    xmlsec.tree.add_ids(root, ["Id"])
    context.sign(root[-1])
    document = etree.tostring(root, encoding="UTF-8").replace(_HMAC.encode(), _RSA.encode())
    *_others, last = re.finditer(rb"(?<=<ds:DigestValue>)[^<]{4}", document)
    return document[: last.start()] + b"AAAA" + document[last.end() :]


def _template(elements: int) -> str:
    """Return a signature over nested objects that hold so many elements."""
    references = "".join(
        f'<ds:Reference URI="#o{number}"><ds:DigestMethod Algorithm="{SHA256}"/>'
        "<ds:DigestValue/></ds:Reference>"
        for number in range(_DEPTH)
    )
    certificate = signers.certificate_of("owner", NOW, "rsa").public_bytes(Encoding.DER)
    opened = "".join(f'<ds:Object Id="o{number}">' for number in range(_DEPTH))
    return (
        f'<ds:Signature xmlns:ds="{DSIG}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{_C14N}"/><ds:SignatureMethod Algorithm="{_HMAC}"/>'
        f"{references}</ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data>"
        f"<ds:X509Certificate>{base64.b64encode(certificate).decode()}</ds:X509Certificate>"
        f"</ds:X509Data></ds:KeyInfo>{opened}<x {_NAMESPACES}>{_ELEMENT * elements}</x>"
        f"{'</ds:Object>' * _DEPTH}</ds:Signature>"
    )
