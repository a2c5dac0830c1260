"""Bearer tokens: kinds, lifetimes, and KSeF's answer to the wrong one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from kit import codes, details

from ksef_simulator import DEMO_NIP, identities

GRANTS = "/permissions/query/personal/grants"


def test_a_request_without_a_bearer_is_401(ksef):
    assert ksef.call("GET", "/auth/sessions").status_code == 401


def test_an_unknown_bearer_is_401(ksef):
    assert ksef.call("GET", "/auth/sessions", "ey.not.ours").status_code == 401


def test_a_bearer_of_the_wrong_kind_is_an_empty_403(ksef):
    tokens = ksef.login()
    wrong = [
        ksef.call("GET", "/auth/sessions", tokens.operation),
        ksef.call("GET", "/auth/sessions", tokens.refresh),
        ksef.call("POST", "/auth/token/refresh", tokens.access),
        ksef.call("POST", "/auth/token/redeem", tokens.access),
    ]
    assert [(item.status_code, item.content) for item in wrong] == [(403, b"")] * 4


@pytest.mark.parametrize(("switch", "status"), [("401", 401), ("empty-403", 403)])
def test_an_access_token_lives_fifteen_minutes(ksef, sim, switch, status):
    sim.settings.outdated_token_answer = switch
    tokens = ksef.login()
    sim.clock.advance(timedelta(minutes=14, seconds=50))
    assert ksef.call("GET", "/auth/sessions", tokens.access).status_code == 200
    sim.clock.advance(10)
    answer = ksef.call("GET", "/auth/sessions", tokens.access)
    assert answer.status_code == status
    assert bool(answer.content) == (status == 401)


def test_an_authentication_token_lives_45_minutes(ksef, sim):
    tokens = ksef.started()
    sim.clock.advance(timedelta(minutes=45))
    assert ksef.call("POST", "/auth/token/redeem", tokens.operation).status_code == 401


def test_a_refresh_gives_a_new_access_token_and_no_refresh_token(ksef):
    tokens = ksef.login()
    body = ksef.call("POST", "/auth/token/refresh", tokens.refresh).json()
    assert list(body) == ["accessToken"]
    assert body["accessToken"]["token"] != tokens.access


def test_an_immediate_refresh_may_return_the_same_token(ksef, sim):
    sim.settings.refresh_returns_same_token = True
    tokens = ksef.login()
    body = ksef.call("POST", "/auth/token/refresh", tokens.refresh).json()
    assert body["accessToken"]["token"] == tokens.access


def test_a_refresh_does_not_extend_the_refresh_token(ksef, sim):
    tokens = ksef.login()
    sim.clock.advance(timedelta(days=6, hours=23))
    assert ksef.call("POST", "/auth/token/refresh", tokens.refresh).status_code == 200
    sim.clock.advance(timedelta(hours=1))
    assert codes(ksef.call("POST", "/auth/token/refresh", tokens.refresh)) == [21304]


def test_an_outdated_refresh_token_is_401_by_the_other_reading(ksef, sim):
    sim.settings.outdated_refresh_token_answer = "401"
    tokens = ksef.login()
    sim.clock.advance(timedelta(days=7))
    assert ksef.call("POST", "/auth/token/refresh", tokens.refresh).status_code == 401


def test_a_refresh_that_claims_to_carry_a_form_is_415(ksef):
    tokens = ksef.login()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = ksef.call("POST", "/auth/token/refresh", tokens.refresh, headers=form)
    assert answer.status_code == 415


def test_a_revoked_session_refreshes_no_more_but_its_access_token_lives_on(ksef):
    tokens = ksef.login()
    assert ksef.call("DELETE", "/auth/sessions/current", tokens.access).status_code == 204
    refused = ksef.call("POST", "/auth/token/refresh", tokens.refresh)
    assert codes(refused) == [21301]
    assert "(425)" in details(refused)[0]
    assert ksef.call("POST", GRANTS, tokens.access).status_code == 200


def test_a_session_is_revoked_by_its_number_and_leaves_the_list(ksef):
    first, second = ksef.login(), ksef.login()
    path = f"/auth/sessions/{first.reference}"
    assert ksef.call("DELETE", path, second.access).status_code == 204
    assert codes(ksef.call("POST", "/auth/token/refresh", first.refresh)) == [21301]
    items = ksef.call("GET", "/auth/sessions", second.access).json()["items"]
    assert [item["referenceNumber"] for item in items] == [second.reference]
    assert codes(ksef.call("DELETE", path, second.access)) == [21405]


def test_a_session_of_somebody_else_cannot_be_revoked(ksef):
    mine, other = ksef.login("owner"), ksef.login("reader")
    answer = ksef.call("DELETE", f"/auth/sessions/{other.reference}", mine.access)
    assert codes(answer) == [21405]


def test_the_list_of_sessions_comes_newest_first_in_pages(ksef, sim):
    made = []
    for _number in range(12):
        made.append(ksef.login())
        sim.clock.advance(1)
    bearer = made[-1].access
    first = ksef.call("GET", "/auth/sessions", bearer).json()
    follow = {"x-continuation-token": first["continuationToken"]}
    second = ksef.call("GET", "/auth/sessions", bearer, headers=follow).json()
    seen = [item["referenceNumber"] for item in first["items"] + second["items"]]
    assert seen == [tokens.reference for tokens in reversed(made)]
    assert [item["isCurrent"] for item in first["items"]] == [True] + [False] * 9
    assert "continuationToken" not in second


def test_a_made_up_continuation_token_is_21418(ksef):
    tokens = ksef.login()
    headers = {"x-continuation-token": "made up"}
    assert codes(ksef.call("GET", "/auth/sessions", tokens.access, headers=headers)) == [21418]


@pytest.mark.parametrize("size", ["9", "101", "many", "²", "١٠", "1_0"])
def test_a_page_of_sessions_has_ten_to_a_hundred(ksef, size):
    tokens = ksef.login()
    answer = ksef.call("GET", f"/auth/sessions?pageSize={size}", tokens.access)
    assert codes(answer) == [21405]


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 5000])
@pytest.mark.parametrize(("version", "code"), [("2.9", 21001), ("2.6", 21405)])
def test_what_is_no_json_is_21001_and_was_21405(ksef, sim, body, version, code):
    sim.settings.version = version
    tokens = ksef.login()
    headers = {"Content-Type": "application/json"}
    answer = ksef.call("POST", GRANTS, tokens.access, data=body, headers=headers)
    assert codes(answer) == [code]


def test_json_that_is_no_object_is_21405(ksef):
    assert codes(ksef.call("POST", GRANTS, ksef.login().access, json=[])) == [21405]


def test_own_permissions_are_those_of_the_context(ksef):
    tokens = ksef.login("reader")
    body = ksef.call("POST", GRANTS, tokens.access).json()
    assert [item["permissionScope"] for item in body["permissions"]] == ["InvoiceRead"]


def test_own_permissions_come_in_pages(ksef, sim):
    for number in range(11):
        sim.world.add_company(f"{number:010d}")
    tokens = ksef.login("owner")
    sim.world.grant(identities.OWNER.identity, DEMO_NIP, "EnforcementOperations")
    sim.world.grants *= 2
    first = ksef.call("POST", GRANTS, tokens.access).json()
    second = ksef.call("POST", f"{GRANTS}?pageOffset=1", tokens.access).json()
    assert (len(first["permissions"]), first["hasMore"]) == (10, True)
    assert (len(second["permissions"]), second["hasMore"]) == (4, False)


def test_own_permissions_can_be_filtered(ksef):
    tokens = ksef.login("owner")
    wanted = {"permissionTypes": ["InvoiceWrite"], "permissionState": "Active"}
    body = ksef.call("POST", GRANTS, tokens.access, json=wanted).json()
    assert [item["permissionScope"] for item in body["permissions"]] == ["InvoiceWrite"]
    bad = ksef.call("POST", GRANTS, tokens.access, json={"permissionTypes": ["Everything"]})
    assert codes(bad) == [21405]


@pytest.mark.parametrize(("switch", "listed"), [("listed", True), ("empty", False)])
def test_an_owners_permissions_are_listed_or_not(ksef, sim, switch, listed):
    sim.settings.owner_grants = switch
    tokens = ksef.login("seal")
    assert bool(ksef.call("POST", GRANTS, tokens.access).json()["permissions"]) == listed


@pytest.mark.parametrize("name", ["problem-details", ""])
def test_refusals_come_in_the_format_that_was_asked_for(ksef, name):
    headers = {"X-Error-Format": name} if name else {}
    answer = ksef.submit(b"not xml", headers=headers)
    kind = "application/problem+json" if name else "application/json"
    assert answer.headers["Content-Type"] == kind
    assert codes(answer) == [21001]
