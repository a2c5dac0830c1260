"""KSeF certificates: each check of an application, limits, issue."""

from __future__ import annotations

from datetime import timedelta
from inspect import signature

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.x509.oid import NameOID
from kit import codes, ec_key, make_csr, rsa_key

from ksef_simulator import identities

QUERY = "/certificates/query"


@pytest.fixture
def tokens(ksef):
    return ksef.login()


@pytest.fixture
def data(ksef, tokens):
    return ksef.enrollment_data(tokens)


def test_a_certificate_is_issued_with_the_subject_of_the_application(ksef, tokens):
    key = ec_key()
    made = ksef.certificate(tokens, key)
    assert made.public_key().public_numbers() == key.public_key().public_numbers()
    name = made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    assert name == identities.OWNER.name


@pytest.mark.parametrize(
    ("type", "usage"), [("Authentication", "digital_signature"), ("Offline", "content_commitment")]
)
def test_the_key_usage_follows_the_type(ksef, tokens, type, usage):
    made = ksef.certificate(tokens, ec_key(), certificateType=type)
    assert getattr(made.extensions.get_extension_for_class(x509.KeyUsage).value, usage)


def test_a_certificate_for_an_rsa_key_is_issued_too(ksef, tokens):
    key = rsa_key()
    made = ksef.certificate(tokens, key).public_key()
    assert made.public_numbers() == key.public_key().public_numbers()


def test_changed_data_is_25003(ksef, tokens, data):
    for member, value in (("surname", "Inna"), ("serialNumber", "PNOPL-00000000000")):
        assert codes(ksef.enroll(tokens, make_csr({**data, member: value}))) == [25003]


def test_an_attribute_too_few_or_too_many_is_25003(ksef, tokens, data):
    fewer = {name: value for name, value in data.items() if name != "givenName"}
    more = {**data, "organizationName": "Firma"}
    assert codes(ksef.enroll(tokens, make_csr(fewer))) == [25003]
    assert codes(ksef.enroll(tokens, make_csr(more))) == [25003]


def test_what_is_no_request_is_25004(ksef, tokens):
    assert codes(ksef.enroll(tokens, b"nonsense")) == [25004]


def test_a_request_with_a_wrong_signature_is_25004(ksef, tokens, data):
    spoilt = bytearray(make_csr(data))
    spoilt[-1] ^= 1
    assert codes(ksef.enroll(tokens, bytes(spoilt))) == [25004]


def test_polish_letters_in_a_printable_string_are_25004(ksef, tokens, data):
    csr = make_csr({**data, "surname": "Zolc{"})
    text = csr.index(b"Zolc{")
    broken = csr[: text - 2] + b"\x13" + csr[text - 1 :]
    assert codes(ksef.enroll(tokens, broken)) == [25004]


def test_text_that_is_not_base64_is_21405(ksef, tokens):
    body = {"certificateName": "Certyfikat", "certificateType": "Offline", "csr": "%%%"}
    answer = ksef.call("POST", "/certificates/enrollments", tokens.access, json=body)
    assert codes(answer) == [21405]


@pytest.mark.parametrize(
    "make_key",
    [lambda: rsa_key(1024), lambda: rsa_key(3072), lambda: ec.generate_private_key(ec.SECP384R1())],
    ids=["RSA 1024", "RSA 3072", "P-384"],
)
def test_a_key_of_another_kind_or_length_is_25010(ksef, tokens, data, make_key):
    assert codes(ksef.enroll(tokens, make_csr(data, make_key()))) == [25010]


def test_another_signature_algorithm_is_25011(ksef, tokens, data):
    assert codes(ksef.enroll(tokens, make_csr(data, None, hashes.SHA3_256()))) == [25011]
    assert codes(ksef.enroll(tokens, make_csr(data, rsa_key(), hashes.SHA224()))) == [25011]


