"""Certificates as KSeF issued them in autumn 2025: ecdsa-with-SHA256 with NULL parameters.

X.509 wants the parameters left out (RFC 5758); some releases of cryptography refuse to read such a
certificate (docs/ksef.md E16).  Here they are made, and read again whatever the release.
"""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

_NAME = bytes.fromhex("06082a8648ce3d040302")  # the OBJECT IDENTIFIER of ecdsa-with-SHA256
_SEQUENCE, _BIT_STRING = 0x30, 0x03


def _element(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def _parts(der: bytes) -> list[bytes]:
    """Split a constructed element into the elements within it.

    :raises ValueError: for what is no DER
    """
    content, found = _content(der, 0)[0], []
    while content:
        end = _content(content, 0)[1]
        found.append(content[:end])
        content = content[end:]
    return found


def _content(der: bytes, start: int) -> tuple[bytes, int]:
    """Return the content of the element at a place, and where it ends."""
    if len(der) < start + 2:
        raise ValueError("no DER")
    size, begin = der[start + 1], start + 2
    if size & 0x80:
        begin += size & 0x7F
        size = int.from_bytes(der[start + 2 : begin], "big")
    if len(der) < begin + size:
        raise ValueError("no DER")
    return der[begin : begin + size], begin + size


PLAIN = _element(_SEQUENCE, _NAME)
WITH_NULL = _element(_SEQUENCE, _NAME + b"\x05\x00")


def _with_algorithm(body: bytes, algorithm: bytes) -> bytes:
    """Return what the issuer signs, with another name of the algorithm (after version, serial)."""
    parts = _parts(body)
    return _element(_SEQUENCE, b"".join([*parts[:2], algorithm, *parts[3:]]))


def with_null_parameters(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the DER of a certificate with NULL parameters, signed anew.

    :param key: the issuer's
    """
    body = _with_algorithm(certificate.tbs_certificate_bytes, WITH_NULL)
    signature = key.sign(body, ec.ECDSA(hashes.SHA256()))
    return _element(_SEQUENCE, body + WITH_NULL + _element(_BIT_STRING, b"\0" + signature))


class OddCertificate:
    """Such a certificate with the members of `x509.Certificate`; a plain twin stands behind it."""

    def __init__(self, der: bytes) -> None:
        body, _algorithm, signature = _parts(der)
        self.tbs_certificate_bytes = body
        self._der = der
        plain = _with_algorithm(body, PLAIN)
        self._twin = x509.load_der_x509_certificate(_element(_SEQUENCE, plain + PLAIN + signature))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._twin, name)

    def public_bytes(self, encoding: Encoding) -> bytes:
        """Return the certificate as it was issued; DER only."""
        if encoding is not Encoding.DER:
            raise ValueError("DER only")
        return self._der

    def fingerprint(self, algorithm: hashes.HashAlgorithm) -> bytes:
        """Return the digest of the certificate as it was issued."""
        whole = hashes.Hash(algorithm)
        whole.update(self._der)
        return whole.finalize()

    def verify_directly_issued_by(self, issuer: x509.Certificate) -> None:
        """Check the issuer's name and signature.

        :raises ValueError: when the name is another one
        :raises InvalidSignature: when the signature is another one's
        """
        key = issuer.public_key()
        if self.issuer != issuer.subject or not isinstance(key, ec.EllipticCurvePublicKey):
            raise ValueError("issued by another authority")
        key.verify(self.signature, self.tbs_certificate_bytes, ec.ECDSA(hashes.SHA256()))


def read(der: bytes) -> Any:
    """Read a certificate, odd or not.

    :raises ValueError: for what is no certificate
    """
    if WITH_NULL not in der:
        return x509.load_der_x509_certificate(der)
    return OddCertificate(der)
