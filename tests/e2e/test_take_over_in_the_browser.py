"""The signer leaves: a colleague takes the connection over, in Polish, in a real browser."""

from __future__ import annotations

from journey import Journey
from odoo_user import wait_until
from playwright.sync_api import expect


def test_a_colleague_takes_the_connection_over_and_the_old_certificate_is_revoked(
    journey: Journey,
) -> None:
    demo = journey.demo
    # What serves companies of others is not revoked, and other tests connect some.
    demo.sql("DELETE FROM l10n_pl_ksef_certificate_res_company_rel WHERE res_company_id != 1")
    journey.be_connected()
    former = demo.sql(
        "SELECT certificate.id FROM l10n_pl_ksef_certificate AS certificate"
        " JOIN l10n_pl_ksef_certificate_res_company_rel AS served"
        " ON served.l10n_pl_ksef_certificate_id = certificate.id AND served.res_company_id = 1"
        " WHERE certificate.usage = 'login' AND certificate.state = 'active'"
    )
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
    state = f"SELECT state FROM l10n_pl_ksef_certificate WHERE id = {former}"
    wait_until(lambda: demo.sql(state) == "revoked", "the revocation")
