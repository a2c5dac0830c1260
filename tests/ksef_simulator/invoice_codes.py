"""The two codes on an invoice's picture, and what KSeF finds in them (docs/ksef.md F).

Code I names an invoice; code II says who issued one while offline, signed with the key of a
certificate of the type Offline.  Both are checked when they are scanned, not when they are made.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from datetime import date, datetime
from html import escape
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from werkzeug.wrappers import Request, Response

from . import odd_certificates
from .state import Certificate, LoginContext

if TYPE_CHECKING:
    from .simulator import Simulator

HOSTS = {
    "production": "qr.ksef.mf.gov.pl",
    "demo": "qr-demo.ksef.mf.gov.pl",
    "test": "qr-test.ksef.mf.gov.pl",
}
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
#: What lets another company issue invoices for a seller.
SELF_INVOICING = ("SelfInvoicing", "RRInvoicing", "TaxRepresentative")
DAY = re.compile(r"([0-9]{2})-([0-9]{2})-([0-9]{4})")
PAGE = """<!DOCTYPE html>
<html lang="pl"><head><meta charset="utf-8"><title>Weryfikacja kodu (symulator)</title>
<link rel="icon" href="data:,"></head><body>
<p role="note">SYMULATOR. To nie jest strona rządowa.</p>
<main><h1>{verdict}</h1><p id="problem">{problem}</p></main></body></html>"""


class Unfit(ValueError):
    """What is wrong with a code."""


def _bytes(text: str) -> bytes:
    """Read base64url without padding.

    :raises Unfit: for anything else
    """
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Unfit("not base64url") from None
    if "=" in text:
        raise Unfit("padded base64url")
    if base64.urlsafe_b64encode(found).rstrip(b"=").decode() != text:
        raise Unfit("not base64url")  # bits that are none of the bytes
    return found


def check(sim: Simulator, code: str) -> None:
    """Check a code as KSeF does when it is scanned.

    :param code: the code's text, https:// and all
    :raises Unfit: with what is wrong
    """
    scheme, _mark, rest = code.partition("://")
    host, *parts = rest.split("/")
    if scheme != "https" or host != HOSTS[sim.environment]:
        raise Unfit("another environment")
    with sim.state.lock:
        if len(parts) == 4 and parts[0] == "invoice":
            return _check_invoice(sim, *parts[1:])
        if len(parts) == 7 and parts[0] == "certificate":
            return _check_certificate(sim, rest.rpartition("/")[0], *parts[1:])
    raise Unfit("neither code I nor code II")


def _check_invoice(sim: Simulator, seller: str, day: str, digest: str) -> None:
    wanted = _digest(digest), _day(day), seller
    sent = [item for found in sim.state.online.values() for item in found.invoices.values()]
    known = [(item.digest, item.issued, item.seller) for item in sent if item.code == 200]
    if wanted not in known:
        raise Unfit("no such invoice")


def _digest(text: str) -> str:
    """Return a SHA-256 as KSeF keeps it: in plain Base64."""
    found = _bytes(text)
    if len(found) != 32:
        raise Unfit("no SHA-256")
    return base64.b64encode(found).decode()


def _day(text: str) -> str:
    """Return a day of a link as an invoice writes it."""
    found = DAY.fullmatch(text)
    try:
        return date(*(int(number) for number in reversed(found.groups()))).isoformat()
    except (AttributeError, ValueError):
        raise Unfit("no date as DD-MM-YYYY") from None


def _check_certificate(
    sim: Simulator,
    signed: str,
    kind: str,
    context: str,
    seller: str,
    serial: str,
    digest: str,
    signature: str,
) -> None:
    _digest(digest)
    certificate = sim.state.certificates.get(serial)
    if certificate is None:
        raise Unfit("no such certificate")
    _check_state(certificate, sim.clock.now())
    _check_signature(certificate, signed.encode(), _bytes(signature))
    where = LoginContext(kind, context)
    if "InvoiceWrite" not in sim.world.rights(certificate.who, where):
        raise Unfit("its owner may not write invoices in this context")
    if where.nip != seller and not _issues_for(sim, where, seller):
        raise Unfit("this context issues no invoices for this seller")


def _check_state(certificate: Certificate, now: datetime) -> None:
    if certificate.type != "Offline":
        raise Unfit(f"a certificate of the type {certificate.type}")
    status = certificate.status(now)
    if status != "Active":
        raise Unfit(f"the certificate is {status.lower()}")
    if now < certificate.valid_from:
        raise Unfit("the certificate is not valid yet")


def _check_signature(certificate: Certificate, signed: bytes, signature: bytes) -> None:
    made: x509.Certificate = odd_certificates.read(certificate.der)
    key = made.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, PSS, hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(_dss(signature), signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise Unfit("the signature is another one's") from None


def _dss(signature: bytes) -> bytes:
    """Return an ECDSA signature as DER; R and S side by side are KSeF's usual form."""
    if len(signature) != 64:
        return signature
    halves = (int.from_bytes(signature[start : start + 32], "big") for start in (0, 32))
    return encode_dss_signature(*halves)


def _issues_for(sim: Simulator, where: LoginContext, seller: str) -> bool:
    return any(
        item.authorizing == seller and item.authorized == where and item.scope in SELF_INVOICING
        for item in sim.state.authorizations
    )


class Codes:
    """The page behind the codes: GET /_codes/{the code without its https://}.

    Under KSeF's own host names, behind the proxy, it is what a code leads to. A browser gets a
    page, a program JSON.
    """

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Answer one request."""
        request = Request(environ)
        named = f"{request.host}/" if request.host in HOSTS.values() else ""
        code = f"https://{named}{request.path.lstrip('/')}"
        problem = ""
        try:
            check(self.sim, code)
        except Unfit as error:
            problem = str(error)
        return _page(request, problem)(environ, start_response)


def _page(request: Request, problem: str) -> Response:
    if "text/html" in request.headers.get("Accept", ""):
        verdict = "Kod nie jest poprawny" if problem else "Kod jest poprawny"
        text = PAGE.format(verdict=verdict, problem=escape(problem))
        return Response(text, content_type="text/html; charset=utf-8")
    body = {"valid": False, "problem": problem} if problem else {"valid": True}
    return Response(json.dumps(body), content_type="application/json")
