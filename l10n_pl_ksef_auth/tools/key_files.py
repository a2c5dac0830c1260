"""Finds certificates and keys in the files that a person has; their bytes tell what they are.

Labels, names and the order say nothing: programs mistake them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from asn1crypto import cms, keys, parser, pkcs12

from . import locked_keys
from .locked_keys import Locked, UselessError
from .x509_support import UNREADABLE, Certificate, load_without_check, read_certificate

Reason = Literal[
    "certificate",
    "damaged",
    "encryption",
    "format",
    "key_type",
    "mismatch",
    "no_certificate",
    "no_key",
    "no_login_key",
    "not_authentication",
    "password",
    "strong",
    "too_large",
    "two_files",
]
_MOST_FILES, _MOST_BYTES, _MOST_BLOCKS = 8, 256 * 1024, 20
#: Elements of ASN.1 in one certificate, key or PKCS#12: a qualified certificate has some 250.
_MOST_ELEMENTS, _DEEPEST, _LONGEST_OID, _LONGEST_LENGTH = 1500, 30, 40, 4
#: In bytes.  An RSA key of 4096 bits has 2376, and checking a larger one takes seconds.
_LARGEST_CERTIFICATE, _LARGEST_KEY = 16 * 1024, 2600
_BASE64 = re.compile(rb"(M|LS0tLS1CRUdJTi)[A-Za-z0-9+/]{50,}={0,2}")
_INTEGER, _BITS, _OCTETS, _OID, _SEQUENCE, _CONSTRUCTED = 2, 3, 4, 6, 0x30, 0x20
#: What asn1crypto raises for bytes that are something else than they seemed.
_ODD = (ValueError, TypeError, LookupError, AttributeError, OverflowError)


class CredentialError(Exception):
    """``reason`` says why the files cannot be used; the text quotes nothing of them."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"Unusable certificate files: {reason}")
        self.reason = reason


@dataclass
class Found:
    """What the files hold; ``troubles`` are of the parts that are of no use.

    ``sound`` tells by their ids which keys were checked, and whether they are sound.
    """

    certificates: list[Certificate] = field(default_factory=list)
    keys: list[Any] = field(default_factory=list, repr=False)
    locked: list[Locked] = field(default_factory=list, repr=False)
    troubles: set[Reason] = field(default_factory=set)
    sound: dict[int, bool] = field(default_factory=dict)

    def add(self, item: Any) -> None:
        """Put one item to those of its kind.

        :raises CredentialError: there are more than anybody has
        """
        kinds: dict[Any, list[Any]] = {Certificate: self.certificates, Locked: self.locked}
        kinds.get(type(item), self.keys).append(item)
        if len(self.certificates) + len(self.keys) + len(self.locked) > _MOST_BLOCKS:
            raise CredentialError("too_large")

    def take(self, read: Callable[..., None], *arguments: Any) -> None:
        """Have one part read; note the trouble if it is of no use."""
        try:
            read(self, *arguments)
        except UselessError as error:
            self.troubles.add(error.reason)
        except _ODD:
            self.troubles.add("damaged")


def search(files: Sequence[bytes]) -> Found:
    """Return what these files hold, without opening what is locked.

    :raises CredentialError: they are more or larger than anybody's
    """
    if len(files) > _MOST_FILES or sum(map(len, files)) > _MOST_BYTES:
        raise CredentialError("too_large")
    blocks = [block for data in files for block in _blocks(data)]
    if len(blocks) > _MOST_BLOCKS:
        raise CredentialError("too_large")
    found = Found()
    for number, block in enumerate(blocks):
        found.take(_take_block, block, number)
    return found


# ----------------------------------------------------------------------
# Text
# ----------------------------------------------------------------------
def _blocks(data: bytes) -> list[bytes]:
    """Return the parts of one file: DER, or the text of a key that PEM itself encrypts."""
    text = data.replace(b"\0", b"")  # as UTF-16 has them between plain letters
    if b"-----BEGIN " not in text:
        bare = data if data[:1] == b"\x30" else _bare(text)
        return _blocks(bare) if b"-----BEGIN " in bare else [bare]
    parts = text.replace(b"\\r", b"").replace(b"\\n", b"\n").split(b"-----")
    following = zip(parts, [*parts[1:], b""], strict=True)
    return [_body(body) for label, body in following if label.startswith(b"BEGIN ")]


def _body(body: bytes) -> bytes:
    """Return what stands between two labels, without the headers that an empty line ends."""
    if b"DEK-Info:" in body:
        return body
    return _decoded(body.replace(b"\r", b"").rpartition(b"\n\n")[2] if b":" in body else body)


def _bare(text: bytes) -> bytes:
    """Return DER or PEM from base64 without a label; anything else as it is."""
    letters = b"".join(text.lstrip(b"\xef\xbb\xbf\xff\xfe").split()).strip(b"\"'")
    return _decoded(letters) if _BASE64.fullmatch(letters) else text


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text)
    except ValueError:
        return bytes((_SEQUENCE,))  # the beginning of something that is cut


