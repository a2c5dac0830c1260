"""Encryption at rest with a key that is not in the database (docs/design.md 10 and 15).

A key is 32 random bytes, written as URL-safe base64. Several keys may be given, separated by
commas or white space: the first encrypts, all decrypt, so that a key can be replaced. ``file:``
and a path stand for the keys in that file.
"""

from __future__ import annotations

import base64
import binascii
import errno
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .secret_file import write_new

KEY_BYTES = 32
_NONCE_BYTES = 12
#: What is encrypted is bound to a place in a database; in the first version, to the place alone.
_UNBOUND, _BOUND = "v1", "v2"
_FILE = "file:"

#: Errors of network shares on which a file cannot have two names; the last one is Windows'.
_NO_SECOND_NAME = {
    errno.EPERM,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.ENOSYS,
    errno.EMLINK,
    errno.EINVAL,
}


class VaultError(Exception):
    """Base of all; the texts hold no key and no secret."""


class VaultKeyMissing(VaultError):
    """There is no key here, an invalid one, or another one than the text was encrypted with."""


class VaultCorrupt(VaultError):
    """A text is not one of ours, was changed, or belongs to another context."""


class Vault:
    """Encrypts and decrypts short secrets.

    :param keys: 32 bytes each; the first encrypts
    :param database: the name that the database's secrets are bound to; without one they are bound
        to their place alone
    :raises VaultKeyMissing: without a key
    """

    def __init__(self, keys: Sequence[bytes], database: str = "") -> None:
        if not keys:
            raise VaultKeyMissing("no key")
        self._database = database
        self._ciphers = {key_fingerprint(key): AESGCM(key) for key in keys}
        self.fingerprint = key_fingerprint(keys[0])

    def __repr__(self) -> str:
        return f"Vault({self.fingerprint})"

    def encrypt(self, plain: bytes, context: str) -> str:
        """Return ``plain`` as text that only the same context of the same database decrypts.

        :param context: the place that the secret belongs to, such as a model and field; not secret
        """
        version = _BOUND if self._database else _UNBOUND
        nonce, bound = os.urandom(_NONCE_BYTES), self._bound(version, context)
        sealed = self._ciphers[self.fingerprint].encrypt(nonce, plain, bound)
        return f"{version}:{self.fingerprint}:{base64.b64encode(nonce + sealed).decode('ascii')}"

    def decrypt(self, text: str, context: str) -> bytes:
        """Return what :meth:`encrypt` was given.

        :raises VaultKeyMissing: when it was encrypted with a key that is not here
        :raises VaultCorrupt: when it was changed or belongs to another context
        """
        version, fingerprint, sealed = _parts(text)
        cipher = self._ciphers.get(fingerprint)
        if cipher is None:
            raise VaultKeyMissing("encrypted with a key that is not here")
        try:
            bound = self._bound(version, context)
            return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound)
        except (InvalidTag, ValueError):
            raise VaultCorrupt("changed, or of another context") from None

    def needs_reencryption(self, text: str) -> bool:
        """Return True if ``text`` has another key than the first, or could be bound and is not."""
        version, fingerprint, _sealed = _parts(text)
        return fingerprint != self.fingerprint or (version == _UNBOUND and bool(self._database))

    def _bound(self, version: str, context: str) -> bytes:
        database = f"{self._database}:" if version == _BOUND else ""
        return f"{version}:{database}{context}".encode()


def _parts(text: str) -> tuple[str, str, bytes]:
    try:
        version, fingerprint, encoded = text.split(":")
        sealed = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        raise VaultCorrupt("not an encrypted text") from None
    spelled_otherwise = base64.b64encode(sealed).decode("ascii") != encoded
    known = version in (_UNBOUND, _BOUND)
    if not known or len(sealed) <= _NONCE_BYTES or spelled_otherwise:
        raise VaultCorrupt("not an encrypted text")
    return version, fingerprint, sealed


def key_fingerprint(key: bytes) -> str:
    """Return a name for the key that reveals nothing of it."""
    return hmac.new(key, b"l10n_pl_ksef fingerprint", hashlib.sha256).hexdigest()[:16]


def derive_key(key: bytes, purpose: str) -> bytes:
    """Return 32 bytes for another use than encryption, such as digests of identities."""
    return hmac.new(key, f"l10n_pl_ksef {purpose}".encode(), hashlib.sha256).digest()


def mark(key: bytes, text: str) -> str:
    """Return what shows that whoever wrote ``text`` had the key; it reveals nothing of it."""
    return hmac.new(derive_key(key, "mark"), text.encode(), hashlib.sha256).hexdigest()


def generate_key() -> str:
    """Return a new key as text."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")


def parse_keys(text: str) -> list[bytes]:
    """Read keys from text.

    :raises VaultKeyMissing: when one of them is not 32 bytes in base64
    """
    return [_parse_key(part) for part in re.split(r"[\s,;]+", text) if part]


def _parse_key(part: str) -> bytes:
    standard = part.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        key = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != KEY_BYTES:
        raise VaultKeyMissing("a key is not 32 bytes in base64")
    return key


def load_keys(
    config_value: str | None,
    env_value: str | None,
    file_path: str | os.PathLike[str],
    *,
    may_create: bool,
) -> list[bytes]:
    """Return the keys of the first source that has any: configuration, environment, file.

    :param may_create: allow a new key in ``file_path``; False once the database knows a key
    :raises VaultKeyMissing: when there is none, or the file cannot be read or written
    """
    given = next((text for text in (config_value, env_value) if text and text.strip()), "").strip()
    if given and not given.startswith(_FILE):
        return parse_keys(given)
    path = Path(given.removeprefix(_FILE) or file_path)
    try:
        if may_create and not given and not path.exists():
            _create(path)
        keys = parse_keys(path.read_text("ascii"))
    except (OSError, UnicodeDecodeError) as error:
        raise VaultKeyMissing(f"no key file ({type(error).__name__})") from None
    if not keys:
        raise VaultKeyMissing("the key file is empty")
    return keys


def adopt_key_file(path: Path, former: Path, fingerprint: str) -> None:
    """Give a database's key file the database's new name, too, unless that name is taken.

    :param former: the file under its old name
    :param fingerprint: of the key that the file must hold
    """
    if path.exists():
        return
    try:
        text = former.read_text("ascii").strip()
        if fingerprint in map(key_fingerprint, parse_keys(text)):
            _publish(former, path, text)
    except (OSError, UnicodeDecodeError, VaultError):
        return  # load_keys says what is missing


def _create(path: Path) -> None:
    """Write a new key file, complete or not at all; of two processes the first one wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    key = generate_key()
    try:
        write_new(draft, key + "\n")
        _publish(draft, path, key)
    except FileExistsError:
        pass  # another process was first: its key counts
    finally:
        draft.unlink(missing_ok=True)


def _publish(file: Path, path: Path, text: str) -> None:
    """Give a file a second name; where that is impossible, write its ``text`` to a new file."""
    try:
        os.link(file, path)
    except OSError as error:
        if error.errno not in _NO_SECOND_NAME:
            raise
        write_new(path, text + "\n")
