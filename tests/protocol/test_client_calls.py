"""What the client sends, and how it reads KSeF's answers."""

import json

import pytest
import requests
from protocol_builders import CHALLENGE, DOCUMENT, NIP, http, raised, wire
from windows import windows

from tools import members
from tools.auth_token_request import Context
from tools.client import KsefClient
from tools.const import ENVIRONMENTS, NO_RIGHTS
from tools.errors import KsefInvalidAnswer, KsefUnavailable

TOKEN = {"token": "secret", "validUntil": "2026-04-29T12:15:00Z"}
SIGNED = DOCUMENT.replace(b"<Challenge>", "<Challenge><!-- Róża -->".encode())


def _header(request: bytes, name: bytes) -> bytes | None:
    for line in request.split(b"\r\n\r\n")[0].split(b"\r\n"):
        if line.lower().startswith(name.lower() + b":"):
            return line.split(b":", 1)[1].strip()
    return None


def test_a_challenge_is_read_with_its_time():
    answer = {"challenge": CHALLENGE, "timestamp": "2026-04-29T12:00:00.1234567+00:00", "new": 1}
    with wire(http(200, answer)) as (client, _server):
        challenge = client.challenge()
    assert challenge.challenge == CHALLENGE
    assert challenge.timestamp.isoformat() == "2026-04-29T12:00:00.123456+00:00"


def test_a_challenge_is_fetched_on_windows_where_a_socket_is_no_file():
    answer = {"challenge": CHALLENGE, "timestamp": "2026-04-29T12:00:00Z"}
    with wire(http(200, answer)) as (client, _server), windows():
        assert client.challenge().challenge == CHALLENGE


def test_the_signed_bytes_are_posted_untouched():
    answer = http(202, {"referenceNumber": "R", "authenticationToken": TOKEN})
    with wire(answer) as (client, server):
        client.submit_signed_request(SIGNED)
    request = server.requests[0]
    assert request.endswith(b"\r\n\r\n" + SIGNED)
    assert _header(request, b"Content-Type") == b"application/xml"


def test_a_system_warning_is_kept_with_its_polish_letters():
    warning = "[sig-001]: Format podpisu będzie odrzucany".encode().decode("latin-1")
    body = {"referenceNumber": "R", "authenticationToken": TOKEN}
    with wire(http(202, body, X_System_Warning=warning)) as (client, _server):
        operation = client.submit_signed_request(SIGNED)
    assert operation.warning == "[sig-001]: Format podpisu będzie odrzucany"


def test_what_ksef_announces_beside_any_answer_is_logged_once(caplog):
    answer = http(200, {"accessToken": TOKEN}, X_System_Warning="[api-7]: Zmiana")
    with wire(answer, answer) as (client, _server):
        client.refresh("bearer")
        client.refresh("bearer")
    assert [record.message for record in caplog.records] == ["KSeF announces: [api-7]: Zmiana"]


def test_no_feature_of_ksefs_is_asked_for():
    with wire(http(202, {"referenceNumber": "R", "authenticationToken": TOKEN})) as (
        client,
        server,
    ):
        client.submit_signed_request(SIGNED)
    assert _header(server.requests[0], b"X-KSeF-Feature") is None


@pytest.mark.parametrize("call", ["redeem", "refresh"])
def test_tokens_are_asked_for_without_body_and_form_type(call):
    answer = http(200, {"accessToken": TOKEN, "refreshToken": TOKEN})
    with wire(answer) as (client, server):
        getattr(client, call)("bearer")
    assert server.requests[0].endswith(b"\r\n\r\n")
    assert _header(server.requests[0], b"Content-Type") is None
    assert _header(server.requests[0], b"Authorization") == b"Bearer bearer"


@pytest.mark.parametrize("odd", ["\x00", "\ud800", "a b", "a\r\nX: y", "ż", "\ufeff"])
def test_what_could_not_be_sent_back_is_an_invalid_answer(odd):
    token = {**TOKEN, "token": odd}
    answers = [
        ({"accessToken": token}, lambda client: client.refresh("bearer")),
        ({"referenceNumber": odd}, lambda client: client.enroll("b", name="x", csr_der=b"")),
        ({"items": [], "continuationToken": odd}, lambda client: list(client.sessions("b"))),
        ({"challenge": odd, "timestamp": TOKEN["validUntil"]}, lambda client: client.challenge()),
    ]
    for answer, call in answers:
        with wire(http(200, answer)) as (client, _server), pytest.raises(KsefInvalidAnswer):
            call(client)


