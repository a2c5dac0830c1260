"""Whom a client gives rights: built from a certificate or a kept copy, checked, and masked."""

from datetime import date, datetime, timedelta, timezone

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from ksef_simulator import identities, keys, own_seals, pki, signers
from tools import pesel
from tools.grantee import (
    CompanyGrantee,
    IdDocument,
    InvalidGrantee,
    Number,
    PersonGrantee,
    grantee_of_certificate,
    grantee_of_subject,
)
from tools.x509_support import read_certificate

NOW = datetime(2026, 11, 30, tzinfo=timezone.utc)
OFFICE = "Biuro Rachunkowe Łąś Sp. z o.o."
PESEL = identities.OWNER.pesel
FINGERPRINT = "AB" * 32
PASSPORT = IdDocument(date(1980, 2, 29), "Paszport", "C01X00T47", "DE")


def company(nip=own_seals.OFFICE_NIP, name=OFFICE):
    return CompanyGrantee(nip, name)


def person(value=PESEL, kind="pesel", first="Róża", last="Żółć-Źdźbło", behind=None):
    return PersonGrantee(Number(kind, value), first, last, behind)


def certificate(signer):
    return read_certificate(signers.certificate_of(signer, NOW).public_bytes(Encoding.DER))


def seal(name="Biuro Rachunkowe Sp. z o.o."):
    made = own_seals.seal_of(own_seals.OFFICE_NIP, name, NOW)
    return read_certificate(made.public_bytes(Encoding.DER))


#: Each form that KSeF's contract knows.
GRANTEES = [
    company(),
    person(),
    person(own_seals.OFFICE_NIP, "nip"),
    person(FINGERPRINT, "fingerprint", behind=Number("pesel", PESEL)),
    person(FINGERPRINT, "fingerprint", behind=PASSPORT),
]


def test_an_office_gets_its_rights_by_its_nip_and_passes_none_on():
    assert company().subject == {
        "subjectIdentifier": {"type": "Nip", "value": own_seals.OFFICE_NIP},
        "subjectDetails": {"fullName": OFFICE},
    }
    assert company().permissions(["InvoiceRead"]) == [{"type": "InvoiceRead", "canDelegate": False}]


def test_an_accountant_gets_rights_by_the_pesel():
    assert person().subject == {
        "subjectIdentifier": {"type": "Pesel", "value": PESEL},
        "subjectDetails": {
            "subjectDetailsType": "PersonByIdentifier",
            "personById": {"firstName": "Róża", "lastName": "Żółć-Źdźbło"},
        },
    }
    assert person().permissions(["InvoiceRead"]) == ["InvoiceRead"]


@pytest.mark.parametrize("grantee", GRANTEES)
def test_a_kept_copy_is_the_same_grantee_again(grantee):
    assert grantee_of_subject(grantee.subject) == grantee


def test_a_kept_copy_with_another_number_is_another_grantee():
    changed = {"subjectIdentifier": {"type": "Nip", "value": identities.DEMO_NIP}}
    assert grantee_of_subject({**company().subject, **changed}) != company()


def test_a_kept_copy_that_somebody_has_damaged_is_none():
    damaged = {"subjectIdentifier": {"type": "Nip", "value": "5265877636"}}
    with pytest.raises(InvalidGrantee):
        grantee_of_subject({**company().subject, **damaged})


def test_a_companys_seal_asks_for_rights_for_its_nip():
    found = grantee_of_certificate(seal(), company_name=f"  {OFFICE} ")
    assert found == company()


def test_a_persons_certificate_asks_for_rights_for_its_pesel():
    found = grantee_of_certificate(certificate("qualified"))
    assert found.subject["subjectIdentifier"]["value"] == identities.QUALIFIED.pesel
    assert found.name == identities.QUALIFIED.name


def test_a_name_that_is_too_long_for_ksef_is_cut():
    found = grantee_of_certificate(seal(), company_name="A" * 89 + " B")
    assert found.name == "A" * 89


