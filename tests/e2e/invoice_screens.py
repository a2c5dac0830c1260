"""What invoices, and the windows that send them, say of KSeF."""

from __future__ import annotations

from collections.abc import Callable

from one_screen import NOTICE, OF_NOTICE, OF_SENDING, Screen, dialog
from playwright.sync_api import expect
from tour import USUAL, Tour

NUMBER = "5265877635-20260401-0100001AF629-11"
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


class _Kept:
    """One invoice that is posted once, brought into a state, and then opened again and again."""

    def __init__(self, bring_about: Callable[[Tour, int], object], shown: str) -> None:
        """Post nothing yet.

        :param shown: a CSS selector of what its form shows then
        """
        self._bring_about, self._shown, self._invoice = bring_about, shown, 0

    def prepare(self, tour: Tour) -> None:
        self._invoice = tour.post_invoice()
        self._bring_about(tour, self._invoice)

    def show(self, tour: Tour) -> None:
        _form(tour, self._invoice, self._shown)

    def press(self, button: str) -> Callable[[Tour], object]:
        """Return what opens the invoice and presses a button, which opens a dialog."""

        def show(tour: Tour) -> None:
            self.show(tour)
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


OUTSIDE = _Kept(_mark_outside, f"{NOTICE}.alert-info")
WAITING = _Kept(_status("sent"), ".ribbon")
REJECTED = _Kept(_status("rejected"), NOTICE)
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
    Screen("invoice_marked_as_sent_outside", OUTSIDE.show, NOTICE, OUTSIDE.prepare, OF_NOTICE),
    dialog("invoice_undo_sent_outside", OUTSIDE.press("action_l10n_pl_ksef_edi_undo_outside")),
    Screen("invoice_waits_for_ksef", WAITING.show, ".ribbon", WAITING.prepare),
    Screen("invoice_rejected_by_ksef", REJECTED.show, NOTICE, REJECTED.prepare, OF_NOTICE),
]
