"""What each of KSeF's codes tells a person: the table that says which advice is right for it.

A row: the code, KSeF's details, the way back, whether the same attempt is over for good, words of
the sentence, words of the advice. The statuses, codes and reasons are those of docs/ksef.md A1.
"""

import re

import pytest

from tools import meanings
from tools.meanings import applications, certificate_login, grants, login, outages, refused
from tools.meanings.meaning import (
    CHECK_ADDRESS,
    CONNECT_AGAIN,
    ODOO_GOES_ON,
    OPEN_ACCOUNT,
    OTHER_FILE,
    OTHER_WAY,
    SIGN_AGAIN,
    SIGN_UNTOUCHED,
    TELL_SUPPORT,
)

FINAL, PASSES = True, False

# A table is read by its columns.
# fmt: off
LOGIN = [
    (100, "", "wait", PASSES, "still checking the signature", "Odoo goes on asking"),
    (200, "", "none", FINAL, "has accepted the login", ""),
    (415, "Brak przypisanych uprawnień", "sign", FINAL, "signature is fine", "ZAW-FA"),
    (425, "", "sign", FINAL, "login was ended in KSeF", CONNECT_AGAIN),
    (450, "", "sign", FINAL, "did not accept the KSeF token", "signature instead"),
    (450, "Nieprawidłowe wyzwanie autoryzacyjne", "sign", FINAL, "challenge", "signature instead"),
    (450, "Nieprawidłowy token", "sign", FINAL, "does not know this KSeF token", "signature"),
    (450, "Nieprawidłowy czas tokena", "sign", FINAL, "time", "signature instead"),
    (450, "Token unieważniony", "sign", FINAL, "token was revoked", "signature instead"),
    (450, "Token nieaktywny", "sign", FINAL, "not active", "signature instead"),
    (450, "Invalid token encoding.", "sign", FINAL, "could not read", "signature instead"),
    (460, "", "other_way", FINAL, "did not accept the certificate", OTHER_WAY),
    (450, "Nieprawidłowe szyfrowanie tokena", "sign", FINAL, "not decrypt", "signature instead"),
    (450, "Nieprawidłowe kodowanie tokena", "sign", FINAL, "could not read", "signature instead"),
    (450, "Token nie może być użyty w kontekście 5265877635",
     "sign", FINAL, "belongs to another company", "signature instead"),
    (460, "Nieważny certyfikat", "sign", FINAL, "has expired", "valid certificate"),
    (460, "Błąd weryfikacji łańcucha certyfikatów", "sign", PASSES, "just now", SIGN_AGAIN),
    (460, "Niezaufany łańcuch certyfikatów", "other_way", FINAL, "does not trust", OTHER_WAY),
    (460, "Certyfikat odwołany", "other_way", FINAL, "was revoked", OTHER_WAY),
    (460, "Certyfikat zawieszony", "sign", FINAL, "is suspended", "lift the suspension"),
    (460, "Niepoprawny certyfikat", "account", FINAL, "another KSeF environment", "environment"),
    (470, "", "sign", FINAL, "this person's data", "another person"),
    (480, "", "support", FINAL, "security incident", "ksef.podatki.gov.pl/formularz"),
    (500, "", "sign", PASSES, "an error of its own", SIGN_AGAIN),
    (550, "", "sign", PASSES, "cancelled the login", SIGN_AGAIN),
    (999, "", "support", FINAL, "does not know", TELL_SUPPORT),
]

