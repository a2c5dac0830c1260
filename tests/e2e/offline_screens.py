"""What panel and Konto say of the certificate for offline invoices, and of a break of KSeF's."""

from __future__ import annotations

from collections.abc import Callable

from odoo_user import wait_until
from one_screen import BAR, DASHBOARD, PAGE, POPOVER, Screen, at
from playwright.sync_api import expect
from tour import Tour

OFFLINE = "UPDATE l10n_pl_ksef_certificate SET {} WHERE usage = 'offline'"
IN_A_YEAR = "now() AT TIME ZONE 'utc' + interval '1 year'"
#: All that has an environment; the Ministry's service tells of production alone.
WITH_ENVIRONMENT = {
    "res_company": "l10n_pl_ksef_environment",
    "l10n_pl_ksef_session": "environment",
    "l10n_pl_ksef_certificate": "environment",
}


def _panel(state: str) -> Callable[[Tour], object]:
    def show(tour: Tour) -> None:
        line = tour.open_panel().locator(".o_ksef_offline")
        expect(line).to_have_attribute("data-state", state)

    return show


def _panel_of_break(tour: Tour) -> None:
    expect(tour.open_panel().locator(".o_ksef_availability")).to_contain_text("przerwę do")


KONTO = at("/odoo/ksef-account", f"{PAGE} dl")
CARD = at("/odoo", f"{DASHBOARD} .o_ksef_panel")


def _state(tour: Tour) -> str:
    panel = tour.user().call("res.company", "l10n_pl_ksef_follow", [1])
    return str(panel["offline"] and panel["offline"]["state"])


def _both(tour: Tour) -> None:
    """Have both certificates issued, in KSeF's test environment."""
    _move_to(tour, "test")
    tour.demo.sql("TRUNCATE l10n_pl_ksef_availability")
    tour.forget()
    tour.connect()
    wait_until(lambda: _state(tour) == "valid", "the certificate for offline invoices", 90)


def _move_to(tour: Tour, environment: str) -> None:
    for table, column in WITH_ENVIRONMENT.items():
        tour.demo.sql(f"UPDATE {table} SET {column} = '{environment}'")


def _break(tour: Tour) -> None:
    """Have the Ministry have announced a break for the next hours, for production."""
    _both(tour)
    _move_to(tour, "production")
    tour.demo.sql(
        "INSERT INTO l10n_pl_ksef_availability (asked_at, state, starts_at, ends_at) SELECT"
        " moment, 'maintenance', moment - interval '1 hour', moment + interval '50 minutes'"
        " FROM (SELECT now() AT TIME ZONE 'utc' AS moment) AS present"
    )


def _change(**values: str) -> Callable[[Tour], object]:
    """Return what writes SQL expressions into the columns of the certificate."""
    changes = ", ".join(f"{name} = {value}" for name, value in values.items())
    # Odoo's scheduled action lets it stand.
    changes += f", next_attempt = {IN_A_YEAR}, renew_at = {IN_A_YEAR}"
    return lambda tour: tour.demo.sql(OFFLINE.format(changes))


def _ends(interval: str, state: str = "active") -> Callable[[Tour], object]:
    end = f"date_trunc('day', now() AT TIME ZONE 'utc') + interval '{interval}'"
    start = f"{end} - interval '2 years'"
    return _change(valid_to=end, valid_from=start, state=f"'{state}'")


def _never_issued(state: str, code: str) -> Callable[[Tour], object]:
    """Return what makes it one that KSeF has not issued, and says why."""
    problem = f"""'{{"kind": "local", "code": "{code}", "values": {{}}}}'"""
    unknown = {"serial_number": "NULL", "valid_to": "NULL", "name": "'Odoo'"}
    return _change(state=f"'{state}'", problem=problem, **unknown)


def _asks(tour: Tour) -> None:
    tour.demo.sql("DELETE FROM l10n_pl_ksef_certificate WHERE usage = 'offline'")


OFFLINE_INVOICES = [
    Screen("dashboard_ksef_announces_a_break", CARD, f"{DASHBOARD}, {BAR}", _break),
    Screen("panel_ksef_announces_a_break", _panel_of_break, f"{POPOVER}, {BAR}"),
    Screen("panel_offline_valid", _panel("valid"), f"{POPOVER}, {BAR}", _both),
    Screen("account_offline_valid", KONTO, PAGE),
    Screen("panel_offline_ends_soon", _panel("ending"), f"{POPOVER}, {BAR}", _ends("6 days")),
    Screen("account_offline_ends_soon", KONTO, PAGE),
    Screen("panel_offline_ended", _panel("ended"), f"{POPOVER}, {BAR}", _ends("-1 day", "expired")),
    Screen("account_offline_ended", KONTO, PAGE),
    Screen(
        "panel_offline_waits",
        _panel("waits"),
        f"{POPOVER}, {BAR}",
        _never_issued("checking", "offline_waits"),
    ),
    Screen("account_offline_waits", KONTO, PAGE),
    Screen(
        "panel_offline_refused",
        _panel("refused"),
        f"{POPOVER}, {BAR}",
        _never_issued("failed", "certificate_limit"),
    ),
    Screen("account_offline_refused", KONTO, PAGE),
    Screen("panel_offline_asks_for_consent", _panel("asks"), f"{POPOVER}, {BAR}", _asks),
    Screen("account_offline_asks_for_consent", KONTO, PAGE),
]
