"""The signer leaves: a colleague takes the connection over, in Polish, in a real browser."""

from __future__ import annotations

from journey import Journey
from odoo_user import wait_until
from playwright.sync_api import expect


def test_a_colleague_takes_the_connection_over_and_the_old_certificate_is_revoked(
    journey: Journey,
) -> None:
    demo = journey.demo
    journey.be_connected()
    page = journey.log_in()
    journey.open_panel().get_by_role("button", name="Konto").click()
    identity = page.locator(".o_ksef_identity")
    expect(identity).to_contain_text("Róża Żółć-Źdźbło")
    journey.picture("take_over_1_account")

    identity.get_by_role("button", name="Zmień osobę podpisującą").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Unieważnij").check()
    journey.picture("take_over_2_choice")
    dialog.get_by_role("button", name="Dalej").click()
    page.locator("input[type=password]").fill("ksiegowa")
    page.get_by_role("button", name="Potwierdź hasło").click()

    window = page.get_by_role("dialog").filter(has_text="Autoryzacja konta")
    journey.picture("take_over_3_window")
    document = journey.download()
    signed = journey.sign(document, "qualified")
    window.get_by_role("button", name="Dalej").click()
    journey.choose(signed)
    expect(window).to_contain_text("Jan Maria Wiśniewski")
    journey.answer("Tylko raz")
    window.get_by_role("button", name="Uwierzytelnij").click()

    expect(window).to_be_hidden()
    page.reload()
    expect(page.locator(".o_control_panel")).to_contain_text("Konto")
    expect(identity).to_contain_text("Jan Maria Wiśniewski")
    journey.picture("take_over_4_done")
    state = "SELECT state FROM l10n_pl_ksef_certificate ORDER BY id LIMIT 1"
    wait_until(lambda: demo.sql(state) == "revoked", "the revocation")