REFUSALS = [
    (9101, "", "other_file", FINAL, "does not take this file for a signed request", OTHER_FILE),
    (9102, "", "other_file", FINAL, "not signed", OTHER_FILE),
    (9103, "", "new_file", FINAL, "more signatures", "one signature"),
    (9104, "", "new_file", FINAL, "fewer signatures", SIGN_UNTOUCHED),
    (9105, "", "other_way", FINAL, "did not accept the signature", OTHER_WAY),
    (9105, "Nieprawidłowa wartość skrótu dla referencji wskazującej na element ''.",
     "new_file", FINAL, "changed after signing", SIGN_UNTOUCHED),
    (9105, "Podpis zweryfikowany negatywnie.",
     "other_way", FINAL, "does not match its certificate", OTHER_WAY),
    (9105, "Format podpisu niezgodny z akceptowanymi profilami XAdES.",
     "other_way", FINAL, "XAdES form", OTHER_WAY),
    (9105, "Podpis złożony z użyciem niewspieranego algorytmu kryptograficznego.",
     "other_way", FINAL, "algorithm", OTHER_WAY),
    (9105, "Błąd walidacji XSD: cvc-complex-type.2.4.a",
     "other_way", FINAL, "form that KSeF requires", OTHER_WAY),
    (9106, "", "other_way", FINAL, "does not cover the request", OTHER_WAY),
    (9199, "", "other_way", FINAL, "did not accept the signature", OTHER_WAY),
    (21001, "", "other_file", FINAL, "could not read the file", OTHER_FILE),
    (21111, "", "sign", FINAL, "out of date or was used already", SIGN_AGAIN),
    (21115, "", "other_way", FINAL, "lacks the signer's PESEL or NIP", OTHER_WAY),
    (21117, "", "account", FINAL, "(%(nip)s)", "as whom Odoo logs in"),
    (21180, "", "support", FINAL, "at this address", CHECK_ADDRESS),
    (21217, "", "new_file", FINAL, "UTF-8", SIGN_UNTOUCHED),
    (21301, "", "sign", FINAL, "no longer accepts this login", CONNECT_AGAIN),
    (21301, "Tokeny dla operacji uwierzytelniania 1 zostały już pobrane.",
     "sign", FINAL, "does so once", SIGN_AGAIN),
    (21301, "Status uwierzytelniania (100) nie pozwala na pobranie tokenów.",
     "wait", PASSES, "has not finished checking", "Odoo goes on asking"),
    (21301, "Status uwierzytelniania (415) nie pozwala na pobranie tokenów.",
     "sign", FINAL, "cannot be finished", SIGN_AGAIN),
    (21301, "Status uwierzytelniania (425) nie pozwala na odświeżenie tokenu dostępowego.",
     "sign", FINAL, "no longer accepts this login", CONNECT_AGAIN),
    (21301, "Token KSeF został unieważniony.", "sign", FINAL, "token", CONNECT_AGAIN),
    (21304, "", "sign", FINAL, "no longer accepts this login", CONNECT_AGAIN),
    (21308, "", "sign", FINAL, "this person's data", "another person"),
    (21401, "", "sign", FINAL, "The file does not have the form", SIGN_AGAIN),
    (21405, "", "support", FINAL, "error in the data", TELL_SUPPORT),
    (21406, "", "account", FINAL, "holds no PESEL or NIP", "certificate alone"),
    (21418, "", "support", FINAL, "continue the list", TELL_SUPPORT),
    (21470, "", "sign", FINAL, "withdrawn the key", "signature instead"),
    (25001, "", "sign", FINAL, "no data for a certificate", "with a signature"),
    (25002, "", "sign", FINAL, "issues no certificate", "with a signature"),
    (25003, "", "account", FINAL, "does not match the data", "Ask for a certificate again"),
    (25004, "", "support", FINAL, "could not read the certificate application", TELL_SUPPORT),
    (25005, "", "account", FINAL, "does not know this certificate application", "again"),
    (25006, "", "account", FINAL, "used up all certificate applications", "Load a certificate"),
    (25007, "", "account", FINAL, "as many KSeF certificates as", "Revoke a certificate"),
    (25008, "", "account", FINAL, "does not know this certificate", OPEN_ACCOUNT),
    (25009, "", "account", FINAL, "no longer valid", OPEN_ACCOUNT),
    (25010, "", "support", FINAL, "kind or length of the certificate's key", TELL_SUPPORT),
    (25011, "", "support", FINAL, "application is signed", TELL_SUPPORT),
    (26001, "", "none", FINAL, "rights that this login does not have", "rights granted"),
    (26002, "", "account", FINAL, "no KSeF tokens", "company's NIP"),
    (99999, "", "support", FINAL, "does not know", TELL_SUPPORT),
]