# ----------------------------------------------------------------------
# Bytes
# ----------------------------------------------------------------------
def _take_block(found: Found, block: bytes, number: int) -> None:
    if b"DEK-Info:" in block:
        found.add(locked_keys.of_pem(block))
        return
    if block[:1] != bytes((_SEQUENCE,)):
        raise UselessError("format")
    der = _element(block)
    shape = _shape(der)
    if shape[:3] == [_SEQUENCE, _SEQUENCE, _BITS]:
        take_certificate(found, der)
    elif shape[0] == _SEQUENCE and shape[1] & ~_CONSTRUCTED == _OCTETS:
        found.add(_locked_key(keys.EncryptedPrivateKeyInfo.load(der)))
    elif shape[:2] == [_INTEGER, _SEQUENCE] and shape[2:3] != [_OCTETS]:
        _take_pkcs12(found, der, number)
    elif shape[0] == _OID:
        for item in cms.ContentInfo.load(der)["content"]["certificates"]:
            found.take(take_certificate, item.chosen.dump())
    else:
        found.add(_key(der))


def _element(data: bytes) -> bytes:
    """Return the first element of ASN.1, without what follows: a line end, OpenSSL's own trust.

    :raises ValueError, IndexError: it is cut, or made to take long
    """
    at, ends = 0, [(len(data), False)]  # of what is open; True: a mark ends it
    for _count in range(_MOST_ELEMENTS):
        tag, length, at = _header(data, at)
        limit, marked = ends[-1]
        if marked and not tag:
            ends.pop()
        elif length is None:
            ends.append((limit, True))
        elif at + length > limit:
            raise ValueError("cut")
        elif tag & _CONSTRUCTED:
            ends.append((at + length, False))
        else:
            at += length
        while len(ends) > 1 and ends[-1] == (at, False):
            ends.pop()
        if len(ends) == 1:
            return data[:at]
        if len(ends) > _DEEPEST:
            raise ValueError("too deep")
    raise ValueError("too many elements")


def _header(data: bytes, at: int) -> tuple[int, int | None, int]:
    """Return an element's tag, its length (None: a mark ends it), and where its content begins."""
    tag, length, at = data[at], data[at + 1], at + 2
    if length == 0x80 and tag & _CONSTRUCTED:
        return tag, None, at
    size = length & 0x7F if length & 0x80 else 0
    if size:
        length, at = int.from_bytes(data[at : at + size], "big"), at + size
    if tag & 31 == 31 or size > _LONGEST_LENGTH or (tag == _OID and length > _LONGEST_OID):
        raise ValueError("not as in any certificate or key")
    return tag, length, at


def _shape(der: bytes) -> list[int]:
    """Return the tags of an element's first parts."""
    rest: bytes = parser.parse(der)[4]
    tags: list[int] = []
    while rest and len(tags) < 3:
        tags.append(rest[0])
        rest = rest[parser.peek(rest) :]
    return tags


def take_certificate(found: Found, der: bytes) -> None:
    """Add a certificate in DER, if it can be read here.

    :raises UselessError: it cannot
    """
    try:
        if len(der) > _LARGEST_CERTIFICATE:
            raise ValueError("longer than any")
        found.add(read_certificate(_element(der)))
    except (ValueError, IndexError):
        version = parser.parse(parser.parse(der)[4])[4][:1]
        # A request for a certificate looks like one, but for the form of its version.
        raise UselessError("certificate" if version == b"\xa0" else "format") from None


def _key(der: bytes) -> Any:
    if len(der) > _LARGEST_KEY:
        raise UselessError("key_type")
    try:
        return load_without_check(der)
    except UNREADABLE:
        raise UselessError("format") from None


def _locked_key(info: Any, package: int | None = None) -> Locked:
    if len(info["encrypted_data"].native) > _LARGEST_KEY:
        raise UselessError("key_type")
    return locked_keys.of_key(info, package)


# ----------------------------------------------------------------------
# PKCS#12 (RFC 7292, 4)
# ----------------------------------------------------------------------
def _take_pkcs12(found: Found, der: bytes, number: int) -> None:
    content = pkcs12.Pfx.load(der)["auth_safe"]["content"].native
    if not isinstance(content, bytes):
        raise UselessError("encryption")
    for safe in pkcs12.AuthenticatedSafe.load(_element(content)):
        found.take(_take_safe, safe, number)


def _take_safe(found: Found, safe: Any, number: int) -> None:
    kind = safe["content_type"].native
    if kind == "encrypted_data":
        found.add(locked_keys.of_certificates(safe, number))
    elif kind == "data":
        for bag in pkcs12.SafeContents.load(_element(safe["content"].native)):
            found.take(_take_bag, bag, number)
    else:
        raise UselessError("encryption")


def _take_bag(found: Found, bag: Any, number: int) -> None:
    kind, value = bag["bag_id"].native, bag["bag_value"]
    if kind == "pkcs8_shrouded_key_bag":
        found.add(_locked_key(value, number))
    elif kind == "key_bag":
        found.add(_key(value.untag().dump()))
    elif kind == "cert_bag" and value["cert_id"].native == "x509":
        take_certificate(found, bytes(value["cert_value"]))