def test_a_person_whose_name_was_cut_is_the_same_again_from_the_kept_copy():
    human = identities.Person(PESEL, "Róża " * 7, "Żółć-Źdźbło")
    key = keys.ec_key("long names")
    subject = signers.personal_subject(human)
    made = pki.certificate(
        subject=subject,
        public_key=key.public_key(),
        issuer=subject,
        issuer_key=key,
        valid_from=NOW,
        valid_to=NOW + timedelta(days=1),
    )
    found = grantee_of_certificate(read_certificate(made.public_bytes(Encoding.DER)))
    assert found.first_name == "Róża Róża Róża Róża Róża Róża"
    assert grantee_of_subject(found.subject) == found


def test_a_certificate_without_a_number_does_not_say_to_whom_rights_should_go():
    with pytest.raises(InvalidGrantee) as raised:
        grantee_of_certificate(certificate("foreign"))
    assert raised.value.reason == "unknown_person"


@pytest.mark.parametrize(
    ("reason", "make"),
    [
        ("nip", lambda: company("5265877636")),
        ("nip", lambda: company("701-000-21-39")),
        ("nip", lambda: company(PESEL)),
        ("company_name", lambda: company(name="ABCD")),
        ("company_name", lambda: company(name="A" * 91)),
        ("company_name", lambda: company(name="Biuro  Rachunkowe")),
        ("company_name", lambda: company(name=" Biuro")),
        ("pesel", lambda: person("85041742161")),
        ("pesel", lambda: person("8504174216")),
        ("person_name", lambda: person(first="R")),
        ("person_name", lambda: person(first="R" * 31)),
        ("person_name", lambda: person(last="Z")),
        ("person_name", lambda: person(last="Z" * 82)),
        ("fingerprint", lambda: person("AB" * 31, "fingerprint", behind=PASSPORT)),
        ("unknown_person", lambda: person(FINGERPRINT, "fingerprint")),
        ("unknown_person", lambda: person(behind=PASSPORT)),
        (
            "unknown_person",
            lambda: person(FINGERPRINT, "fingerprint", behind=Number("fingerprint", FINGERPRINT)),
        ),
        (
            "pesel",
            lambda: person(FINGERPRINT, "fingerprint", behind=Number("pesel", "1" * 11)),
        ),
        ("document", lambda: IdDocument(date(1980, 2, 29), "Paszport", "C01X00T47", "de")),
        ("document", lambda: IdDocument(date(1980, 2, 29), "", "C01X00T47", "DE")),
        ("document", lambda: IdDocument(date(1980, 2, 29), "Paszport", "C" * 21, "DE")),
    ],
)
def test_what_ksef_would_refuse_is_no_grantee(reason, make):
    with pytest.raises(InvalidGrantee) as raised:
        make()
    assert raised.value.reason == reason


@pytest.mark.parametrize("grantee", GRANTEES)
def test_nothing_shows_a_pesel_a_name_or_a_document(grantee):
    shown = f"{grantee!r} {grantee}"
    for secret in (PESEL, "Róża", "Źdźbło", FINGERPRINT, "C01X00T47", "1980"):
        assert secret not in shown


def test_a_screen_shows_a_masked_pesel_and_a_whole_nip():
    assert person().number.label == f"PESEL •••••••••{PESEL[-2:]}"
    assert company().number.label == "NIP 701-000-21-39"


def test_the_exception_for_a_wrong_number_does_not_show_it():
    with pytest.raises(InvalidGrantee) as raised:
        person("85041742161")
    assert "85041742161" not in f"{raised.value!r} {raised.value}"


@pytest.mark.parametrize("number", [item.pesel for item in identities.PEOPLE.values()])
def test_one_wrong_digit_makes_a_pesel_invalid(number):
    assert pesel.is_valid(number)
    assert not pesel.is_valid(number[:-1] + str((int(number[-1]) + 1) % 10))