#: Kind, code, details and the rest as above: what a login with a KSeF certificate ended with.
BY_CERTIFICATE = [
    ("auth_status", 415, "Brak przypisanych uprawnień",
     "sign", FINAL, "certificate is fine, but %(signer)s", "ZAW-FA"),
    ("auth_status", 425, "", "sign", FINAL, "by %(signer)s", CONNECT_AGAIN),
    ("auth_status", 460, "", "other_way", FINAL, "certificate of %(signer)s", OTHER_WAY),
    ("auth_status", 460, "Nieważny certyfikat", "sign", FINAL, "has expired", "another"),
    ("auth_status", 460, "Błąd weryfikacji łańcucha certyfikatów",
     "wait", PASSES, "just now", ODOO_GOES_ON),
    ("auth_status", 460, "Certyfikat odwołany", "sign", FINAL, "was revoked", "another"),
    ("auth_status", 460, "Certyfikat zawieszony", "sign", FINAL, "is suspended", "another"),
    ("auth_status", 460, "Niezaufany łańcuch certyfikatów",
     "sign", FINAL, "another KSeF environment", "another"),
    ("auth_status", 460, "Niepoprawny certyfikat",
     "sign", FINAL, "another KSeF environment", "another"),
    ("auth_status", 470, "", "sign", FINAL, "data of %(signer)s", "another person"),
    ("auth_status", 480, "", "support", FINAL, "security incident", "formularz"),
    ("auth_status", 500, "", "wait", PASSES, "an error of its own", ODOO_GOES_ON),
    ("auth_status", 550, "", "wait", PASSES, "cancelled the login", ODOO_GOES_ON),
    ("refusal", 9105, "", "other_way", FINAL, "certificate of %(signer)s", OTHER_WAY),
    ("refusal", 21001, "", "other_way", FINAL, "certificate of %(signer)s", OTHER_WAY),
    ("refusal", 21111, "", "wait", PASSES, "this login", ODOO_GOES_ON),
    ("refusal", 21115, "", "other_way", FINAL, "certificate of %(signer)s", OTHER_WAY),
    ("refusal", 21308, "", "sign", FINAL, "data of %(signer)s", "another person"),
    ("refusal", 21301, "", "sign", FINAL, "no longer accepts this login", CONNECT_AGAIN),
    ("local", "answer_lost", "", "wait", PASSES, "lost", ODOO_GOES_ON),
    ("local", "not_taken", "", "wait", PASSES, "took no logins", ODOO_GOES_ON),
]

APPLICATIONS = [
    (100, "", "wait", PASSES, "is issuing the certificate", ODOO_GOES_ON),
    (200, "", "none", FINAL, "has issued the certificate", ""),
    (400, "", "account", FINAL, "rejected the certificate application", "again"),
    (400, "Klucz publiczny został już certyfikowany przez inny podmiot.",
     "account", FINAL, "to somebody else", "Ask for a certificate again"),
    (400, "Osiągnięto dopuszczalny limit posiadanych certyfikatów.",
     "account", FINAL, "as many KSeF certificates as", "Revoke a certificate"),
    (500, "", "account", FINAL, "an error of its own", "Ask for a certificate again"),
    (550, "", "account", FINAL, "cancelled the certificate application", "again"),
    (999, "", "support", FINAL, "does not know", TELL_SUPPORT),
]

