"""What the owner does at KSeF with another program, such as the Ministry's Aplikacja Podatnika."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from asn1crypto import pem
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from odoo_user import wait_until

from ksef_simulator import DEMO_NIP
from ksef_simulator.control import Control
from ksef_simulator.signers import sign
from tools import enrollment
from tools.answers import Enrollment
from tools.auth_token_request import Context, build
from tools.client import KsefClient


class Account:
    """An owner's login to KSeF with another program than Odoo."""

    def __init__(self, client: KsefClient, access: str) -> None:
        self.client, self.access = client, access

    def certificate_files(self, folder: Path, password: str) -> list[Path]:
        """Have a certificate issued, and save it as the Ministry's application does: two files."""
        key = enrollment.new_key()
        csr = enrollment.build_csr(key, self.client.enrollment_data(self.access))
        applied = self.client.enroll(self.access, name="Aplikacja Podatnika", csr_der=csr)
        wait_until(lambda: bool(self._serial(applied)), "the Ministry's certificate")
        (issued,) = self.client.retrieve_certificates(self.access, [self._serial(applied)])
        encryption = BestAvailableEncryption(password.encode())
        files = {
            "certyfikat.crt": pem.armor("CERTIFICATE", issued.certificate.der),
            "klucz.key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption),
        }
        for name, data in files.items():
            (folder / name).write_bytes(data)
        return [folder / name for name in files]

    def _serial(self, applied: Enrollment) -> str:
        status = self.client.enrollment_status(self.access, applied.reference_number)
        return status.certificate_serial_number or ""


def request_of_another(simulator: Control, nip: str) -> bytes:
    """Return the file to be signed that another program downloaded, for another company."""
    with KsefClient(simulator.base_url) as client:
        return build(client.challenge().challenge, Context("Nip", nip))


@contextmanager
def account(simulator: Control) -> Iterator[Account]:
    """Log in as the owner with another program; its login ends with the block."""
    with KsefClient(simulator.base_url) as client:
        document = build(client.challenge().challenge, Context("Nip", DEMO_NIP))
        operation = client.submit_signed_request(sign(document, "owner", at=simulator.clock.now()))
        token = operation.authentication_token.token
        while client.auth_status(operation.reference_number, token).code == 100:
            pass
        access = client.redeem(token).access.token
        yield Account(client, access)
        client.revoke_current_session(access)
