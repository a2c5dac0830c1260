"""Both codes of an invoice, from the certificate to the page that judges them.

The addon makes and draws the links, another program reads the pictures, the simulator judges.
"""

import base64
import hashlib
import io
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import code_vectors
import pytest
import requests
import zxingcpp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from logins import NIP, bearer_of, enrolled
from PIL import Image

from ksef_simulator import DEMO_NIP, identities
from tools import qr_picture
from tools.auth_token_request import Context
from tools.verification_links import (
    NOT_YET_IN_KSEF,
    SIGNED_BY,
    certificate_link,
    invoice_link,
    side_by_side,
)

CLIENT = "1111111111"
DIGEST = hashlib.sha256(b"invoice").digest()


@dataclass(frozen=True)
class Code:
    """What code II is made of."""

    key: object
    certificate: object
    environment: str = "test"
    context: Context = NIP
    seller: str = DEMO_NIP
    digest: bytes = DIGEST

    def link(self):
        """Return the link."""
        parts = (self.context, self.seller, self.digest, self.key, self.certificate)
        return certificate_link(self.environment, *parts)


def certified(ksef, kind="ec", type="Offline"):
    """Have a certificate issued, and return what makes a code with it."""
    key, certificate, _serial = enrolled(ksef, bearer_of(ksef), kind, type)
    return Code(key, certificate)


@pytest.fixture
def code(ksef):
    """Give what makes code II with an EC key."""
    return certified(ksef)


@pytest.fixture
def opened(sim):
    """Open the page that a link leads to, and return what is wrong: nothing, if all is well."""

    def open_page(link):
        page = f"{sim.url}/_codes/{link.removeprefix('https://')}"
        return requests.get(page, timeout=20).json().get("problem", "")

    return open_page


@contextmanager
def away(sim, days):
    """Let KSeF's clock show another day inside the block."""
    sim.clock.advance(timedelta(days=days))
    try:
        yield
    finally:
        sim.clock.advance(timedelta(days=-days))


def scanned(link, label):
    """Draw a code, and return what a decoder that is not ours reads from the picture."""
    picture = Image.open(io.BytesIO(qr_picture.png(link, label)))
    (found,) = zxingcpp.read_barcodes(picture)
    return found.text


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_both_codes_are_drawn_read_and_judged(sim, ksef, opened, kind):
    code = certified(ksef, kind)
    assert opened(scanned(code.link(), SIGNED_BY)) == ""
    one = scanned(invoice_link("test", DEMO_NIP, date(2026, 11, 22), DIGEST), NOT_YET_IN_KSEF)
    assert opened(one) == "no such invoice", "which has not been sent yet"


def certificate_about(public_key):
    """Return a certificate (DER) about somebody's key; the simulator judges by the key alone."""
    name, day = x509.Name([]), datetime(2026, 1, 1)
    made = x509.CertificateBuilder(name, name, public_key, 1, day, day + timedelta(days=3650))
    issuer = ec.generate_private_key(ec.SECP256R1())
    return made.sign(issuer, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("key", "signature"),
    [
        (code_vectors.EC_KEY, side_by_side(code_vectors.EC_SIGNATURE)),
        (code_vectors.EC_KEY, code_vectors.EC_SIGNATURE),
        (code_vectors.RSA_KEY, code_vectors.RSA_SIGNATURE),
    ],
    ids=["R and S", "DER", "RSA-PSS"],
)
def test_another_programs_signatures_are_judged_valid(sim, code, opened, key, signature):
    (issued,) = sim.state.certificates.values()
    theirs = certificate_about(load_der_public_key(key))
    sim.state.certificates[code_vectors.SERIAL] = replace(issued, der=theirs)
    sim.world.grant(identities.OWNER.identity, code_vectors.NIP, "InvoiceWrite")
    written = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
    assert opened(f"https://{code_vectors.SIGNED}/{written}") == ""
    changed = code_vectors.SIGNED.replace("UtQp9", "UtQp8")
    assert opened(f"https://{changed}/{written}") == "the signature is another one's"


def test_the_list_tells_both_types_apart(ksef, code):
    bearer = bearer_of(ksef)
    certified(ksef, type="Authentication")
    (found,) = ksef.certificates(bearer, type="Offline")
    assert int(found.serial_number, 16) == code.certificate.serial_number


def test_an_office_signs_for_its_client(sim, code, opened):
    theirs = replace(code, context=Context("Nip", CLIENT), seller=CLIENT)
    assert opened(theirs.link()) == "its owner may not write invoices in this context"
    sim.world.grant(identities.OWNER.identity, CLIENT, "InvoiceWrite")
    assert opened(theirs.link()) == ""


def test_a_code_of_another_place_is_refused(code, opened):
    theirs = Context("Nip", CLIENT)
    problems = {
        "another environment": replace(code, environment="production"),
        "this context issues no invoices for this seller": replace(code, seller=CLIENT),
        "its owner may not write invoices in this context": replace(code, context=theirs),
    }
    assert {opened(other.link()): other for other in problems.values()} == problems


def test_each_part_that_is_changed_afterwards_breaks_the_signature(sim, code, opened):
    sim.world.grant(identities.OWNER.identity, CLIENT, "InvoiceWrite")
    other = replace(code, context=Context("Nip", CLIENT), seller=CLIENT, digest=DIGEST[::-1])
    made, others = (item.link().removeprefix("https://").split("/") for item in (code, other))
    for part in (3, 4, 6, 7):  # context, seller, digest, signature
        changed = [*made[:part], others[part], *made[part + 1 :]]
        assert opened("https://" + "/".join(changed)) == "the signature is another one's"


def test_the_serial_number_of_another_certificate_breaks_the_signature(ksef, code, opened):
    other = certified(ksef)
    serials = [f"{item.certificate.serial_number:016X}" for item in (code, other)]
    assert opened(code.link().replace(*serials)) == "the signature is another one's"


def test_a_certificate_must_be_valid_when_its_code_is_scanned(sim, ksef, code, opened):
    link, revoked = code.link(), certified(ksef)
    serial = f"{revoked.certificate.serial_number:016X}"
    ksef.revoke_certificate(bearer_of(ksef), serial)
    assert opened(revoked.link()) == "the certificate is revoked"
    with away(sim, days=731):
        assert opened(link) == "the certificate is expired"
    with away(sim, days=-1):
        assert opened(link) == "the certificate is not valid yet"