ORDERS = [
    (100, "wait", PASSES, "still working on the rights", ODOO_GOES_ON),
    (200, "none", FINAL, "has changed the rights", ""),
    (400, "none", FINAL, "did not change the rights.", "Ministry's application"),
    (410, "office", FINAL, "do not fit together.", "office's number"),
    (420, "sign", FINAL, "%(signer)s may not give rights in KSeF: %(nip)s", "company's owner"),
    (430, "none", FINAL, "cannot give such rights.", "Ministry's application"),
    (440, "office", FINAL, "between the two numbers.", "office's number"),
    (450, "office", FINAL, "for the office's number.", "office's number"),
    (500, "wait", PASSES, "an error of its own", ODOO_GOES_ON),
    (550, "wait", PASSES, "cancelled the change of rights", ODOO_GOES_ON),
    (999, "support", FINAL, "does not know", TELL_SUPPORT),
]

#: The call, and what its HTTP 403 for missing permissions means.
MISSING_RIGHTS = [
    ("POST /permissions/entities/grants", "sign", FINAL, "may not give rights", "owner"),
    ("POST /permissions/persons/grants", "sign", FINAL, "may not give rights", "owner"),
    ("POST /permissions/query/persons/grants", "sign", FINAL, "may not give rights", "owner"),
    ("DELETE /permissions/common/grants/1", "sign", FINAL, "may not give rights", "owner"),
    ("POST /permissions/query/entities/grants", "none", FINAL, "may not see", "CredentialsRead"),
    ("POST /sessions/online", "none", FINAL, "lacks a right", "missing rights granted"),
]

FORBIDDEN = [
    ("missing-permissions", "none", FINAL, "lacks a right", "missing rights granted"),
    ("ip-not-allowed", "sign", FINAL, "server's network address", CONNECT_AGAIN),
    ("insufficient-resource-access", "none", FINAL, "no access to what was asked", "rights"),
    ("auth-method-not-allowed", "sign", FINAL, "kind of login that is in use", CONNECT_AGAIN),
    ("security-service-blocked", "support", FINAL, "security service", "incident's number"),
    ("context-type-not-allowed", "account", FINAL, "kind of identifier", "as whom Odoo logs in"),
    ("a-new-reason", "support", FINAL, "does not allow this", TELL_SUPPORT),
]

WITHOUT_A_CODE = [
    (401, "sign", FINAL, "does not accept this login", CONNECT_AGAIN),
    (403, "sign", FINAL, "does not allow this login", CONNECT_AGAIN),
    (404, "support", FINAL, "does not know what Odoo asked for", TELL_SUPPORT),
    (409, "support", FINAL, "does not know", TELL_SUPPORT),
    (410, "sign", FINAL, "no longer keeps this operation", SIGN_AGAIN),
    (413, "other_file", FINAL, "too large", OTHER_FILE),
    (415, "support", FINAL, "kind of message that Odoo sent", TELL_SUPPORT),
    (429, "wait", PASSES, "too many requests", "Odoo waits and tries again"),
]

#: Code, whether KSeF may have received the message, and the rest as above.
OUTAGES = [
    ("network", False, "wait", PASSES, "cannot be reached", "few minutes"),
    ("timeout", True, "wait", PASSES, "did not answer in time", ODOO_GOES_ON),
    ("timeout", False, "wait", PASSES, "cannot be reached", "few minutes"),
    ("reset", True, "wait", PASSES, "broke off", ODOO_GOES_ON),
    ("reset", False, "wait", PASSES, "cannot be reached", "few minutes"),
    ("tls", False, "support", PASSES, "No secure connection", TELL_SUPPORT),
    ("proxy", False, "support", PASSES, "gateway", TELL_SUPPORT),
    ("redirect", True, "support", PASSES, "another address", TELL_SUPPORT),
    ("address", False, "support", PASSES, "must begin with https://", CHECK_ADDRESS),
    ("address_parameter", False, "support", PASSES, "does not use", "configuration file"),
    ("server", True, "wait", PASSES, "failure on its side", ODOO_GOES_ON),
    ("html", True, "wait", PASSES, "protective service", "in an hour"),
    ("blocked", True, "wait", PASSES, "protective service", "in an hour"),
    ("unreadable", True, "wait", PASSES, "cannot be read", ODOO_GOES_ON),
    ("too_long", True, "wait", PASSES, "cannot be read", ODOO_GOES_ON),
]
# fmt: on


