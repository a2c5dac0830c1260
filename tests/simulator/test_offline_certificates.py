"""The second type of KSeF certificate, and the code on invoices that it signs (docs/ksef.md F)."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from invoice_kit import invoice, opened
from kit import OFFICE, Tokens, codes, ec_key, rsa_key, to_entity

from ksef_simulator import DEMO_NIP, identities
from ksef_simulator.invoice_codes import PSS, Unfit, check

HOST = "qr-test.ksef.mf.gov.pl"
OFFLINE = {"certificateType": "Offline", "certificateName": "Certyfikat offline"}


def text(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signature(key, message: bytes, side_by_side: bool = True) -> bytes:
    """Sign as code II wants it."""
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, PSS, hashes.SHA256())
    der = key.sign(message, ec.ECDSA(hashes.SHA256()))
    if not side_by_side:
        return der
    return b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(der))


def code(key, certificate, seller=DEMO_NIP, context=f"Nip/{DEMO_NIP}", host=HOST, **how):
    """Code II of an invoice."""
    digest = text(hashlib.sha256(b"invoice").digest())
    serial = f"{certificate.serial_number:016X}"
    signed = f"{host}/certificate/{context}/{seller}/{serial}/{digest}"
    return f"https://{signed}/{text(signature(key, signed.encode(), **how))}"


@pytest.fixture
def made(ksef):
    """A key and its Offline certificate."""
    key = ec_key()
    return key, ksef.certificate(ksef.login(), key, **OFFLINE)


def test_it_is_for_signing_and_not_for_logging_in(ksef, made):
    key, certificate = made
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.content_commitment and not usage.digital_signature
    answer = ksef.submit(ksef.signed_with(key, certificate)).json()
    login = Tokens(answer["referenceNumber"], answer["authenticationToken"]["token"])
    assert ksef.status(login)["details"] == ["Niepoprawny certyfikat"]


def test_a_login_with_the_other_type_applies_for_it(ksef):
    key = ec_key()
    certificate = ksef.certificate(ksef.login(), key)
    body = ksef.submit(ksef.signed_with(key, certificate)).json()
    tokens = Tokens(body["referenceNumber"], body["authenticationToken"]["token"])
    assert ksef.enroll(ksef.redeemed(tokens), **OFFLINE).status_code == 202


def test_it_counts_against_the_same_limits(ksef, sim, made):
    tokens = ksef.login()
    limits = ksef.call("GET", "/certificates/limits", tokens.access).json()
    assert limits["certificate"]["remaining"] == limits["certificate"]["limit"] - 1
    sim.settings.person_certificate_limit = 1
    assert codes(ksef.enroll(tokens)) == [25007]


def test_it_is_listed_by_its_type_and_revoked(ksef, made):
    tokens = ksef.login()
    asked = {"type": "Offline"}
    found = ksef.call("POST", "/certificates/query", tokens.access, json=asked).json()
    (item,) = found["certificates"]
    path = f"/certificates/{item['certificateSerialNumber']}/revoke"
    assert ksef.call("POST", path, tokens.access, json={}).status_code == 204


@pytest.mark.parametrize("how", [{}, {"side_by_side": False}])
def test_its_code_is_valid_in_both_forms_of_a_signature(sim, made, how):
    check(sim, code(*made, **how))


def test_an_rsa_key_signs_with_pss(ksef, sim):
    key = rsa_key()
    check(sim, code(key, ksef.certificate(ksef.login(), key, **OFFLINE)))


def test_a_certificate_for_logging_in_signs_no_code(ksef, sim):
    key = ec_key()
    with pytest.raises(Unfit, match="of the type Authentication"):
        check(sim, code(key, ksef.certificate(ksef.login(), key)))


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"host": "qr.ksef.mf.gov.pl"}, "another environment"),
        ({"seller": "1111111111"}, "issues no invoices for this seller"),
        ({"context": f"Nip/{OFFICE}"}, "may not write invoices"),
    ],
)
def test_a_code_of_another_place_or_company_is_unfit(sim, made, changed, problem):
    with pytest.raises(Unfit, match=problem):
        check(sim, code(*made, **changed))


def test_a_code_that_was_changed_is_unfit(sim, made):
    parts = code(*made).split("/")
    parts[-2] = text(hashlib.sha256(b"another").digest())
    with pytest.raises(Unfit, match="signature"):
        check(sim, "/".join(parts))


def test_a_padded_code_is_unfit(sim, made):
    with pytest.raises(Unfit, match="padded"):
        check(sim, f"{code(*made)}==")


def test_a_code_is_unfit_once_the_certificate_is_revoked(ksef, sim, made):
    path = f"/certificates/{made[1].serial_number:016X}/revoke"
    ksef.call("POST", path, ksef.login().access, json={})
    with pytest.raises(Unfit, match="revoked"):
        check(sim, code(*made))


def test_a_code_is_checked_when_it_is_scanned(sim, made):
    """Whose right to write invoices is taken back has unfit codes on paper (docs/ksef.md G2)."""
    check(sim, code(*made))
    sim.world.revoke(identities.OWNER.identity, DEMO_NIP, "InvoiceWrite")
    with pytest.raises(Unfit, match="may not write invoices"):
        check(sim, code(*made))


def test_who_may_write_invoices_for_another_company_signs_its_codes(ksef, sim, made):
    sim.world.grant(identities.OWNER.identity, "1111111111", "InvoiceWrite")
    check(sim, code(*made, seller="1111111111", context="Nip/1111111111"))


def test_a_company_that_may_issue_for_a_seller_signs_its_codes(ksef, sim, made):
    body = {**to_entity(nip=DEMO_NIP), "permission": "SelfInvoicing"}
    del body["permissions"]
    sim.world.grant(identities.OWNER.identity, "1111111111", "CredentialsManage")
    bearer = ksef.login(nip="1111111111").access
    ksef.call("POST", "/permissions/authorizations/grants", bearer, json=body)
    check(sim, code(*made, seller="1111111111"))


def test_code_one_names_an_invoice_that_ksef_has(ksef, sim):
    content = invoice()
    start = f"https://{HOST}/invoice/{DEMO_NIP}/22-11-2026/"
    found = start + text(hashlib.sha256(content).digest())
    with pytest.raises(Unfit, match="no such invoice"):
        check(sim, found)
    opened(ksef, ksef.login()).sent(content)
    check(sim, found)


def test_the_page_behind_a_code_says_what_is_wrong(ksef, made):
    page = f"{ksef.sim.url}/_codes/"
    good = code(*made).removeprefix("https://")
    assert ksef.http.get(page + good, timeout=20).json() == {"valid": True}
    bad = ksef.http.get(f"{page}{HOST}/nothing", timeout=20).json()
    assert bad == {"valid": False, "problem": "neither code I nor code II"}


@pytest.mark.parametrize("day", ["23-11-2026", "2026-11-22", "31-02-2026"])
def test_code_one_names_the_invoices_day(ksef, sim, day):
    content = invoice()
    opened(ksef, ksef.login()).sent(content)
    with pytest.raises(Unfit, match="invoice|date"):
        check(
            sim, f"https://{HOST}/invoice/{DEMO_NIP}/{day}/{text(hashlib.sha256(content).digest())}"
        )


def test_base64url_of_other_bits_is_unfit(sim, made):
    """The last letter of 32 bytes holds four bits: others would name the same bytes."""
    good = code(*made)
    digest = good.split("/")[-2]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = digest[:-1] + letters[letters.index(digest[-1]) + 1]
    with pytest.raises(Unfit, match="not base64url"):
        check(sim, good.replace(digest, other))


def test_a_browser_gets_a_page_that_says_it_is_a_simulator(ksef, made):
    page = f"{ksef.sim.url}/_codes/"
    browser = {"Accept": "text/html,*/*"}
    good = ksef.http.get(page + code(*made).removeprefix("https://"), headers=browser, timeout=20)
    bad = ksef.http.get(f"{page}{HOST}/<b>", headers=browser, timeout=20)
    assert "Kod jest poprawny" in good.text
    assert "SYMULATOR" in good.text
    assert "Kod nie jest poprawny" in bad.text
