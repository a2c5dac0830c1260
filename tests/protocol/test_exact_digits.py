"""Digits are 0 to 9: Python's ``\\d`` and ``isdigit`` take those of every other script as well."""

import re
from datetime import datetime, timezone
from pathlib import Path

import pytest
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID
from protocol_builders import NIP, PESEL, certificate_for

from tools import enrollment, identity, members, nip
from tools.x509_support import ORGANIZATION_IDENTIFIER

SOURCES = sorted(Path(identity.__file__).parent.rglob("*.py"))
KEY = enrollment.new_key()


def arabic(text: str) -> str:
    """Return the text with its digits in Arabic script."""
    return text.translate({ord("0") + n: chr(0x0660 + n) for n in range(10)})


def whose(attribute, text):
    """Return whom a certificate stands for, its attribute written as UTF-8."""
    certificate = certificate_for(KEY, [(attribute, text, _ASN1Type.UTF8String)])
    return identity.identity_of_certificate(certificate)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_no_pattern_of_the_protocol_layer_takes_digits_of_other_scripts(source):
    text = source.read_text()
    assert r"\d" not in text
    assert len(re.findall("isdigit", text)) == len(re.findall(r"isascii\(\) and \S+isdigit", text))


@pytest.mark.parametrize(
    ("attribute", "text"),
    [
        (NameOID.SERIAL_NUMBER, f"PNOPL-{PESEL}"),
        (NameOID.SERIAL_NUMBER, f"TINPL-{NIP}"),
        (ORGANIZATION_IDENTIFIER, f"VATPL-{NIP}"),
    ],
)
def test_a_certificate_with_digits_of_another_script_names_nobody(attribute, text):
    plain, other = (whose(attribute, value) for value in (text, arabic(text)))
    assert plain.kind in ("pesel", "nip") and other.kind == "fingerprint"


def test_a_number_that_begins_in_another_script_is_none():
    mixed = f"PNOPL-{arabic(PESEL[:5])}{PESEL[5:]}"
    assert whose(NameOID.SERIAL_NUMBER, mixed).kind == "fingerprint"


def test_a_time_in_digits_of_another_script_is_none():
    text = "2026-11-22T14:03:00Z"
    assert members.moment(text) == datetime(2026, 11, 22, 14, 3, tzinfo=timezone.utc)
    with pytest.raises(ValueError, match="date"):
        members.moment(arabic(text))


def test_a_nip_in_digits_of_another_script_is_none():
    with pytest.raises(nip.InvalidNip):
        nip.normalise(arabic(NIP))
