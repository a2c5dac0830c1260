"""Documents of the sizes that the reader's bounds allow, and a search for the costliest of them."""

from __future__ import annotations

import base64
import random
import re
import time
from dataclasses import dataclass, fields, replace

import xmlsec
from corpus.generate.properties import DSIG, SHA256
from corpus.mutations.base import unsigned_object
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from ksef_simulator import signers
from tools.signed_document import const

from .shared import NOW, REQUEST, codes, signed

REFERENCE = re.compile(rb"<(?:ds:)?Reference .*?</(?:ds:)?Reference>", re.DOTALL)
_HMAC = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
_RSA = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_C14N = (
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2006/12/xml-c14n11#WithComments",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
)
_XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
_DAMAGED = "\u0139\u201a"
_SIGNERS = ("owner", "qualified", "seal", "foreign")


@dataclass(frozen=True)
class Shape:
    """How a document is built that costs time.

    Nested objects hold the same elements, and each reference covers one of the objects.

    :param attributes: of each element; their names share ``prefixes`` long namespaces
    :param text: what each element holds, and ``filler`` a comment of the request, in characters
    :param letters: kind of the text: plain, escaped three times as long, or damaged Polish letters
    :param filters: references with an XPath filter
    :param keys: certificates that are tried on the signature
    """

    references: int = 3
    elements: int = 900
    attributes: int = const.MAX_ATTRIBUTES
    prefixes: int = 2
    depth: int = 1
    text: int = 0
    filler: int = const.MAX_SIZE
    letters: str = "A"
    canonical: int = 0
    filters: int = 0
    keys: int = 1


#: The costliest that a long search found: just within libxmlsec's bounds, above them, and where
#: the reader tells how a program spoilt the document.
COSTLIEST = (
    Shape(references=2, elements=600, prefixes=10, depth=20, text=100, letters=_DAMAGED, keys=4),
    Shape(references=4, elements=9_000, attributes=2, prefixes=28, depth=20, canonical=2),
    Shape(references=2, elements=300, attributes=10, prefixes=28, text=10, filler=0, keys=4),
)
#: What a search may change, and to what.
_CHOICES: dict[str, tuple[object, ...]] = {
    "references": (1, 2, 3, 4, 5),
    "elements": (10, 50, 100, 300, 600, 900, 2_000, 4_000, 9_000),
    "attributes": (0, 1, 2, 5, 10, 20),
    "prefixes": (1, 2, 5, 10, 20, 28),
    "depth": (1, 5, 20, 45),
    "text": (0, 1, 10, 100, 1_000),
    "filler": (0, 10_000, 100_000, 1_000_000, const.MAX_SIZE),
    "letters": ("A", "&gt;", _DAMAGED),
    "canonical": (0, 1, 2),
    "filters": (0, 1, 2),
    "keys": (1, 4),
}


def largest_accepted() -> bytes:
    """Return a signed request that passes and has just the largest size."""
    document = signed()
    room = const.MAX_SIZE - len(document) - 100
    padded = unsigned_object(document, b"QUFB" * (room // 4))
    assert padded is not None and len(padded) <= const.MAX_SIZE
    return padded


def seconds(document: bytes) -> float:
    """Return the time of this process that reading takes; other processes do not count."""
    started = time.process_time()
    codes(document)
    return time.process_time() - started


def search(seed: int, rounds: int) -> tuple[float, Shape]:
    """Look for the costliest shape: change one part after the other, and keep what costs more."""
    dice = random.Random(seed)
    best = replace(Shape(), **{name: dice.choice(values) for name, values in _CHOICES.items()})
    most = seconds(costliest(best))
    for _round in range(rounds):
        name = dice.choice(fields(Shape)).name
        tried = replace(best, **{name: dice.choice(_CHOICES[name])})
        cost = seconds(costliest(tried))
        if cost > most:
            most, best = cost, tried
    return most, best


def costliest(shape: Shape = COSTLIEST[0]) -> bytes:
    """Return a document of a shape within the largest size; it does not pass.

    All digests but the last fit, so that libxmlsec has to go through everything.
    """
    request = REQUEST.decode()
    end = request.rindex("</")
    root = etree.fromstring((request[:end] + _template(shape) + request[end:]).encode())
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_binary_data(xmlsec.constants.KeyDataHmac, b"any key")
    xmlsec.tree.add_ids(root, ["Id"])
    context.sign(root[-1])
    document = etree.tostring(root, encoding="UTF-8").replace(_HMAC.encode(), _RSA.encode())
    *_others, last = re.finditer(rb"(?<=<ds:DigestValue>)[^<]{4}", document)
    document = document[: last.start()] + b"AAAA" + document[last.end() :]
    return _filled(document, shape)


def _filled(document: bytes, shape: Shape) -> bytes:
    """Put a comment into the request, which nothing covers, as far as there is room."""
    room = min(shape.filler, const.MAX_SIZE - len(document) - 7)
    return document.replace(b"<Challenge>", b"<!--%s--><Challenge>" % (b"A" * max(room, 0)), 1)


def _template(shape: Shape) -> str:
    """Return a signature over nested objects that hold the elements."""
    filtered = (
        f'<ds:Transform Algorithm="{_XPATH}"><ds:XPath>not(ancestor-or-self::ds:Signature)'
        "</ds:XPath></ds:Transform>"
    )
    references = "".join(
        f'<ds:Reference URI="#o{number}"><ds:Transforms>{filtered * (number < shape.filters)}'
        f'<ds:Transform Algorithm="{_C14N[shape.canonical]}"/></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue/></ds:Reference>'
        for number in range(shape.references)
    )
    opened = "".join(f'<ds:Object Id="o{number}">' for number in range(shape.references))
    return (
        f'<ds:Signature xmlns:ds="{DSIG}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{_C14N[0]}"/>'
        f'<ds:SignatureMethod Algorithm="{_HMAC}"/>'
        f"{references}</ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data>"
        f"{_certificates(shape)}</ds:X509Data></ds:KeyInfo>{opened}{_elements(shape)}"
        f"{'</ds:Object>' * shape.references}</ds:Signature>"
    )


def _certificates(shape: Shape) -> str:
    made = [signers.certificate_of(name, NOW, "rsa") for name in _SIGNERS[: shape.keys]]
    texts = [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in made]
    return "".join(f"<ds:X509Certificate>{text}</ds:X509Certificate>" for text in texts)


def _elements(shape: Shape) -> str:
    """Return as many elements as there is room for; long namespaces are compared by letter."""
    declared = " ".join(f'xmlns:n{n}="urn:{"x" * 180}{n}"' for n in range(shape.prefixes))
    attributes = " ".join(f'n{n % shape.prefixes}:a{n}=""' for n in range(shape.attributes))
    content = shape.letters * (shape.text // len(shape.letters))
    element = f"<x {attributes}>{content}</x>" if content else f"<x {attributes}/>"
    bounds = (
        shape.elements,
        (const.MAX_TAGS - 300) // (2 if content else 1),
        (const.MAX_EQUALS - 300) // max(shape.attributes, 1),
        (const.MAX_SIZE - 40_000) // len(element.encode()),
    )
    deeper = shape.depth - 1
    return f"<y {declared}>{'<z>' * deeper}{element * min(bounds)}{'</z>' * deeper}</y>"
