"""Sixty-four requests at once, on two Odoo servers of four workers each, want an outdated token."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from herd import LOCK, REQUESTS, ROUND_TRIP, SERVERS, WORKERS, Herd, herd_of_requests
from token_ends import outdate_access_token, revoke_at_ksef


@pytest.fixture(scope="module")
def herd() -> Iterator[Herd]:
    """Give two running servers and their users."""
    with herd_of_requests() as herd:
        yield herd


def test_a_herd_of_requests_refreshes_once_and_nobody_fails(herd: Herd, record_property) -> None:
    outdate_access_token(herd.demo, herd.simulator)
    herd.simulator.requests.clear()
    durations, tokens, failures = herd.ask_at_once()
    calls = herd.simulator.requests.count("refresh")
    slowest = max(durations)
    record_property(
        "figures",
        f"herd: {SERVERS} servers x {WORKERS} workers, {REQUESTS} requests at once: "
        f"{calls} refresh, {len(failures)} failures, slowest answer {slowest:.2f} s = "
        f"{slowest / ROUND_TRIP:.1f} x a refresh round trip of {ROUND_TRIP} s",
    )
    assert (calls, failures, len(tokens)) == (1, [], 1)
    assert slowest < 10 * ROUND_TRIP


def test_a_herd_on_a_dead_login_causes_one_login_with_the_certificate(herd: Herd) -> None:
    revoke_at_ksef(herd.simulator)
    outdate_access_token(herd.demo, herd.simulator)
    herd.simulator.requests.clear()
    _durations, tokens, failures = herd.ask_at_once()
    assert failures == [] and len(tokens) == 1
    assert herd.simulator.requests.count("xades-signature") == 1


def test_while_the_old_token_lives_nobody_waits_for_the_new_one(herd: Herd) -> None:
    herd.demo.sql(
        "UPDATE l10n_pl_ksef_session SET refresh_retry_at = NULL,"
        " access_valid_until = now() AT TIME ZONE 'utc' + interval '3 minutes'"
        " WHERE state = 'active'"
    )
    herd.simulator.settings.latency = 4
    herd.simulator.requests.clear()
    durations, _tokens, failures = herd.ask_at_once(8)
    herd.simulator.settings.latency = ROUND_TRIP
    assert failures == []
    assert herd.simulator.requests.count("refresh") == 1
    assert sorted(durations)[-2] < 4


def test_a_dead_holder_of_the_lock_blocks_nobody(herd: Herd) -> None:
    outdate_access_token(herd.demo, herd.simulator)
    answers: list[tuple[float, str]] = []
    with herd.another_connection(f"SELECT pg_advisory_lock({LOCK})", 61):
        waiting = threading.Thread(target=lambda: answers.append(herd.ask()))
        waiting.start()
        time.sleep(1.5)
        assert not answers
    waiting.join(10)
    assert answers and not answers[0][1].startswith("failed")


def test_a_refresh_waits_for_nobody_who_holds_the_companys_row(herd: Herd) -> None:
    outdate_access_token(herd.demo, herd.simulator)
    with herd.another_connection("SELECT 1 FROM res_company WHERE id = 1 FOR UPDATE", 62):
        duration, found = herd.ask()
    assert not found.startswith("failed") and duration < 5


@pytest.mark.long
def test_a_login_gives_up_on_a_locked_company_instead_of_waiting_forever(herd: Herd) -> None:
    revoke_at_ksef(herd.simulator)
    outdate_access_token(herd.demo, herd.simulator)
    with herd.another_connection("SELECT 1 FROM res_company WHERE id = 1 FOR UPDATE", 63):
        duration, found = herd.ask()
    assert found.startswith("failed") and duration < 15
    assert not herd.ask()[1].startswith("failed")
