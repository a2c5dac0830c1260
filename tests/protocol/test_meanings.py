"""Each code has a sentence and a way on."""

import json
import re
import string
from pathlib import Path
from typing import get_args

import pytest
from protocol_builders import every_meaning

from ksef_simulator.contract import CONTRACTS, FOLDER, MISSING, NEW, Contract
from tools import meanings, signing_link
from tools.credentials import Reason
from tools.errors import (
    KsefBlocked,
    KsefForbidden,
    KsefGone,
    KsefRateLimited,
    KsefRefused,
    KsefUnauthorized,
    KsefUnavailable,
    Problem,
)
from tools.grantee import Reason as GranteeReason
from tools.meanings import local_problems, outages, refused

ALLOWED = {"details", "company", "nip", "signer", "days", "left"}
# docs/ksef.md A1.
AUTH_STATUSES = [100, 200, 415, 425, 450, 460, 470, 480, 500, 550]
REFUSALS = [
    9101,
    9102,
    9103,
    9104,
    9105,
    9106,
    21001,
    21111,
    21115,
    21117,
    21180,
    21217,
    21301,
    21304,
    21308,
    21401,
    21405,
    21406,
    21418,
    21470,
    *range(25001, 25012),
    26001,
    26002,
]
REASONS = [
    "missing-permissions",
    "ip-not-allowed",
    "insufficient-resource-access",
    "auth-method-not-allowed",
    "security-service-blocked",
    "context-type-not-allowed",
]
DETAILS = {
    450: [
        "Nieprawidłowe wyzwanie autoryzacyjne",
        "Nieprawidłowy token",
        "Token unieważniony",
        "Nieprawidłowy czas tokena",
        "Token nieaktywny",
        "Nieprawidłowe szyfrowanie tokena",
        "Nieprawidłowe kodowanie tokena",
        "Token nie może być użyty w kontekście 5265877635",
    ],
    460: [
        "Nieważny certyfikat",
        "Błąd weryfikacji łańcucha certyfikatów",
        "Certyfikat odwołany",
        "Niezaufany łańcuch certyfikatów",
        "Certyfikat zawieszony",
        "Niepoprawny certyfikat",
    ],
}


def _unavailable(code="timeout", sent=True):
    return KsefUnavailable("…", code=code, sent=sent)


@pytest.mark.parametrize("code", sorted(outages.OUTAGES))
@pytest.mark.parametrize("sent", [True, False])
def test_where_no_machine_repeats_a_call_the_person_is_asked_to_try_again(code, sent):
    problem = {"kind": "outage", "code": code, "sent": sent}
    once = meanings.of_record({**problem, "once": True})
    assert "Odoo tries again" not in once.advice.action
    assert once.text == meanings.of_record(problem).text


@pytest.mark.parametrize("code", AUTH_STATUSES)
def test_every_status_of_a_login_is_known(code):
    assert meanings.auth_status(code) != meanings.auth_status(999)


@pytest.mark.parametrize("code", [450, 460])
def test_every_detail_of_a_status_has_a_meaning_of_its_own(code):
    texts = {meanings.auth_status(code, (detail,)).text for detail in DETAILS[code]}
    assert len(texts) == len(DETAILS[code])
    assert meanings.auth_status(code, ("Nowy powód",)) == meanings.auth_status(code)


def test_a_token_that_cannot_be_read_is_told_alike_by_the_older_ksef():
    old, new = ("Invalid token encoding.",), ("Nieprawidłowe kodowanie tokena",)
    assert meanings.auth_status(450, old) == meanings.auth_status(450, new)


@pytest.mark.parametrize("code", REFUSALS)
def test_every_error_code_is_known(code):
    assert meanings.refusal(code) != meanings.refusal(99999)


def test_an_unknown_signature_code_is_an_invalid_signature():
    assert meanings.refusal(9199) == meanings.refusal(9105)


@pytest.mark.parametrize(
    "detail",
    [
        "Podpis zweryfikowany negatywnie.",
        "Nieprawidłowa wartość skrótu dla referencji wskazującej na element ''.",
        "Błąd walidacji XSD: cvc-complex-type.2.4.a",
        "Format podpisu niezgodny z akceptowanymi profilami XAdES.",
        "Podpis złożony z użyciem niewspieranego algorytmu kryptograficznego.",
    ],
)
def test_the_details_of_an_invalid_signature_tell_more(detail):
    assert meanings.refusal(9105, (detail,)) != meanings.refusal(9105)


def test_tokens_fetched_already_are_told_from_an_ended_login():
    fetched = "Tokeny dla operacji uwierzytelniania 20260429-AU-… zostały już pobrane."
    assert meanings.refusal(21301, (fetched,)) != meanings.refusal(21301)


def test_a_redeem_that_came_too_early_waits():
    early = "Status uwierzytelniania (100) nie pozwala na pobranie tokenów."
    assert meanings.refusal(21301, (early,)).advice.way_back == "wait"


@pytest.mark.parametrize("code", [100, 200, 400, 500, 550])
def test_every_status_of_an_application_is_known(code):
    assert meanings.enrollment_status(code) != meanings.enrollment_status(999)


@pytest.mark.parametrize(
    "detail",
    [
        "Klucz publiczny został już certyfikowany przez inny podmiot.",
        "Osiągnięto dopuszczalny limit posiadanych certyfikatów.",
    ],
)
def test_a_rejected_application_says_why(detail):
    assert meanings.enrollment_status(400, (detail,)) != meanings.enrollment_status(400)


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_of_403_is_known(reason):
    assert meanings.forbidden(reason) != meanings.forbidden("another-reason")


