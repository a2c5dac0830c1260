"""How mutations are registered, and what they share."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

DS = "http://www.w3.org/2000/09/xmldsig#"
Change = Callable[[bytes], "bytes | None"]
_PAYLOAD = re.compile(rb'(<(?:\w+:)?Object [^>]*Id="data"[^>]*>)([A-Za-z0-9+/=\s]|&#13;)+(?=</)')


@dataclass(frozen=True)
class Mutation:
    """One way to change a document.

    :param codes: one of them must be found; none means that the document must be let through
    :param own_rule: the reader stops for the sake of its own safety, whatever KSeF may say
    :param left_to_ksef: the reader says nothing, because KSeF's refusal names the fault
    """

    name: str
    change: Change
    codes: tuple[str, ...]
    own_rule: bool
    left_to_ksef: bool


MUTATIONS: list[Mutation] = []


def mutation(
    *codes: str, own_rule: bool = False, left_to_ksef: bool = False
) -> Callable[[Change], Change]:
    """Register a function as a mutation after which one of the codes is found."""

    def register(change: Change) -> Change:
        name = change.__name__
        MUTATIONS.append(Mutation(name, change, codes, own_rule, left_to_ksef))
        return change

    return register


def is_encoded(data: bytes) -> bool:
    """Tell whether the request is in the document as base64."""
    return b"</AuthTokenRequest>" not in data


def is_enveloped(data: bytes) -> bool:
    """Tell whether the signature is inside the request."""
    return bool(re.match(rb"(?:<\?.*?\?>)?\s*<AuthTokenRequest", data, re.DOTALL))


def in_request(data: bytes, pattern: bytes, replacement: bytes) -> bytes | None:
    """Replace the first match in the request, also where it is base64."""
    if not is_encoded(data):
        changed = re.sub(pattern, replacement, data, count=1)
        return changed if changed != data else None
    found = _PAYLOAD.search(data)
    if found is None:
        return None
    start = found.end(1)
    text = data[start : found.end()].replace(b"&#13;", b"")
    changed = re.sub(pattern, replacement, base64.b64decode(text), count=1)
    return data[:start] + base64.b64encode(changed) + data[found.end() :]


def replaced(data: bytes, pattern: bytes, replacement: bytes) -> bytes | None:
    """Replace the first match in the document; None when there is none."""
    changed = re.sub(pattern, replacement, data, count=1, flags=re.DOTALL)
    return changed if changed != data else None


def tree_of(data: bytes) -> tuple[etree._Element, etree._Element]:
    """Parse a document; return its root and its signature."""
    root = etree.fromstring(data)
    return root, next(root.iter(f"{{{DS}}}Signature"))


def written(root: etree._Element) -> bytes:
    """Write a tree with an XML declaration."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def unsigned_object(data: bytes, content: bytes) -> bytes | None:
    """Put a further Object, which nothing covers, into the signature."""
    found = re.search(rb"</(\w+:)?Signature>", data)
    if found is None:
        return None
    prefix = found[1] or b""
    opening = b"<" + prefix + b"Object>"
    inserted = opening + content + b"</" + prefix + b"Object>"
    return data[: found.start()] + inserted + data[found.start() :]


def other_request() -> bytes:
    """Return a request of somebody else, as an element."""
    return (
        b'<AuthTokenRequest xmlns="http://ksef.mf.gov.pl/auth/token/2.1">'
        b"<Challenge>20261122-CR-FFFFFFFFFF-FFFFFFFFFF-FF</Challenge>"
        b"<ContextIdentifier><Nip>1111111111</Nip></ContextIdentifier>"
        b"<SubjectIdentifierType>certificateSubject</SubjectIdentifierType>"
        b"</AuthTokenRequest>"
    )
