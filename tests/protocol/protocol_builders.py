"""What the protocol layer's tests build: answers on the wire, certificates, KSeF's data."""

from __future__ import annotations

import importlib
import json
import pkgutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tools import auth_token_request, meanings
from tools.answers import EnrollmentData
from tools.auth_token_request import Context
from tools.client import KsefClient
from tools.meanings.meaning import Meaning
from tools.x509_support import Certificate, read_certificate

CHALLENGE = "20260429-CR-0123456789-ABCDEF0123-0A"
NIP = "5265877635"
PESEL = "44051401359"
DOCUMENT = auth_token_request.build(CHALLENGE, Context("Nip", NIP))
NOON = datetime(2026, 4, 29, 12, tzinfo=timezone.utc)

#: Of a server: bytes are said, a float is a pause in seconds, None waits for what the client says.
Part = bytes | float | None


def http(status: int, body: Any = b"", **headers: str) -> bytes:
    """Return a whole HTTP answer; a body that is no bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {"Content-Length": str(len(content)), "Connection": "close", **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} Any\r\n{head}\r\n".encode("latin-1") + content


def enrollment_data(common_name: str, country_name: str = "PL", **others: Any) -> EnrollmentData:
    """Return KSeF's data for a certificate request; others are named as KSeF names them."""
    named = {"commonName": common_name, "countryName": country_name}
    return EnrollmentData.from_json(named | others)


def refused(*problems: tuple[int, str]) -> bytes:
    """Return an HTTP 400 with KSeF's problem details."""
    errors = [{"code": code, "description": text, "details": None} for code, text in problems]
    return http(400, {"title": "Bad Request", "status": 400, "errors": errors})


class WireServer:
    """Answers one connection after the other with prepared bytes; keeps what was sent to it."""

    def __init__(self, answers: list[list[Part]]) -> None:
        self.requests: list[bytes] = []
        self._answers = answers
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v2"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        for parts in self._answers:
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return  # closed before it was used up
            with connection:
                self.requests.append(_read_request(connection))
                _play(connection, parts)

    def close(self) -> None:
        """Take no further connection."""
        self._socket.close()


def _play(connection: socket.socket, parts: list[Part]) -> None:
    try:
        for part in parts:
            if part is None:
                connection.recv(65536)
            elif isinstance(part, float):
                time.sleep(part)
            else:
                connection.sendall(part)
    except OSError:
        pass  # the client had enough


def _read_request(connection: socket.socket) -> bytes:
    data = part = connection.recv(65536)
    # What is no HTTP, such as the beginning of a TLS connection, has no end to wait for.
    while part and b"HTTP/1.1" in data and b"\r\n\r\n" not in data:
        data += (part := connection.recv(65536))
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while part and len(body) < length:
        body += (part := connection.recv(65536))
    return head + b"\r\n\r\n" + body


@contextmanager
def wire(*answers: bytes | list[Part]) -> Iterator[tuple[KsefClient, WireServer]]:
    """Give a client whose connections are answered with these bytes, one answer each."""
    server = WireServer([[item] if isinstance(item, bytes) else item for item in answers])
    try:
        with KsefClient(server.url, timeout=2) as client:
            yield client, server
    finally:
        server.close()


def raised(kind: type[BaseException], call: Callable[[], object]) -> Any:
    """Return the exception that a call raises."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


def failure(kind: type[BaseException], *answers: bytes | list[Part]) -> Any:
    """Return the exception that these answers make of a call with the bearer "the-bearer"."""
    with wire(*answers) as (client, _server):
        return raised(kind, lambda: client.redeem("the-bearer"))


def certificate_for(
    key: Any,
    attributes: list[tuple[x509.ObjectIdentifier, str]] | None = None,
    *,
    issuer: str = "CCK Test",
    digital_signature: bool | None = None,
    days: int = 365,
) -> Certificate:
    """Return a certificate about this key, signed with the same key.

    :param days: from NOON until its end
    """
    subject = attributes or [(NameOID.COMMON_NAME, "Jan Maria Łąś")]
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(*item, _validate=False) for item in subject]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number() >> 96)  # 63 bits, as KSeF's have
        .not_valid_before(NOON - timedelta(days=1))
        .not_valid_after(NOON + timedelta(days=days))
    )
    if digital_signature is not None:
        others = dict.fromkeys(
            (
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
                "key_cert_sign",
                "crl_sign",
                "encipher_only",
                "decipher_only",
            ),
            False,
        )
        usage = x509.KeyUsage(
            digital_signature=digital_signature,
            content_commitment=not digital_signature,
            **others,
        )
        builder = builder.add_extension(usage, critical=True)
    made = builder.sign(key, hashes.SHA256())
    return read_certificate(made.public_bytes(Encoding.DER))


def every_meaning() -> set[Meaning]:
    """Return all meanings that the modules of tools.meanings hold, however deep in their tables."""
    names = [module.name for module in pkgutil.iter_modules(meanings.__path__)]
    modules = [importlib.import_module(f"tools.meanings.{name}") for name in names]
    return {item for module in modules for value in vars(module).values() for item in _held(value)}


def _held(value: object) -> Iterator[Meaning]:
    if isinstance(value, Meaning):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _held(item)
