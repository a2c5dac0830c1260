"""Finds the key and the certificate that log in among the files that a person uploads."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

from cryptography.exceptions import InternalError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from .key_files import CredentialError, Found, Reason, search, take_certificate
from .locked_keys import MOST_ROUNDS, Locked
from .x509_support import UNREADABLE, Certificate

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Pair = tuple[PrivateKey, Certificate]
_RSA_MIN_BITS = 2048
_NUMBER_BITS = 64
#: P-521 was refused by KSeF (docs/ksef.md A2-5).
_CURVES = ("secp256r1", "secp384r1")
#: Windows saves Polish letters in the first, its command line in the second.
_WINDOWS = ("cp1250", "cp852")
#: Pairs whose keys are checked: a quarter of a second each, where they are long.
_MOST_CHECKS = 3
#: Rounds for which a PKCS#12 is also tried as one without a password.
_CHEAP = 10_000
#: Which trouble is told where several keep a pair from being found.
_GRAVEST: tuple[Reason, ...] = (
    "strong",
    "password",
    "two_files",
    "encryption",
    "damaged",
    "certificate",
    "key_type",
)
#: Why there is no pair that logs in, where there may be one for offline invoices.
_NO_LOGIN = ("not_authentication", "no_login_key")
#: Troubles in which the certificate for logging in may be.
_HIDING = {"certificate", "damaged", "two_files", "encryption", "strong"}


def load_credentials(
    *files: bytes,
    password: str | None = None,
    wanted: Callable[[Certificate], bool] = lambda certificate: True,
    otherwise: Callable[[Certificate], bool] = lambda certificate: False,
) -> Pair:
    """Return a key in these files and the certificate that belongs to it, if they log in.

    Everything is opened once, within one bound, whatever it turns out to be for. The key's numbers
    are checked here and nowhere else.

    :param files: in any number up to eight, any order and any of the forms that programs write
    :param password: of what is locked; ignored where nothing is
    :param wanted: which certificate to prefer where several fit
    :param otherwise: which certificates count too, where no pair logs in
    :raises CredentialError: only where no pair does, with the reason
    """
    found = search(files)
    keyring = _Keyring(found, password)
    pair = _best(found, wanted, may_authenticate)
    for locked in sorted(found.locked, key=lambda item: item.rounds):
        if pair and wanted(pair[1]):
            break
        if keyring.opens(locked):
            pair = _best(found, wanted, may_authenticate)
    return pair or _other_pair(found, keyring, wanted, otherwise)


def _other_pair(
    found: Found,
    keyring: _Keyring,
    wanted: Callable[[Certificate], bool],
    otherwise: Callable[[Certificate], bool],
) -> Pair:
    """Return a pair that counts where none logs in.

    :raises CredentialError: there is none, or one that logs in may be among what is still locked
    """
    keyring.blame()
    reason = _reason(found)
    pair = _best(found, wanted, otherwise) if reason in _NO_LOGIN else None
    if not pair:
        raise CredentialError(reason)
    return pair


class _Keyring:
    """Tries a password on what is locked, in the spellings of several systems, within bounds."""

    def __init__(self, found: Found, password: str | None) -> None:
        self._found, self._spellings = found, _spellings(password or "")
        self._left = MOST_ROUNDS
        self._shut: list[Locked] = []
        self._packages: set[int | None] = set()  # whose key was opened

    def opens(self, locked: Locked) -> bool:
        """Return True if a spelling opens it; what was in it is then found."""
        spellings = self._tried(locked)
        if locked.rounds * len(spellings) > self._left:
            self._found.troubles.add("strong")
            return False
        for spelling in spellings:
            self._left -= locked.rounds
            try:
                items = locked.open(spelling)
            except (*UNREADABLE, TypeError, InternalError):
                continue
            self._take(locked, items)
            return True
        self._shut.append(locked)
        return False

    def _tried(self, locked: Locked) -> list[bytes | None]:
        tried: list[bytes | None] = [*self._spellings]
        if locked.wide:
            # Older programs gave two bytes to each byte of a letter.
            tried += [word.decode("latin-1").encode() for word in self._spellings]
        if locked.package is not None and (not tried or locked.rounds <= _CHEAP):
            tried += [b"", None]  # RFC 7292 knows two ways of having no password
        return list(dict.fromkeys(tried))

    def _take(self, locked: Locked, items: list[Any]) -> None:
        self._found.locked.remove(locked)
        for item in items:
            if isinstance(item, bytes):
                self._found.take(take_certificate, item)
            else:
                self._found.add(item)
        if locked.is_key:
            self._packages.add(locked.package)
            # OpenSSL has checked its numbers: a quarter of a second for 4096 bits.
            bits = items[0].key_size if isinstance(items[0], rsa.RSAPrivateKey) else 0
            self._left -= 2000 * (bits // 1000) ** 4

    def blame(self) -> None:
        """Note why the rest is still locked."""
        for locked in self._shut:
            reason: Reason = "password" if locked.understood else "encryption"
            # The password is right; a certificate is too odd for the library (docs/ksef.md E16).
            odd = not locked.is_key and locked.package in self._packages
            self._found.troubles.add("two_files" if odd else reason)


def _spellings(password: str) -> list[bytes]:
    """Return what programs make of a password, the most usual first."""
    composed, apart = (unicodedata.normalize(form, password) for form in ("NFC", "NFD"))
    forms = [(text, "utf-8") for text in (composed, password, apart)]  # macOS takes letters apart
    found = []
    for text, encoding in forms + [(composed, name) for name in _WINDOWS]:
        with suppress(UnicodeEncodeError):
            found.append(text.encode(encoding))
    # OpenSSL refuses a zero byte, so no key has such a password.
    return [word for word in dict.fromkeys(found) if word and b"\0" not in word]


def is_accepted(key: Any, curves: Collection[str] = _CURVES) -> bool:
    """Return True if KSeF takes keys of this kind and length.

    :param curves: those that it takes, for logging in unless told
    """
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.curve.name in curves
    return isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _RSA_MIN_BITS


def matches(key: PrivateKey, certificate: Certificate) -> bool:
    """Return True if the certificate is about this key."""
    return _public_bytes(key.public_key()) == _certified(certificate)


def may_authenticate(certificate: Certificate) -> bool:
    """Return True unless the certificate is for offline invoices only (docs/ksef.md A0-7)."""
    usage = certificate.key_usage
    return usage is None or "digital_signature" in usage


def may_sign_invoices(certificate: Certificate) -> bool:
    """Return True if the certificate is for offline invoices (docs/ksef.md A0-7)."""
    usage = certificate.key_usage
    return usage is not None and "non_repudiation" in usage and "digital_signature" not in usage


def may_be_issued_by_ksef(certificate: Certificate) -> bool:
    """Return True unless the certificate's number is longer than those that KSeF gives.

    Source: KSeF's contract, POST /certificates/retrieve.
    """
    return 0 <= certificate.serial_number < 1 << _NUMBER_BITS


def _public_bytes(key: Any) -> bytes:
    encoded: bytes = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded


def _certified(certificate: Certificate) -> bytes:
    """Return the key that a certificate is about, nothing if it is of an unknown kind."""
    try:
        return _public_bytes(certificate.public_key())
    except UNREADABLE:
        return b""


def _best(
    found: Found, wanted: Callable[[Certificate], bool], fits: Callable[[Certificate], bool]
) -> Pair | None:
    """Return the pair that fits, the wanted and longest one if there are several."""
    keys = {_public_bytes(key.public_key()): key for key in found.keys if is_accepted(key)}
    known = [item for item in found.certificates if fits(item)]
    pairs = [(keys[public], item) for item in known if (public := _certified(item)) in keys]
    pairs.sort(key=lambda pair: (wanted(pair[1]), pair[1].valid_to), reverse=True)
    return next((pair for pair in pairs[:_MOST_CHECKS] if _is_sound(pair[0], found)), None)


def _is_sound(key: PrivateKey, found: Found) -> bool:
    """Return True if the numbers of a key fit each other; OpenSSL looks once, where it is RSA."""
    if id(key) not in found.sound:
        found.sound[id(key)] = _fits_itself(key)
    return found.sound[id(key)]


def _fits_itself(key: PrivateKey) -> bool:
    try:
        key.private_numbers().private_key()
    except ValueError:
        return False
    return True


def _reason(found: Found) -> Reason:
    """Return why there is no pair: what kept one from being found, else what is missing."""
    login = [item for item in found.certificates if may_authenticate(item)]
    for key in found.keys:
        if any(matches(key, item) for item in login):
            return "damaged" if is_accepted(key) else "key_type"
    if found.certificates and not login and not found.troubles & _HIDING:
        return "not_authentication"
    graver = next((reason for reason in _GRAVEST if reason in found.troubles), None)
    return graver or _missing(found, login)


def _missing(found: Found, login: list[Certificate]) -> Reason:
    if "format" in found.troubles and not (found.keys and found.certificates):
        return "format"
    if not found.keys:
        return "no_key"
    if not found.certificates:
        return "no_certificate"
    if not login:
        return "not_authentication"
    if not any(map(is_accepted, found.keys)):
        return "key_type"
    offline = (matches(key, item) for key in found.keys for item in found.certificates)
    return "no_login_key" if any(offline) else "mismatch"
