"""A whole login by the addon's client, and a certificate that is issued to it."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import rsa

from ksef_simulator import DEMO_NIP, signers
from tools import clock, enrollment, meanings
from tools.answers import AuthStatus, Tokens
from tools.auth_token_request import Context, build
from tools.client import KsefClient
from tools.credentials import PrivateKey
from tools.x509_support import Certificate

NIP = Context("Nip", DEMO_NIP)


def request(ksef: KsefClient, context: Context = NIP, **options: str) -> bytes:
    """Return a new request to be signed."""
    return build(ksef.challenge().challenge, context, **options)


def ended(ksef: KsefClient, document: bytes) -> tuple[AuthStatus, Tokens | None]:
    """Send a signed request; return how its login ended, and the tokens if it went well."""
    operation = ksef.submit_signed_request(document)
    bearer = operation.authentication_token.token
    status = ksef.auth_status(operation.reference_number, bearer)
    return status, ksef.redeem(bearer) if status.code == 200 else None


def redeemed(ksef: KsefClient, document: bytes) -> Tokens:
    """Send a signed request whose login goes well; return the tokens."""
    status, tokens = ended(ksef, document)
    assert tokens, meanings.auth_status(status.code, status.details).text
    return tokens


def signed(
    ksef: KsefClient, signer: str = "owner", context: Context = NIP, **options: str
) -> bytes:
    """Return a new request that one of the simulator's people has signed."""
    return signers.sign(request(ksef, context, **options), signer, at=clock.now())


def signed_in(
    ksef: KsefClient, signer: str = "owner", context: Context = NIP, **options: str
) -> Tokens:
    """Log one of the simulator's people in; return the tokens."""
    return redeemed(ksef, signed(ksef, signer, context, **options))


def bearer_of(ksef: KsefClient, signer: str = "owner", context: Context = NIP) -> str:
    """Log one of the simulator's people in; return the access token."""
    return signed_in(ksef, signer, context).access.token


def enrolled(
    ksef: KsefClient, bearer: str, kind: str = "ec", type: str = "Authentication"
) -> tuple[PrivateKey, Certificate, str]:
    """Have a certificate issued; return its key (ec or rsa), itself, and its serial number."""
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else enrollment.new_key()
    csr = enrollment.build_csr(key, ksef.enrollment_data(bearer))
    name = enrollment.certificate_name("Przykładowa Sp. z o.o.")
    reference = ksef.enroll(bearer, name=name, csr_der=csr, type=type).reference_number
    status = ksef.enrollment_status(bearer, reference)
    assert status.code == 200, status
    (issued,) = ksef.retrieve_certificates(bearer, [status.certificate_serial_number])
    return key, issued.certificate, issued.serial_number