def test_texts_for_people_can_always_be_kept():
    status = {"code": 415, "description": "a\x00b", "details": ["\ud800", "x" * 5000] * 50}
    with wire(http(200, {"status": status})) as (client, _server):
        read = client.auth_status("R", "bearer")
    assert read.description == "a?b"
    assert read.details[0] == "?"
    assert len(read.details) == members.MOST
    assert len(read.details[1]) == members.LONGEST


@pytest.mark.parametrize("odd", ["soon", "0001-01-01T00:00:00+23:59", 7, "2026-02-30T00:00:00Z"])
def test_a_date_that_nobody_needs_spoils_no_answer(odd):
    (item,) = _sessions({"startDate": odd, "refreshTokenValidUntil": odd})
    assert (item.code, item.start_date, item.refresh_token_valid_until) == (200, None, None)


def test_a_name_for_a_certificate_is_never_altered():
    answer = {"commonName": "RÓŻA", "countryName": "PL", "surname": "a\x00b"}
    with wire(http(200, answer)) as (client, _server), pytest.raises(KsefInvalidAnswer):
        client.enrollment_data("bearer")


def test_a_number_beyond_the_contract_is_an_invalid_answer():
    huge = {"limit": 1, "remaining": 2**31}
    answer = {"canRequest": True, "enrollment": huge, "certificate": huge}
    with wire(http(200, answer)) as (client, _server), pytest.raises(KsefInvalidAnswer):
        client.certificate_limits("bearer")


@pytest.mark.parametrize("text", ["AAAA", "A", "żółw"])
def test_a_certificate_that_cannot_be_read_is_none_and_no_reason_to_ask_again(text):
    item = {"certificate": text, "certificateSerialNumber": "0321C82DA41B4362"}
    with wire(http(200, {"certificates": [item]})) as (client, _):
        (told,) = client.retrieve_certificates("bearer", ["0321C82DA41B4362"])
    assert told.certificate is None


def test_an_answer_without_a_certificate_is_an_invalid_one():
    item = {"certificateSerialNumber": "0321C82DA41B4362"}
    with wire(http(200, {"certificates": [item]})) as (client, _), pytest.raises(KsefInvalidAnswer):
        client.retrieve_certificates("bearer", ["0321C82DA41B4362"])


