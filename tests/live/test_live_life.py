"""The whole life at the simulator: every fact holds, and every one can be seen to fail."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ksef_simulator import Simulator
from live import runner
from live.__main__ import Live, arguments
from live.conftest import MovedClock
from live.fact import FACTS, Fact
from live.runner import AS_EXPECTED, DIFFERENT
from live.switches import SWITCHES
from stack.places import ROOT
from tools import clock as addon_clock


@dataclass
class Whole:
    """A life that was lived to its end: exit code, files, and the rights that were there before."""

    sim: Simulator
    run: Live
    code: int
    folder: Path
    grants: list[Any]


BY_NAME = {fact.name: fact for fact in FACTS}
#: What an older KSeF answered in another way (docs/ksef.md E).
SINCE_2_6 = {
    "owner_permissions",
    "right_to_collective_identifiers",
    "unreadable_application",
    "groups_of_limits",
    "client_is_owner",
    "end_of_rights_is_read",
    "garbled_token",
    "token_in_another_encoding",
    "token_of_another_context",
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Iterator[Whole]:
    """Live the whole life once."""
    sim, folder = Simulator(), tmp_path_factory.mktemp("whole")
    sim.settings.rate_limits = "group"  # the strictest reading of KSeF's documents
    known = copy.deepcopy(sim.world.grants)
    words = ["--block", "--base-url", sim.base_url]
    words += ["--journal", f"{folder}/journal.jsonl", "--json", f"{folder}/report.json"]
    run = Live(arguments(words), MovedClock(sim), sim.adapter())
    yield Whole(sim, run, run.run(), folder, known)
    addon_clock.travel(timedelta(0))


def test_every_fact_is_as_expected(whole):
    different = {row.fact.name: row.seen for row in whole.run.rows if row.verdict != AS_EXPECTED}
    assert different == {}
    assert [row.fact.name for row in whole.run.rows] == [fact.name for fact in FACTS]
    assert whole.code == 0


@pytest.mark.parametrize(("owners", "alike"), [("empty", set()), ("listed", {"client_is_owner"})])
def test_an_older_ksef_differs_in_what_came_later_and_in_nothing_else(live, sim, owners, alike):
    sim.settings.update({"version": "2.6", "owner_grants": owners})
    run = live()
    assert run.run() == 1
    different = {row.fact.name for row in run.rows if row.verdict != AS_EXPECTED}
    assert different == SINCE_2_6 - alike


def test_a_slow_ksef_outlives_no_access_token(live, sim):
    run = live("--pace", "3")
    assert run.run() == 0
    assert (sim.clock.now() - run._began).total_seconds() > 20 * 60


def test_what_blocks_a_context_is_left_out_unless_it_is_wanted():
    assert {fact.name for fact in FACTS} - {fact.name for fact in runner.wanted(False)} == {
        "blocked_context",
        "unblocked_context",
    }


def test_nothing_is_left_at_ksef(whole):
    sim, now = whole.sim, whole.sim.clock.now()
    assert not [item for item in sim.state.certificates.values() if item.status(now) == "Active"]
    assert not [item for item in sim.state.operations.values() if item.redeemed > item.revoked]
    assert not [item for item in sim.state.ksef_tokens.values() if item.status == "Active"]
    assert not sim.state.grants
    assert sim.world.grants == whole.grants
    assert not [item for item in sim.world.people.values() if item.nips]
    assert not sim.world.blocked
    assert not (whole.folder / "journal.jsonl").exists()


def test_two_requests_are_a_second_apart_and_ksef_never_asks_to_wait(whole):
    moments = [item.at for item in whole.sim.requests]
    pauses = [later - earlier for earlier, later in zip(moments, moments[1:], strict=False)]
    assert min(pauses) >= timedelta(seconds=0.999)
    assert whole.sim.requests.count(status=429) == 0


def test_a_run_leaves_room_for_another_guest_below_the_limit_of_an_hour(whole):
    counted = Counter(item.context for item in whole.sim.requests if item.bearer == "access")
    assert max(counted.values()) < 110


def test_each_exchange_is_kept_with_the_fact_that_it_is_for(whole):
    found = {item.fact for item in whole.run.life.door.exchanges} - {""}
    looking_back = {name for name, item in SWITCHES.items() if item.first}
    assert found == set(SWITCHES) - looking_back


def test_each_citation_is_a_fact_of_the_page():
    page = (ROOT / "docs/ksef.md").read_text()
    parts = re.split(r"^#+ ", page, flags=re.M)
    for fact in FACTS:
        part, _dash, number = fact.cite.partition("-")
        headings = [text for text in parts if re.match(rf"{re.escape(fact.cite)}(\.| -) ", text)]
        rows = re.search(rf"^\| ?{re.escape(number or fact.cite)} ?\|", page, re.M)
        numbered = [
            text
            for text in parts
            if re.match(rf"{part}(\.| -) ", text) and re.search(rf"^{number}\. ", text, re.M)
        ]
        assert headings or rows or numbered, fact.cite


def test_each_fact_has_a_switch():
    assert list(SWITCHES) == [fact.name for fact in FACTS]


@contextmanager
def switched_back(sim: Simulator, run: Live):
    """Put the simulator and the life back to what they were before the block."""
    kept, life = sim.keep(), run.life
    settings = copy.deepcopy(sim.settings.as_dict())
    things = {name: copy.copy(thing) for name, thing in life._things.items()}
    try:
        yield
    finally:
        sim.go_back_to(kept)
        addon_clock.travel(sim.clock.offset())
        sim.settings.update(settings)
        life._things = things


@pytest.fixture(scope="module")
def under_switches(tmp_path_factory) -> dict[str, Any]:
    """Live once; see each fact under its switch, go back, and see it as it is."""
    sim = Simulator()
    sim.settings.rate_limits = "off"
    folder = tmp_path_factory.mktemp("live")
    words = [
        "--base-url",
        sim.base_url,
        "--journal",
        f"{folder}/journal",
        "--json",
        f"{folder}/json",
    ]
    run = Live(arguments(words), MovedClock(sim), sim.adapter())
    found = {}
    try:
        for fact in FACTS:
            for name in (
                name for name, item in SWITCHES.items() if fact.name in (name, item.first)
            ):
                if SWITCHES[name].first in ("", fact.name):
                    found[name] = _under(sim, run, fact, BY_NAME[name])
            found[f"{fact.name} after"] = runner.see(run.life, fact)
    finally:
        addon_clock.travel(timedelta(0))
    return found


def _under(sim: Simulator, run: Live, first: Fact, fact: Fact) -> Any:
    """See a fact under its switch, and before it the one that it builds on."""
    with switched_back(sim, run):
        SWITCHES[fact.name].turn(sim)
        row = runner.see(run.life, first)
        return row if first is fact else runner.see(run.life, fact)


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_makes_the_row_differ(under_switches, name):
    assert under_switches[name].verdict == DIFFERENT, under_switches[name].seen
    assert under_switches[f"{name} after"].verdict == AS_EXPECTED


def test_the_report_tells_codes_shapes_and_headers_but_no_secret(whole):
    sim, text = whole.sim, (whole.folder / "report.json").read_text()
    secrets = {*sim.state.tokens, *sim.state.operations, *sim.state.certificates}
    secrets |= {person.pesel for person in sim.world.people.values()}
    secrets |= {item.common_name for item in sim.state.certificates.values()}
    assert not [secret for secret in secrets if secret in text]
    assert not re.search(r"127\.0\.0\.1(?!:)|(?<!\d)\d{10,11}(?!\d)|eyJ|Zażółcona|Próbn", text)
    report = json.loads(text)
    refusal = next(item for item in report["exchanges"] if item["said"] == "400 25003")
    assert refusal["body"]["errors"][0]["code"] == 25003
    assert "content-type" in refusal["headers"]
    assert len(report["facts"]) == len(FACTS)
