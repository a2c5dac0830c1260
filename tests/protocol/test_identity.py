"""Whom KSeF takes a certificate for."""

import pytest
from cryptography.x509.oid import NameOID
from protocol_builders import NIP, PESEL, certificate_for, enrollment_data

from tools import enrollment
from tools.identity import (
    Identity,
    fingerprint,
    identity_of_certificate,
    identity_of_enrollment_data,
)
from tools.x509_support import ORGANIZATION_IDENTIFIER

KEY = enrollment.new_key()
PERSON = [(NameOID.GIVEN_NAME, "Róża"), (NameOID.SURNAME, "Łąś")]
SEAL_NUMBER = (ORGANIZATION_IDENTIFIER, f"VATPL-{NIP}")


def _identity(*attributes):
    return identity_of_certificate(certificate_for(KEY, list(attributes)))


@pytest.mark.parametrize("number", [f"PNOPL-{PESEL}", f"PESEL: {PESEL}", f"PESEL-{PESEL}"])
def test_a_pesel_is_read_from_the_serial_number(number):
    identity = _identity(*PERSON, (NameOID.SERIAL_NUMBER, number))
    assert (identity.kind, identity.value, identity.name) == ("pesel", PESEL, "Róża Łąś")


@pytest.mark.parametrize("number", [f"TINPL-{NIP}", f"NIP-{NIP}"])
def test_a_nip_is_read_from_the_serial_number(number):
    identity = _identity(*PERSON, (NameOID.SERIAL_NUMBER, number))
    assert (identity.kind, identity.value) == ("nip", NIP)


def test_a_seal_is_its_companys_nip():
    identity = _identity((NameOID.COMMON_NAME, "Przykładowa"), SEAL_NUMBER)
    assert (identity.kind, identity.value, identity.name) == ("nip", NIP, "Przykładowa")


def test_a_persons_certificate_is_not_read_as_the_employers_seal():
    assert _identity(*PERSON, SEAL_NUMBER).kind == "fingerprint"


def test_a_certificate_without_a_polish_number_is_its_fingerprint():
    certificate = certificate_for(KEY, [*PERSON, (NameOID.SERIAL_NUMBER, "PNODE-L01X00T47")])
    identity = identity_of_certificate(certificate)
    assert (identity.kind, identity.value) == ("fingerprint", fingerprint(certificate))
    assert len(identity.value) == 64


@pytest.mark.parametrize(
    ("attributes", "masked"),
    [
        ([(NameOID.SERIAL_NUMBER, f"PNOPL-{PESEL}")], "•••••••••59"),
        ([SEAL_NUMBER], "526-587-76-35"),
    ],
)
def test_a_pesel_is_shown_by_its_end_only(attributes, masked):
    identity = _identity(*attributes)
    assert identity.masked == masked
    assert PESEL not in repr(identity)


def test_a_digest_recognises_an_identity_under_the_same_key_only():
    one, other = (_identity(*PERSON, (NameOID.SERIAL_NUMBER, f"PNOPL-{PESEL}")) for _ in "12")
    assert one.digest(b"key") == other.digest(b"key")
    assert one.digest(b"key") != one.digest(b"another")
    assert PESEL not in one.digest(b"key")


def test_enrollment_data_and_its_certificate_are_the_same_identity():
    data = enrollment_data(
        "RÓŻA ŁĄŚ", givenName="RÓŻA", surname="ŁĄŚ", serialNumber=f"PNOPL-{PESEL}"
    )
    issued = _identity(*PERSON, (NameOID.SERIAL_NUMBER, f"PNOPL-{PESEL}"))
    assert identity_of_enrollment_data(data).digest(b"k") == issued.digest(b"k")


def test_a_company_is_recognised_by_a_number_that_ksef_gives_without_its_prefix():
    data = enrollment_data("Firma", organizationIdentifier=NIP, uniqueIdentifier="d9d22724")
    subject = [(ORGANIZATION_IDENTIFIER, NIP), (NameOID.X500_UNIQUE_IDENTIFIER, "d9d22724")]
    issued = identity_of_certificate(certificate_for(KEY, subject), issued_by_ksef=True)
    assert identity_of_enrollment_data(data).label == issued.label == "NIP 526-587-76-35"
    assert identity_of_enrollment_data(data).digest(b"k") == issued.digest(b"k")


def test_a_seal_of_others_needs_the_prefix():
    assert _identity((ORGANIZATION_IDENTIFIER, NIP)).kind == "fingerprint"


def test_a_fingerprint_named_in_enrollment_data_is_recognised_in_the_certificate():
    value = "ab" * 32
    data = enrollment_data("Foreign", "DE", uniqueIdentifier=value)
    issued = _identity((NameOID.COMMON_NAME, "Foreign"), (NameOID.X500_UNIQUE_IDENTIFIER, value))
    assert identity_of_enrollment_data(data).value == issued.value == value.upper()


@pytest.mark.parametrize(
    ("identity", "label"),
    [
        (Identity("pesel", "80010112394", "Róża"), "PESEL •••••••••94"),
        (Identity("nip", "5265877635", "Firma"), "NIP 526-587-76-35"),
        (Identity("fingerprint", "ABCDEF0123456789", "Kto"), "ABCDEF01…"),
    ],
)
def test_a_person_reads_what_kind_of_number_it_is(identity, label):
    assert identity.label == label
