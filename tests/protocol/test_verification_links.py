"""The links of the two codes on an invoice: letter by letter, and their signatures."""

import base64
import hashlib
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import code_vectors
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from protocol_builders import NOON, certificate_for, raised

from tools import clock, nip
from tools.auth_token_request import Context
from tools.verification_links import InvalidLink, certificate_link, invoice_link, side_by_side

SELLER = "1111111111"
NIP = Context("Nip", SELLER)
DIGEST = hashlib.sha256(b"an invoice").digest()
#: The Ministry's own example (its document kody-qr.md).
EXAMPLE_DIGEST = base64.urlsafe_b64decode("UtQp9Gpc51y-u3xApZjIjgkpZ01js-J8KflSPW8WzIE=")
EC_KEY = ec.derive_private_key(0x5EED, ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture(autouse=True)
def at_noon(monkeypatch):
    """Have the certificates of protocol_builders valid now."""
    monkeypatch.setattr(clock, "now", lambda: NOON)


def offline(key, **how):
    """Return an Offline certificate about a key."""
    return certificate_for(key, digital_signature=False, **how)


def link_two(key=EC_KEY, certificate=None, context=NIP, seller=SELLER, digest=DIGEST):
    """Return the link of code II."""
    certificate = certificate or offline(key)
    return certificate_link("test", context, seller, digest, key, certificate)


def taken_apart(link):
    """Return what a link of code II signs, and the signature."""
    signed, _slash, signature = link.removeprefix("https://").rpartition("/")
    assert "=" not in signature
    return signed.encode(), base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))


def test_code_one_is_the_ministrys_own_example():
    link = invoice_link("test", SELLER, date(2026, 2, 1), EXAMPLE_DIGEST)
    assert link == (
        "https://qr-test.ksef.mf.gov.pl/invoice/1111111111/01-02-2026/"
        "UtQp9Gpc51y-u3xApZjIjgkpZ01js-J8KflSPW8WzIE"
    )


def test_code_two_signs_the_ministrys_own_example():
    made = replace(offline(EC_KEY), serial_number=0x01F20A5D352AE590)
    signed, _signature = taken_apart(link_two(certificate=made, digest=EXAMPLE_DIGEST))
    assert signed == (
        b"qr-test.ksef.mf.gov.pl/certificate/Nip/1111111111/1111111111/01F20A5D352AE590/"
        b"UtQp9Gpc51y-u3xApZjIjgkpZ01js-J8KflSPW8WzIE"
    )


@pytest.mark.parametrize(
    ("environment", "host"),
    [
        ("production", "qr.ksef.mf.gov.pl"),
        ("demo", "qr-demo.ksef.mf.gov.pl"),
        ("test", "qr-test.ksef.mf.gov.pl"),
    ],
)
def test_each_environment_has_its_host(environment, host):
    one = invoice_link(environment, SELLER, date(2026, 2, 1), DIGEST)
    two = certificate_link(environment, NIP, SELLER, DIGEST, EC_KEY, offline(EC_KEY))
    assert one.startswith(f"https://{host}/invoice/")
    assert two.startswith(f"https://{host}/certificate/")