def test_a_netrc_file_does_not_replace_the_bearer(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with wire(http(200, {"accessToken": TOKEN})) as (client, server):
        client.refresh("bearer")
    assert _header(server.requests[0], b"Authorization") == b"Bearer bearer"


def test_errors_are_asked_for_in_the_new_form():
    with wire(http(200, {"accessToken": TOKEN})) as (client, server):
        client.refresh("bearer")
    assert _header(server.requests[0], b"X-Error-Format") == b"problem-details"


def test_a_status_tells_why_a_login_has_failed():
    answer = {"status": {"code": 460, "description": "…", "details": ["Certyfikat odwołany"]}}
    with wire(http(200, answer)) as (client, _server):
        status = client.auth_status("R", "bearer")
    assert (status.code, status.details) == (460, ("Certyfikat odwołany",))


def _sessions(item):
    """The list of sessions that KSeF gives with this item in it."""
    item = {"referenceNumber": "R", "status": {"code": 200}, **item}
    with wire(http(200, {"items": [item]})) as (client, _server):
        return list(client.sessions("bearer"))


def test_a_session_tells_the_method_by_its_new_member_alone():
    info = {"code": "xades.qualified-seal", "displayName": "Podpis"}
    (item,) = _sessions({"authenticationMethodInfo": info})
    assert (item.method, item.method_name) == ("xades.qualified-seal", "Podpis")


def test_a_session_tells_the_method_by_its_old_member_alone():
    (item,) = _sessions({"authenticationMethod": "TrustedProfile"})
    assert (item.method, item.method_name) == ("TrustedProfile", "")


def test_a_reference_number_cannot_lead_to_another_path():
    with wire(http(200, {"status": {"code": 100}})) as (client, server):
        client.auth_status("../token/redeem?x=1", "bearer")
    assert server.requests[0].startswith(b"GET /v2/auth/..%2Ftoken%2Fredeem%3Fx%3D1 ")


def test_all_pages_of_sessions_are_read():
    def page(number: int, token: str | None) -> bytes:
        item = {"referenceNumber": f"R{number}", "status": {"code": 200}, "isCurrent": number == 1}
        return http(200, {"items": [item], "continuationToken": token})

    with wire(page(1, "more"), page(2, None)) as (client, server):
        sessions = list(client.sessions("bearer"))
    assert [(item.reference_number, item.is_current) for item in sessions] == [
        ("R1", True),
        ("R2", False),
    ]
    assert _header(server.requests[1], b"x-continuation-token") == b"more"


def test_all_pages_of_rights_are_read_and_inactive_ones_left_out():
    def page(scopes: dict[str, str], more: bool) -> bytes:
        items = [
            {"permissionScope": name, "permissionState": state} for name, state in scopes.items()
        ]
        return http(200, {"permissions": items, "hasMore": more})

    first = page({"InvoiceRead": "Active", "Introspection": "Inactive"}, True)
    with wire(first, page({"InvoiceWrite": "Active"}, False)) as (client, server):
        assert client.personal_permissions("bearer") == {"InvoiceRead", "InvoiceWrite"}
    assert b"pageOffset=1" in server.requests[1]


OURS, CLIENTS = {"type": "Nip", "value": NIP}, {"type": "Nip", "value": "7811767696"}
UNIT = {"type": "InternalId", "value": f"{NIP}-12345"}
ALL_PARTNERS = {"type": "AllPartners"}


def _rights(*rows, context=OURS, **others):
    """The rights that a login to a context has, by the rows and other members of KSeF's answer."""
    items = [{"permissionScope": "InvoiceRead", "permissionState": "Active", **row} for row in rows]
    with wire(http(200, {"permissions": items, "hasMore": False, **others})) as (client, _server):
        return client.personal_permissions("bearer", Context(**context))


def test_an_owner_has_the_rights_that_ksef_says_owners_have():
    names = ["InvoiceWrite", "InvoiceRead", "FutureManage"]
    assert _rights(ownerPermissions=names) == set(names)


def test_an_office_that_may_read_a_clients_invoices_is_still_the_owner_of_its_own_company():
    row = {"contextIdentifier": CLIENTS, "authorizedIdentifier": OURS}
    owned = ["InvoiceWrite", "InvoiceRead"]
    assert _rights(row, ownerPermissions=owned) == set(owned)
    assert _rights(row) == frozenset(), "of an older KSeF, which lists nothing for an owner"
    assert _rights(row, ownerPermissions=None) == frozenset()


@pytest.mark.parametrize("told", [{}, {"ownerPermissions": None}, {"ownerPermissions": []}])
@pytest.mark.parametrize(
    "row",
    [
        {},
        {"contextIdentifier": None, "targetIdentifier": None},
        {"contextIdentifier": OURS},
        {"contextIdentifier": OURS, "authorizedIdentifier": CLIENTS},
        {"contextIdentifier": CLIENTS, "targetIdentifier": OURS},
        {"contextIdentifier": CLIENTS, "targetIdentifier": ALL_PARTNERS},
    ],
)
def test_a_right_in_our_company_counts(told, row):
    assert _rights(row, **told) == {"InvoiceRead"}


@pytest.mark.parametrize(
    "row",
    [
        {"contextIdentifier": CLIENTS},
        {"contextIdentifier": UNIT},
        {"contextIdentifier": {"type": "Nip"}},
        {"targetIdentifier": CLIENTS},
        {"contextIdentifier": OURS, "targetIdentifier": CLIENTS},
        {"contextIdentifier": OURS, "targetIdentifier": UNIT},
        {"permissionState": "Inactive"},
        {"permissionState": "Inactive", "targetIdentifier": ALL_PARTNERS},
    ],
)
def test_a_right_elsewhere_or_out_of_force_does_not_count(row):
    assert _rights(row, {"permissionScope": "Introspection"}) == {"Introspection"}
    assert _rights(row, ownerPermissions=[]) == {NO_RIGHTS}


def test_a_unit_counts_its_own_rights():
    assert _rights({"contextIdentifier": UNIT}, context=UNIT) == {"InvoiceRead"}
    assert _rights({"contextIdentifier": OURS}, context=UNIT, ownerPermissions=[]) == {NO_RIGHTS}


def test_rights_are_gone_only_if_ksef_says_so():
    assert _rights(ownerPermissions=[]) == {NO_RIGHTS}
    assert _rights(ownerPermissions=None) == frozenset()
    assert _rights() == frozenset()


@pytest.mark.parametrize("odd", [7, [7], {"a": 1}, ["\x00"]])
def test_odd_rights_of_an_owner_are_an_invalid_answer(odd):
    with pytest.raises(KsefInvalidAnswer):
        _rights(ownerPermissions=odd)


def test_owners_rights_are_read_from_every_page():
    first = http(200, {"permissions": [], "ownerPermissions": ["InvoiceRead"], "hasMore": True})
    last = http(200, {"permissions": [], "ownerPermissions": [], "hasMore": False})
    with wire(first, last) as (client, _server):
        assert client.personal_permissions("bearer") == {"InvoiceRead"}


def test_an_application_carries_its_request_as_base64_in_one_line():
    with wire(http(202, {"referenceNumber": "R"})) as (client, server):
        client.enroll("bearer", name="Odoo KSeF", csr_der=bytes(200))
    sent = json.loads(server.requests[0].split(b"\r\n\r\n", 1)[1])
    assert sent == {
        "certificateName": "Odoo KSeF",
        "certificateType": "Authentication",
        "csr": "A" * 267 + "=",
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [("Jan Maria", ("Jan Maria",)), (["Jan", "Maria"], ("Jan", "Maria")), (None, ())],
)
def test_given_names_are_read_as_text_and_as_list(given, expected):
    answer = {"commonName": "RÓŻA ŁĄŚ", "countryName": "PL", "givenName": given}
    with wire(http(200, answer)) as (client, _server):
        data = client.enrollment_data("bearer")
    assert data.given_names == expected


def test_a_revoked_session_answers_without_a_body():
    with wire(http(204)) as (client, server):
        client.revoke_current_session("bearer")
    assert server.requests[0].startswith(b"DELETE /v2/auth/sessions/current ")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        {"accessToken": 1},
        {"accessToken": {"token": ""}},
        {"accessToken": {"token": "t", "validUntil": "soon"}},
    ],
)
def test_an_answer_without_its_members_is_invalid_but_was_received(answer):
    with wire(http(200, answer)) as (client, _server), pytest.raises(KsefInvalidAnswer) as caught:
        client.refresh("bearer")
    assert caught.value.sent
    assert isinstance(caught.value, KsefUnavailable)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.ksef.mf.gov.pl/v2",
        "ftp://127.0.0.1",
        "https://",
        "https://user:word@host/v2",
        "http://127.0.0.1.host/v2",
        "https://ksef..gov.pl/v2",
        "https://ksef.gov.pl:99999/v2",
        "https://ksef.gov.pl:port/v2",
        f"https://{'a' * 64}.pl",
    ],
)
def test_an_address_that_could_leak_secrets_is_refused(url):
    with pytest.raises(ValueError, match="KSeF address"):
        KsefClient(url)


