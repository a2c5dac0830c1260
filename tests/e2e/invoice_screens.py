"""What invoices, and the windows that send them, say of KSeF."""

from __future__ import annotations

from collections.abc import Callable

from one_screen import NOTICE, OF_NOTICE, OF_SENDING, Screen, dialog
from playwright.sync_api import expect
from tour import USUAL, Tour

NUMBER = "5265877635-20260401-0100001AF629-11"
#: Invoices that are opened again and again, by the name of their state.
KEPT: dict[str, int] = {}
SENT_OUTSIDE = "l10n_pl_ksef_edi.sent_outside"


def _form(tour: Tour, invoice: int, shown: str) -> None:
    tour.go(f"/odoo/action-account.action_move_out_invoice_type/{invoice}")
    expect(tour.page.locator(f"{shown}:visible").first).to_be_visible()


def _invoice(tour: Tour) -> None:
    _form(tour, tour.post_invoice(), NOTICE)


def _of_invoice(button: str) -> Callable[[Tour], object]:
    def show(tour: Tour) -> None:
        _invoice(tour)
        tour.press(f"button[name={button}]:visible")

    return show


def _keep(name: str, bring_about: Callable[[Tour, int], object]) -> Callable[[Tour], object]:
    """Return what posts an invoice once and brings it into a state; `_open` opens that one."""

    def prepare(tour: Tour) -> None:
        KEPT[name] = tour.post_invoice()
        bring_about(tour, KEPT[name])

    return prepare


def _open(name: str, shown: str, button: str = "") -> Callable[[Tour], object]:
    """Return what opens an invoice that was kept, and presses a button that opens a dialog.

    :param shown: a CSS selector of what its form shows
    """

    def show(tour: Tour) -> None:
        _form(tour, KEPT[name], shown)
        if button:
            tour.press(f"button[name={button}]:visible")

    return show


def _mark_outside(tour: Tour, invoice: int) -> None:
    call = tour.user().call
    window = call(SENT_OUTSIDE, "create", [{"move_id": invoice, "number": NUMBER}])
    call(SENT_OUTSIDE, "action_mark", window)


def _status(status: str) -> Callable[[Tour, int], object]:
    """Return what makes an invoice one that Odoo's sender has sent, and KSeF has so answered."""
    values = f"l10n_pl_edi_status = '{status}', l10n_pl_edi_ref = '20260401-EE-0100001AF629'"
    return lambda tour, invoice: tour.demo.sql(
        f"UPDATE account_move SET {values} WHERE id = {invoice}"
    )


def _two_invoices(tour: Tour) -> None:
    for _one in range(2):
        tour.post_invoice()


def _send_many(tour: Tour) -> None:
    """Select invoices on a laptop: a phone shows cards; the window adapts itself to the size."""
    size = tour.size
    tour.resize(*USUAL)
    page = tour.go("/odoo/ksef-not-sent")
    everything = page.locator("thead .o_list_record_selector input")
    expect(page.locator(".o_data_row").first).to_be_visible()
    everything.check()
    tour.press("button[name=action_send_and_print]:visible")
    tour.resize(*size)


OUTSIDE = f"{NOTICE}.alert-info"
UNDO = "action_l10n_pl_ksef_edi_undo_outside"
#: While the company is connected.
TO_BE_SENT = [
    Screen("invoice_to_be_sent", _invoice, NOTICE, decisions=OF_NOTICE),
    Screen("invoice_send", _of_invoice("action_invoice_sent"), NOTICE, decisions=OF_SENDING),
]
#: While it is not.
KEPT_AWAY = [
    Screen("invoice_not_in_ksef", _invoice, NOTICE, decisions=OF_NOTICE),
    Screen(
        "invoice_send_not_connected",
        _of_invoice("action_invoice_sent"),
        NOTICE,
        decisions=OF_SENDING,
    ),
    Screen("invoices_send_not_connected", _send_many, NOTICE, _two_invoices, OF_SENDING),
    dialog("invoice_sent_outside_odoo", _of_invoice("action_l10n_pl_ksef_edi_sent_outside")),
    Screen(
        "invoice_marked_as_sent_outside",
        _open("outside", OUTSIDE),
        NOTICE,
        _keep("outside", _mark_outside),
        OF_NOTICE,
    ),
    dialog("invoice_undo_sent_outside", _open("outside", OUTSIDE, UNDO)),
    Screen(
        "invoice_waits_for_ksef",
        _open("sent", ".ribbon"),
        ".ribbon",
        _keep("sent", _status("sent")),
    ),
    Screen(
        "invoice_rejected_by_ksef",
        _open("rejected", NOTICE),
        NOTICE,
        _keep("rejected", _status("rejected")),
        OF_NOTICE,
    ),
]