def test_an_ec_signature_is_r_and_s_side_by_side():
    for _try in range(20):  # a short R or S is rare, and still has its 32 bytes
        signed, signature = taken_apart(link_two())
        assert len(signature) == 64
        halves = (int.from_bytes(signature[start : start + 32], "big") for start in (0, 32))
        der = encode_dss_signature(*halves)
        EC_KEY.public_key().verify(der, signed, ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize(
    ("r", "s"),
    [(1, 1), (1 << 255, 1), (0xFF << 240, 1 << 247), ((1 << 256) - 1, 0x80)],
    ids=["shortest", "a zero before R", "zeros in front of both", "longest"],
)
def test_r_and_s_keep_their_places_whatever_zeros_they_begin_with(r, s):
    side = side_by_side(encode_dss_signature(r, s))
    assert side == bytes.fromhex(f"{r:064x}{s:064x}")


def test_another_programs_ec_signature_is_put_side_by_side():
    side = side_by_side(code_vectors.EC_SIGNATURE)
    assert side.hex() == (
        "079267959041121ff934bb4c3a0e052c1b59bf2b0f1cce5685d1cf58aca2c4f2"
        "001d735c6dc187a2d355db29649ee539cfca20b260a1fa5fcd2edb8240e96426"
    )


def test_an_rsa_signature_is_pss_with_32_bytes_of_salt():
    signed, signature = taken_apart(link_two(RSA_KEY))
    public, pss = RSA_KEY.public_key(), padding.MGF1(hashes.SHA256())
    public.verify(signature, signed, padding.PSS(pss, 32), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        public.verify(signature, signed, padding.PSS(pss, 20), hashes.SHA256())


@pytest.mark.parametrize(
    ("context", "path"),
    [
        (Context("Nip", "PL 111-111-11-11"), "Nip/1111111111"),
        (Context("InternalId", "1111111111-00001"), "InternalId/1111111111-00001"),
        (Context("NipVatUe", "1111111111-DE123456789"), "NipVatUe/1111111111-DE123456789"),
        (Context("PeppolId", "PPL123456"), "PeppolId/PPL123456"),
    ],
)
def test_each_kind_of_context_has_its_place(context, path):
    signed, _signature = taken_apart(link_two(context=context))
    assert f"/certificate/{path}/{SELLER}/".encode() in signed


@pytest.mark.parametrize(
    "context",
    [
        Context("Nip", "1111111112"),
        Context("InternalId", SELLER),
        Context("NipVatUe", SELLER),
        Context("NipVatUe", "1111111112-DE123456789"),
        Context("NipVatUe", "1111111111-DE123456789/x"),
        Context("PeppolId", "PPL12345/"),
        Context("Pesel", "02070803628"),
    ],
)
def test_a_context_that_is_none_is_refused(context):
    assert raised(InvalidLink, lambda: link_two(context=context)).reason == "context"


@pytest.mark.parametrize("digest", [b"", DIGEST[:31], DIGEST + b"\0", DIGEST.hex()])
def test_a_digest_that_is_no_sha256_is_refused(digest):
    one = raised(InvalidLink, lambda: invoice_link("test", SELLER, date(2026, 2, 1), digest))
    two = raised(InvalidLink, lambda: link_two(digest=digest))
    assert (one.reason, two.reason) == ("digest", "digest")


@pytest.mark.parametrize("seller", ["", "1111111112", "11111111/1", None])
def test_a_seller_without_a_nip_is_refused(seller):
    with pytest.raises(nip.InvalidNip):
        invoice_link("test", seller, date(2026, 2, 1), DIGEST)
    with pytest.raises(nip.InvalidNip):
        link_two(seller=seller)


@pytest.mark.parametrize("issued", [datetime(2026, 2, 1, tzinfo=timezone.utc), "2026-02-01"])
def test_what_is_no_day_is_refused(issued):
    error = raised(InvalidLink, lambda: invoice_link("test", SELLER, issued, DIGEST))
    assert error.reason == "date"


def test_an_unknown_environment_is_refused():
    error = raised(InvalidLink, lambda: invoice_link("prod", SELLER, date(2026, 2, 1), DIGEST))
    assert error.reason == "environment"


@pytest.mark.parametrize(
    "usage",
    [
        None,
        frozenset({"digital_signature"}),
        frozenset({"digital_signature", "non_repudiation"}),
    ],
)
def test_only_an_offline_certificate_signs(usage):
    other = replace(offline(EC_KEY), key_usage=usage)
    assert raised(InvalidLink, lambda: link_two(certificate=other)).reason == "not_offline"


def test_a_certificate_with_a_number_that_ksef_gives_to_none_does_not_sign():
    longest = replace(offline(EC_KEY), serial_number=(1 << 64) - 1)
    assert "/FFFFFFFFFFFFFFFF/" in link_two(certificate=longest)
    foreign = replace(longest, serial_number=1 << 64)
    assert raised(InvalidLink, lambda: link_two(certificate=foreign)).reason == "not_offline"


@pytest.mark.parametrize("away", [timedelta(days=-1, seconds=-1), timedelta(days=365)])
def test_a_certificate_signs_while_it_is_valid(monkeypatch, away):
    made = offline(EC_KEY)
    monkeypatch.setattr(clock, "now", lambda: NOON + away)
    assert raised(InvalidLink, lambda: link_two(certificate=made)).reason == "not_valid"


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()),
        rsa.generate_private_key(65537, 1024),
    ],
)
def test_a_key_that_ksef_does_not_take_is_refused(key):
    assert raised(InvalidLink, lambda: link_two(key)).reason == "key"


def test_a_key_that_belongs_to_another_certificate_is_refused():
    other = offline(ec.generate_private_key(ec.SECP256R1()))
    assert raised(InvalidLink, lambda: link_two(certificate=other)).reason == "mismatch"