def _is_right(meaning, way_back, final, said, advised):
    advice = meaning.advice
    assert (advice.way_back, advice.final) == (way_back, final)
    assert said in meaning.text
    words = getattr(advised, "action", advised)
    assert words in advice.action
    assert bool(words) == bool(advice.action)


def _by_certificate(kind, code, detail):
    problem = {"kind": kind, "code": code, "details": [detail] if detail else []}
    return meanings.of_record({**problem, "login": "certificate"})


@pytest.mark.parametrize(("code", "detail", "way_back", "final", "said", "advised"), LOGIN)
def test_the_end_of_a_login(code, detail, way_back, final, said, advised):
    meaning = meanings.auth_status(code, (detail,) if detail else ())
    _is_right(meaning, way_back, final, said, advised)


@pytest.mark.parametrize(
    ("kind", "code", "detail", "way_back", "final", "said", "advised"), BY_CERTIFICATE
)
def test_the_end_of_a_login_with_a_certificate(kind, code, detail, way_back, final, said, advised):
    _is_right(_by_certificate(kind, code, detail), way_back, final, said, advised)


@pytest.mark.parametrize(("kind", "code", "detail"), [row[:3] for row in BY_CERTIFICATE])
def test_nobody_reads_of_a_signer_where_nobody_signed(kind, code, detail):
    text = _by_certificate(kind, code, detail).text
    assert not re.search(r"signature|the signer|the file", text)


@pytest.mark.parametrize("call", ["POST /auth/token/refresh", "POST /permissions/query"])
def test_what_another_call_is_refused_for_is_told_alike_with_a_certificate(call):
    problem = {"kind": "refusal", "code": 21001, "call": call}
    assert meanings.of_record({**problem, "login": "certificate"}) == meanings.of_record(problem)


@pytest.mark.parametrize(("code", "detail", "way_back", "final", "said", "advised"), REFUSALS)
def test_a_refusal(code, detail, way_back, final, said, advised):
    meaning = meanings.refusal(code, (detail,) if detail else ())
    _is_right(meaning, way_back, final, said, advised)


@pytest.mark.parametrize(("code", "detail", "way_back", "final", "said", "advised"), APPLICATIONS)
def test_the_end_of_a_certificate_application(code, detail, way_back, final, said, advised):
    meaning = meanings.enrollment_status(code, (detail,) if detail else ())
    _is_right(meaning, way_back, final, said, advised)


@pytest.mark.parametrize(("code", "way_back", "final", "said", "advised"), ORDERS)
def test_the_end_of_an_order_to_change_rights(code, way_back, final, said, advised):
    _is_right(meanings.order_status(code), way_back, final, said, advised)


@pytest.mark.parametrize(("call", "way_back", "final", "said", "advised"), MISSING_RIGHTS)
def test_a_right_is_missing_for_something(call, way_back, final, said, advised):
    for meaning in (
        meanings.forbidden("missing-permissions", call),
        meanings.of_record({"kind": "forbidden", "code": "missing-permissions", "call": call}),
    ):
        _is_right(meaning, way_back, final, said, advised)


@pytest.mark.parametrize(("reason", "way_back", "final", "said", "advised"), FORBIDDEN)
def test_what_ksef_forbids(reason, way_back, final, said, advised):
    _is_right(meanings.forbidden(reason), way_back, final, said, advised)


@pytest.mark.parametrize(("status", "way_back", "final", "said", "advised"), WITHOUT_A_CODE)
def test_a_refusal_without_a_code(status, way_back, final, said, advised):
    _is_right(meanings.refusal(None, status=status), way_back, final, said, advised)


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        (21001, 400, "could not read the message"),
        (None, 413, "message that Odoo sent is too large"),
    ],
)
@pytest.mark.parametrize(
    "call",
    [
        "POST /certificates/enrollments",
        "POST /certificates/01AF/revoke",
        "DELETE /auth/sessions/current",
        "POST /permissions/query/personal/grants",
    ],
)
def test_nobody_is_asked_for_another_file_where_odoo_wrote_the_message(code, status, said, call):
    # docs/ksef.md E4
    meaning = meanings.refusal(code, (), status, call)
    _is_right(meaning, "support", FINAL, said, TELL_SUPPORT)


