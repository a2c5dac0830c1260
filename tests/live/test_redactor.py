"""Nothing that names a person or opens anything leaves this machine."""

from __future__ import annotations

import pytest

from live.redactor import Redactor

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "text, expected",
    [
        ("PESEL 44051401359.", "PESEL [PESEL]."),
        ("NIP 5265877635", "NIP [NIP]"),
        ("NIP 526-587-76-35", "NIP [NIP]"),
        (f"Bearer {TOKEN}", "Bearer [token]"),
        ("from 192.0.2.17", "from [address]"),
        ("from 2001:db8::17", "from [address]"),
        ("ola@example.com", "[address]"),
        ("/auth/20260429-AU-0123456789-ABCDEF0123-0A", "/auth/[reference]"),
        ("/certificates/0123456789ABCDEF/revoke", "/certificates/[serial]/revoke"),
        ("id 0f8fad5b-d9cb-469f-a165-70867728950e", "id [id]"),
        ("MIIB" + "A" * 60 + "==", "[data]"),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "[certificate]"),
        ("bad: <AuthTokenRequest xmlns='x'><Nip>1</Nip>", "bad: [document]"),
    ],
)
def test_what_looks_like_a_secret_is_replaced(text, expected):
    assert Redactor().text(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "400 21111",
        "Status uwierzytelniania (415) nie pozwala na pobranie tokenów.",
        "2026-11-29T12:30:45+00:00",
        "wersja 2.9.0",
        "Nieprawidłowa wartość skrótu dla referencji wskazującej na element ''.",
        "[sig-001]: Format podpisu",
    ],
)
def test_what_ksef_says_is_kept(text):
    assert Redactor().text(text) == text


def test_what_was_learnt_is_replaced_whole_and_by_its_longest_part():
    redactor = Redactor()
    redactor.learn("Żółć", "name")
    redactor.learn("Róża Żółć", "name of the owner")
    redactor.learn("", "nothing")
    assert redactor.text("Róża Żółć, Żółć, Żółcień") == "[name of the owner], [name], Żółcień"


def test_of_json_the_shape_is_kept_and_what_says_what_happened():
    body = {
        "referenceNumber": "20260429-AU-0123456789-ABCDEF0123-0A",
        "authenticationToken": {"token": TOKEN, "validUntil": "2026-11-29T12:30:45+00:00"},
        "status": {"code": 415, "description": "Róża", "details": ["PESEL 44051401359"]},
        "items": [{"isCurrent": True, "name": "a"}, {"isCurrent": True, "name": "b"}],
        "count": 3,
        "nothing": None,
    }
    redactor = Redactor()
    redactor.learn("Róża", "name")
    assert redactor.shape(body) == {
        "referenceNumber": "text",
        "authenticationToken": {"token": "text", "validUntil": "time"},
        "status": {"code": 415, "description": "[name]", "details": ["PESEL [PESEL]"]},
        "items": [{"isCurrent": True, "name": "text"}],
        "count": "number",
        "nothing": "null",
    }
