"""HTTPS under KSeF's own host names, and nothing else.

A CONNECT proxy with a certificate authority of its own. A client that has it in HTTPS_PROXY and
trusts its authority only (REQUESTS_CA_BUNDLE) talks to the simulator when it means KSeF, and can
reach nothing else: every other host is refused, so that nothing ever reaches the Ministry.
"""

from __future__ import annotations

import copy
import socketserver
import ssl
import tempfile
import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from . import availability, invoice_codes

if TYPE_CHECKING:
    from .simulator import Simulator

HOSTS = ("api.ksef.mf.gov.pl", "api-demo.ksef.mf.gov.pl", "api-test.ksef.mf.gov.pl")
#: ... and the Ministry's other pages that this simulator has.
OTHER_HOSTS = (*invoice_codes.HOSTS.values(), availability.HOST)
YEARS = timedelta(days=365 * 12)
LINE = 8192


class ProxyAuthority:
    """The authority behind the proxy; its key is new at every start and never leaves memory."""

    def __init__(self, now: Any) -> None:
        self._now = now
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Symulator KSeF: proxy")
        self.certificate = self._sign(self._name, self._key.public_key(), ca=True)

    @property
    def pem(self) -> bytes:
        """The authority's certificate, for REQUESTS_CA_BUNDLE."""
        return self.certificate.public_bytes(Encoding.PEM)

    def context(self) -> ssl.SSLContext:
        """A server's TLS context with one certificate for all of KSeF's hosts."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(_name(HOSTS[0]), key.public_key(), ca=False)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile() as file:  # the ssl module reads keys from files only
            file.write(private + certificate.public_bytes(Encoding.PEM))
            file.flush()
            context.load_cert_chain(file.name)
        return context

    def _sign(self, subject: x509.Name, public: Any, ca: bool) -> x509.Certificate:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in HOSTS + OTHER_HOSTS])
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - timedelta(days=2))
            .not_valid_after(self._now + YEARS)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(_usage(ca), critical=True)
            .add_extension(identifier, critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        )
        builder = builder if ca else builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _usage(ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Tunnel(socketserver.StreamRequestHandler):
    """One connection of a client to the proxy."""

    server: ProxyServer
    rbufsize = 0  # nothing of the TLS handshake may be swallowed by a buffer

    def handle(self) -> None:
        """Open the tunnel to KSeF's hosts, refuse everything else."""
        line = self.rfile.readline(LINE).decode("latin-1")
        while self.rfile.readline(LINE) not in (b"\r\n", b"\n", b""):
            continue
        method, _space, rest = line.partition(" ")
        target = rest.partition(" ")[0]
        host, _colon, port = target.partition(":")
        self.server.seen.append(f"{method} {target}")
        if method != "CONNECT" or host.lower() not in HOSTS + OTHER_HOSTS or port != "443":
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self._serve()

    def _serve(self) -> None:
        try:
            secure = self.server.tls.wrap_socket(self.connection, server_side=True)
        except (ssl.SSLError, OSError):
            return  # a client that does not trust us says so itself
        with secure:
            self.server.handler(secure, self.client_address, self.server.site)


class ProxyServer(socketserver.ThreadingTCPServer):
    """The listening proxy."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128
    seen: list[str]
    tls: ssl.SSLContext
    handler: Any
    site: Any


class Proxy:
    """The proxy of one simulator.

    :param sim: a simulator that serves already
    :param port: TCP port, 0 for any free one
    """

    def __init__(self, sim: Simulator, port: int = 0) -> None:
        from .simulator import QuietHandler

        self.authority = ProxyAuthority(sim.clock.now() - sim.clock.offset())
        self._server = ProxyServer(("127.0.0.1", port), Tunnel)
        self._server.seen = []
        self._server.tls = self.authority.context()
        self._server.handler = QuietHandler
        site = copy.copy(sim.server)
        site.app = _site(sim)
        site.ssl_context = self._server.tls
        self._server.site = site
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    @property
    def url(self) -> str:
        """The value for HTTPS_PROXY."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def seen(self) -> list[str]:
        """What clients asked the proxy for, the refused ones too: "CONNECT host:443"."""
        return list(self._server.seen)

    def write_authority(self, path: str | Path) -> Path:
        """Write the authority's certificate as PEM, for REQUESTS_CA_BUNDLE."""
        Path(path).write_bytes(self.authority.pem)
        return Path(path)

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def _site(sim: Simulator) -> Any:
    """What each of the Ministry's hosts serves, as one WSGI application."""
    from .app import Api
    from .upo import Storage

    api = DispatcherMiddleware(Api(sim), {"/storage": Storage(sim)})
    sites = dict.fromkeys(invoice_codes.HOSTS.values(), invoice_codes.Codes(sim))
    sites[availability.HOST] = sim.availability

    def serve(environ: dict[str, Any], start_response: Any) -> Any:
        host = environ.get("HTTP_HOST", "").partition(":")[0].lower()
        return sites.get(host, api)(environ, start_response)

    return serve