def test_an_outage_says_whether_ksef_may_have_the_message():
    assert meanings.outage("timeout", sent=True) != meanings.outage("timeout", sent=False)


@pytest.mark.parametrize("code", [415, 470, 480])
def test_nothing_tries_again_what_is_final(code):
    assert meanings.auth_status(code).advice.final


@pytest.mark.parametrize(
    ("code", "details"), [(500, ()), (550, ()), (460, ("Błąd weryfikacji łańcucha certyfikatów",))]
)
def test_what_may_pass_is_not_final(code, details):
    assert not meanings.auth_status(code, details).advice.final


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (_unavailable(), meanings.outage("timeout", sent=True)),
        (
            KsefBlocked("…", code="blocked", sent=True, incident="7"),
            outages.NUMBERED["blocked"],
        ),
        (
            KsefForbidden("…", status=403, reason="ip-not-allowed", extensions={}),
            meanings.forbidden("ip-not-allowed"),
        ),
        (
            KsefForbidden(
                "…",
                status=403,
                reason="missing-permissions",
                extensions={},
                call="POST /permissions/entities/grants",
            ),
            meanings.order_status(420),
        ),
        (KsefRefused("…", status=400, problems=(Problem(21111, "…"),)), meanings.refusal(21111)),
        (
            KsefRefused("…", status=400, problems=(Problem(21001, "…"),), call="POST /tokens"),
            refused.OTHER_CALLS[21001],
        ),
        (KsefGone("…", status=410), refused.HTTP_STATUSES[410]),
        (KsefRateLimited("…"), refused.HTTP_STATUSES[429]),
        (KsefUnauthorized("…", status=401), refused.HTTP_STATUSES[401]),
        (KsefRefused("…", status=415), refused.HTTP_STATUSES[415]),
    ],
)
def test_an_exception_has_the_meaning_of_its_code(error, meaning):
    assert meanings.of_error(error) == meaning


@pytest.mark.parametrize(
    ("problem", "meaning"),
    [
        (
            {"kind": "auth_status", "code": 460, "details": ["Certyfikat odwołany"]},
            meanings.auth_status(460, ("Certyfikat odwołany",)),
        ),
        ({"kind": "enrollment", "code": 550}, meanings.enrollment_status(550)),
        ({"kind": "order", "code": 420}, meanings.order_status(420)),
        ({"kind": "forbidden", "code": "ip-not-allowed"}, meanings.forbidden("ip-not-allowed")),
        (
            {"kind": "outage", "code": "timeout", "sent": False},
            meanings.outage("timeout", sent=False),
        ),
        ({"kind": "refusal", "code": 21111}, meanings.refusal(21111)),
        (
            {"kind": "refusal", "code": 21001, "call": "POST /tokens"},
            refused.OTHER_CALLS[21001],
        ),
        ({"kind": "refusal", "code": None, "status": 410}, refused.HTTP_STATUSES[410]),
        ({"kind": "local", "code": "answer_lost"}, meanings.local("answer_lost")),
        ({}, meanings.auth_status(999)),
    ],
)
def test_a_kept_problem_has_the_meaning_of_its_code(problem, meaning):
    assert meanings.of_record(problem) == meaning


def test_every_problem_that_models_and_screens_name_is_known():
    addon = Path(__file__).resolve().parents[2] / "l10n_pl_ksef_auth"
    floors = ("models", "screens", "wizard")
    sources = [path for floor in floors for path in (addon / floor).rglob("*.py")]
    named = {
        code
        for path in sources
        for code in re.findall(r'\blocal\("(\w+)"', path.read_text("utf-8"))
    }
    assert len(named) > 10
    assert named <= set(local_problems.PROBLEMS)


@pytest.mark.parametrize(
    ("prefix", "reasons"),
    [
        (
            "nip_",
            [
                *("missing", "length", "characters", "checksum", "pattern"),
                *("internal_id", "unit_missing"),
            ],
        ),
        ("credential_", get_args(Reason)),
        ("grantee_", get_args(GranteeReason)),
        ("link_", (*get_args(signing_link.Reason), *get_args(signing_link.AddressWarning))),
    ],
)
def test_every_reason_of_our_own_exceptions_has_a_sentence(prefix, reasons):
    assert {prefix + reason for reason in reasons} <= set(local_problems.PROBLEMS)


def test_every_sentence_names_only_what_callers_fill_in():
    for meaning in every_meaning():
        for sentence in (meaning.text, meaning.advice.action):
            names = set(re.findall(r"%\((\w+)\)s", sentence))
            assert names <= ALLOWED
            assert "%" not in re.sub(r"%\(\w+\)s", "", sentence)


def test_every_meaning_says_what_happened_and_what_to_do():
    for meaning in every_meaning():
        assert meaning.text[0] in string.ascii_uppercase or meaning.text.startswith("%(signer)s")
        assert meaning.advice.action or meaning.advice.way_back == "none"
        assert meaning.advice.final or meaning.advice.way_back in (
            "wait",
            "sign",
            "support",
            "account",
        )


def test_each_right_that_ksef_lists_has_words():
    if not Contract.at_hand():
        pytest.skip(MISSING.format(CONTRACTS[NEW]))
    contract = json.loads((FOLDER / CONTRACTS[NEW]).read_bytes())
    names = contract["components"]["schemas"]["PersonalPermissionScope"]["enum"]
    assert names
    assert set(meanings.rights(names)) & set(names) == set()


def test_rights_come_the_most_wanted_first_and_one_that_nobody_knows_keeps_its_name():
    told = meanings.rights(["Nowe100%", "InvoiceRead", "InvoiceWrite"])
    assert [words % {} for words in told] == ["sending invoices", "reading invoices", "Nowe100%"]