@pytest.mark.parametrize(("code", "status"), [(21001, 400), (None, 413)])
@pytest.mark.parametrize("call", ["", refused.SIGNED_FILE])
def test_another_file_is_asked_for_where_a_file_was_sent(code, status, call):
    assert meanings.refusal(code, (), status, call).advice == OTHER_FILE


@pytest.mark.parametrize(
    "call",
    [
        "GET /certificates/enrollments/20260101-EH-0123456789-ABCDEF0123-0A",
        "GET /permissions/operations/20260101-EG-0123456789-ABCDEF0123-0A",
        "GET /sessions/20260101-SO-0123456789-ABCDEF0123-0A",
    ],
)
def test_nobody_is_asked_to_sign_because_something_else_than_a_login_is_too_old(call):
    meaning = meanings.refusal(None, (), 410, call)
    _is_right(meaning, "support", FINAL, "no longer keeps what Odoo asked for", TELL_SUPPORT)


@pytest.mark.parametrize("call", ["", "GET /auth/20260101-AU-1", "POST /auth/token/redeem"])
def test_a_login_that_is_too_old_needs_another_signature(call):
    meaning = meanings.refusal(None, (), 410, call)
    _is_right(meaning, "sign", FINAL, "no longer keeps this operation", SIGN_AGAIN)


@pytest.mark.parametrize(("code", "sent", "way_back", "final", "said", "advised"), OUTAGES)
def test_a_call_without_a_usable_answer(code, sent, way_back, final, said, advised):
    meaning = meanings.of_record({"kind": "outage", "code": code, "sent": sent})
    _is_right(meaning, way_back, final, said, advised)


@pytest.mark.parametrize("code", ["html", "blocked"])
def test_a_wall_that_told_a_number_is_told_with_it(code):
    problem = {"kind": "outage", "code": code, "details": ["7860-1655"]}
    said = "name incident %(details)s"
    _is_right(meanings.of_record(problem), "wait", PASSES, said, "in an hour")
    assert said in meanings.of_record({**problem, "once": True}).text


def test_no_meaning_is_without_its_row():
    told = {meanings.auth_status(code, (detail,)) for code, detail, *_rest in LOGIN}
    told |= {_by_certificate(*row[:3]) for row in BY_CERTIFICATE}
    told |= {meanings.refusal(code, (detail,)) for code, detail, *_rest in REFUSALS}
    told |= {meanings.enrollment_status(code, (detail,)) for code, detail, *_rest in APPLICATIONS}
    told |= {meanings.order_status(code) for code, *_rest in ORDERS}
    told |= {meanings.forbidden(reason) for reason, *_rest in FORBIDDEN}
    told |= {meanings.forbidden("missing-permissions", call) for call, *_rest in MISSING_RIGHTS}
    told |= {meanings.refusal(None, status=status) for status, *_rest in WITHOUT_A_CODE}
    told |= {meanings.outage(code, sent) for code, sent, *_rest in OUTAGES}
    tables = (
        *(login.STATUSES, *login.DETAILS.values(), refused.CODES, refused.HTTP_STATUSES),
        *(applications.STATUSES, applications.DETAILS, refused.REASONS, outages.OUTAGES),
        *(grants.STATUSES, grants.MISSING_RIGHTS),
        *(certificate_login.STATUSES, certificate_login.DETAILS),
        *(certificate_login.REFUSALS, certificate_login.LOCAL),
    )
    variants = (meaning for table in refused.VARIANTS.values() for meaning in table.values())
    assert {*variants, *(meaning for table in tables for meaning in table.values())} <= told
