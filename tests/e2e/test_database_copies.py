"""No copy of a database, however it was made, touches what belongs to the original."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from database_copies import Copies, look, replace_key
from odoo_user import OdooUser, first_login
from playwright.sync_api import BrowserContext, expect
from web_client import log_in

from ksef_simulator.control import Control
from stack import places
from stack.demo import DemoStack, demo_stack
from stack.places import free_port
from stack.postgres import Postgres
from stack.programs import Programs


@pytest.fixture(scope="module")
def original() -> Iterator[DemoStack]:
    """Give a running database that is connected and has its certificate."""
    with demo_stack() as demo:
        user = OdooUser(demo.odoo_url, demo.database, "ksiegowa")
        first_login(user, Control(demo.simulator_url))
        yield demo
        demo.restart_odoo()
        assert_connected(demo)


@pytest.fixture
def copies(original: DemoStack) -> Iterator[Copies]:
    """Give copies of it; remove them afterwards, and check that the original is still connected."""
    made = Copies(original)
    yield made
    made.remove()
    assert_connected(original)


@pytest.fixture
def ksef(original: DemoStack) -> Control:
    return Control(original.simulator_url)


def assert_connected(original: DemoStack) -> None:
    user = OdooUser(original.odoo_url, original.database, "ksiegowa")
    assert user.call("res.company", "l10n_pl_ksef_panel", [1])["color"] == "green"


def assert_harmless(
    copies: Copies, ksef: Control, copy: str, words: str, decisions: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    """Check that a copy sends nothing to KSeF, gives no token, and says what it is.

    :return: what was seen after each decision
    """
    before = ksef.requests.counts()
    seen, *later = look(copies.shop.programs, copy, decisions)
    assert decisions or ksef.requests.counts() == before
    assert seen["token"] is False
    assert seen["panel"]["color"] == "red"
    assert words in seen["panel"]["problem"]["text"]
    return later


def test_a_duplicate_keeps_its_hands_off(copies: Copies, ksef: Control) -> None:
    copy = copies.duplicate("duplicate")
    copies.give_key(copy)
    assert_harmless(copies, ksef, copy, "duplicate")


@pytest.mark.long
def test_a_copy_made_by_postgresql_keeps_its_hands_off(copies: Copies, ksef: Control) -> None:
    copy = copies.template("template")
    copies.give_key(copy)
    assert_harmless(copies, ksef, copy, "copied on this server")


@pytest.mark.long
def test_a_restored_snapshot_keeps_its_hands_off(copies: Copies, ksef: Control) -> None:
    copy = copies.restore(copies.dump(), "snapshot")
    copies.give_key(copy)
    assert_harmless(copies, ksef, copy, "restored from a backup")


@pytest.mark.long
def test_an_accountant_says_in_the_browser_that_the_snapshot_is_the_original(
    copies: Copies, polish_browser: BrowserContext, pictures: Path
) -> None:
    copy = copies.restore(copies.dump(), "resumed")
    copies.give_key(copy)
    odoo = copies.demo.another_odoo(free_port(), database=copy).start()
    page = polish_browser.new_page()
    try:
        log_in(page, odoo.address + "?redirect=/odoo/ksef-account", "ksiegowa")
        expect(page.locator(".o_ksef_panel")).to_contain_text("z kopii zapasowej", timeout=60_000)
        page.get_by_role("button", name="Zdecyduj, co zrobić").click()
        original = page.get_by_role("button", name="To jest oryginał")
        expect(original).to_be_visible()
        page.screenshot(path=pictures / "copy.png")
        original.click()
        page.locator("input[type=password]").fill("ksiegowa")
        page.get_by_role("button", name="Potwierdź hasło").click()
        tick = page.locator(".o_ksef_tick")
        expect(tick).to_have_attribute("data-tick", "yes", timeout=60_000)
    finally:
        odoo.stop()


def test_a_neutralized_copy_holds_nothing(copies: Copies, ksef: Control) -> None:
    copy = copies.template("neutralized")
    copies.give_key(copy)
    copies.neutralize(copy)
    assert_harmless(copies, ksef, copy, "neutralized")
    left = copies.shop.postgres.sql(
        "SELECT count(private_key_secret) + count(certificate_secret)"
        " FROM l10n_pl_ksef_certificate",
        copy,
    )
    assert left == "0"


@pytest.mark.long
def test_a_duplicate_that_odoo_neutralizes_says_so(copies: Copies, ksef: Control) -> None:
    assert_harmless(copies, ksef, copies.duplicate("trial", neutralize=True), "neutralized")


@pytest.mark.long
def test_a_move_without_the_key_says_what_is_missing(
    copies: Copies, ksef: Control, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup, programs = copies.dump(), copies.shop.programs
    monkeypatch.setattr(places, "CACHE", tmp_path)
    elsewhere = Postgres()
    try:
        moved = Programs(programs._odoo, programs.interpreter, elsewhere)
        copy = copies.restore(backup, "moved", elsewhere)
        before = ksef.requests.counts()
        seen = look(moved, copy, ("action_continue", "action_start_afresh"))
        assert "moved" in seen[0]["panel"]["problem"]["text"]
        assert "klucza" in seen[1]["refused"]
        assert seen[2]["panel"]["state"] == "disconnected"
        assert ksef.requests.counts() == before
    finally:
        elsewhere.close()


def test_the_key_is_replaced_while_odoo_runs(original: DemoStack) -> None:
    user = OdooUser(original.odoo_url, original.database, "ksiegowa")
    status, said = replace_key(original)
    assert "secrets encrypted with the new key, 0 were already, 0 cannot be read" in said
    assert status == 0
    original.sql("UPDATE l10n_pl_ksef_session SET access_valid_until = '2001-01-01'")
    answer = user.call("res.company", "l10n_pl_ksef_account_at_ksef", [1])
    assert (answer["problem"], answer["panel"]["color"]) == (False, "green")


def test_the_command_that_replaces_the_key_fails_where_a_secret_cannot_be_read(
    original: DemoStack,
) -> None:
    one = "(SELECT min(id) FROM l10n_pl_ksef_certificate)"
    original.sql(f"UPDATE l10n_pl_ksef_certificate SET issued_secret = 'x' WHERE id = {one}")
    status, said = replace_key(original)
    original.sql("UPDATE l10n_pl_ksef_certificate SET issued_secret = NULL")
    assert "1 cannot be read" in said
    assert status == 1