@pytest.mark.parametrize(
    "url",
    ["https://host/v2/", "http://127.0.0.1:8/v2", "http://[::1]:8/v2", "http://localhost:8/v2"],
)
def test_https_and_this_machine_are_accepted(url):
    assert KsefClient(url).base_url == url.rstrip("/")


def test_each_environment_is_where_the_ministry_has_it():
    # docs/ksef.md A0
    known = {code: (item.base_url, item.self_signed_allowed) for code, item in ENVIRONMENTS.items()}
    assert known == {
        "production": ("https://api.ksef.mf.gov.pl/v2", False),
        "demo": ("https://api-demo.ksef.mf.gov.pl/v2", False),
        "test": ("https://api-test.ksef.mf.gov.pl/v2", True),
    }


@pytest.mark.parametrize("kind", [lambda hook: hook, lambda hook: [hook]])
def test_the_hooks_of_a_session_that_is_given_are_called(kind):
    statuses = []
    session = requests.Session()
    hook = kind(lambda answer, **_options: statuses.append(answer.status_code))
    session.hooks = {"response": hook}
    with wire(http(307, Location="/v2/elsewhere")) as (_, server):
        error = raised(KsefUnavailable, KsefClient(server.url, session=session).challenge)
    assert (statuses, error.code) == ([307], "redirect")