@pytest.mark.parametrize("algorithm", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_the_listed_signature_algorithms_are_accepted(ksef, tokens, data, algorithm):
    assert ksef.enroll(tokens, make_csr(data, None, algorithm)).status_code == 202


@pytest.mark.skipif(
    "rsa_padding" not in signature(x509.CertificateSigningRequestBuilder.sign).parameters,
    reason="cryptography signs requests with RSA-PSS since release 41",
)
def test_a_request_signed_with_rsa_pss_is_accepted(ksef, tokens, data):
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    csr = make_csr(data, rsa_key(), hashes.SHA256(), rsa_padding=pss)
    assert ksef.enroll(tokens, csr).status_code == 202


@pytest.mark.parametrize("name", ["Krót", "Firma Sp. z o.o.", "a/b/c/d/e", "(nawias)", "x" * 101])
def test_a_name_outside_the_allowed_letters_is_21405(ksef, tokens, name):
    assert codes(ksef.enroll(tokens, certificateName=name)) == [21405]


def test_a_type_that_does_not_exist_is_21405(ksef, tokens):
    assert codes(ksef.enroll(tokens, certificateType="Both")) == [21405]


@pytest.mark.filterwarnings("ignore:Attribute's length")
def test_names_longer_than_64_characters_pass(ksef, sim, tokens):
    operation = sim.state.operations[tokens.reference]
    operation.subject["commonName"] = "Ż" * 90
    made = ksef.certificate(tokens, ec_key())
    assert made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "Ż" * 90


def test_several_given_names_come_as_text_or_as_a_list(ksef, sim):
    assert ksef.enrollment_data(ksef.login("qualified"))["givenName"] == "Jan Maria"
    sim.on_exchange = None  # the contract knows the text only (docs/ksef.md A2-22)
    sim.settings.given_names = "list"
    tokens = ksef.login("qualified")
    assert ksef.enrollment_data(tokens)["givenName"] == ["Jan", "Maria"]
    assert ksef.enroll(tokens).status_code == 202


def test_a_seal_gets_its_own_organisation(ksef):
    data = ksef.enrollment_data(ksef.login("seal"))
    assert data["organizationIdentifier"] == f"VATPL-{identities.DEMO_NIP}"
    assert "surname" not in data


def test_a_person_may_apply_twelve_times_and_hold_six(ksef, sim, tokens):
    for _number in range(6):
        assert ksef.enroll(tokens).status_code == 202
    limits = ksef.call("GET", "/certificates/limits", tokens.access).json()
    assert limits["certificate"] == {"remaining": 0, "limit": 6}
    assert limits["enrollment"] == {"remaining": 6, "limit": 12}
    assert limits["canRequest"] is False
    assert codes(ksef.enroll(tokens)) == [25007]
    sim.settings.person_certificate_limit = 99
    for _number in range(6):
        assert ksef.enroll(tokens).status_code == 202
    assert codes(ksef.enroll(tokens)) == [25006]


def test_a_company_may_apply_three_hundred_times(ksef):
    limits = ksef.call("GET", "/certificates/limits", ksef.login("seal").access).json()
    assert (limits["enrollment"]["limit"], limits["certificate"]["limit"]) == (300, 100)


def test_limits_are_counted_per_person_not_per_company(ksef, sim, tokens):
    sim.world.grant(identities.OWNER.identity, "1111111111", "InvoiceRead")
    ksef.enroll(tokens)
    other = ksef.login("owner", nip="1111111111")
    limits = ksef.call("GET", "/certificates/limits", other.access).json()
    assert limits["enrollment"]["remaining"] == 11


def test_an_application_takes_as_long_as_told(ksef, sim, tokens):
    sim.settings.enrollment_delay = 3600
    path = f"/certificates/enrollments/{ksef.enroll(tokens).json()['referenceNumber']}"
    assert ksef.call("GET", path, tokens.access).json()["status"]["code"] == 100
    sim.settings.access_token_seconds = 7200
    later = ksef.login()
    sim.clock.advance(3600)
    body = ksef.call("GET", path, later.access).json()
    assert (body["status"]["code"], len(body["certificateSerialNumber"])) == (200, 16)


@pytest.mark.parametrize("code", [400, 500, 550])
def test_each_other_end_of_an_application_can_be_forced(ksef, sim, tokens, code):
    sim.settings.force_enrollment_status = {"code": code}
    path = f"/certificates/enrollments/{ksef.enroll(tokens).json()['referenceNumber']}"
    assert ksef.call("GET", path, tokens.access).json()["status"]["code"] == code


def test_a_key_that_is_another_ones_is_rejected(ksef, tokens):
    key = ec_key()
    ksef.certificate(tokens, key)
    other = ksef.login("reader")
    answer = ksef.enroll(other, make_csr(ksef.enrollment_data(other), key))
    path = f"/certificates/enrollments/{answer.json()['referenceNumber']}"
    state = ksef.call("GET", path, other.access).json()["status"]
    assert state["code"] == 400
    assert state["details"] == ["Klucz publiczny został już certyfikowany przez inny podmiot."]


def test_an_application_is_readable_for_thirty_days(ksef, sim, tokens):
    path = f"/certificates/enrollments/{ksef.enroll(tokens).json()['referenceNumber']}"
    sim.clock.advance(timedelta(days=30))
    assert ksef.call("GET", path, ksef.login().access).status_code == 410


def test_an_application_of_somebody_else_does_not_exist(ksef, tokens):
    path = f"/certificates/enrollments/{ksef.enroll(tokens).json()['referenceNumber']}"
    assert codes(ksef.call("GET", path, ksef.login("reader").access)) == [25005]
