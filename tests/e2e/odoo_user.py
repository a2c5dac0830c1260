"""A user of a running Odoo, over the web client's own calls: for what needs no browser."""

from __future__ import annotations

import base64
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests

from ksef_simulator import control
from ksef_simulator.signers import sign


class OdooError(Exception):
    """Odoo answered a call with an error."""


class OdooUser:
    """One login at one Odoo server."""

    def __init__(self, url: str, database: str, login: str) -> None:
        """Log in; in the demo a user's password is the login's name."""
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._ids = itertools.count(1)
        self._database = database
        session = self._authenticate(login)
        self.uid: int = session["uid"]
        self._context: dict[str, Any] = session["user_context"]

    def call(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a public method, as the web client does: in the user's language."""
        kwargs = {**kwargs, "context": {**self._context, **kwargs.get("context", {})}}
        parameters = {"model": model, "method": method, "args": list(args), "kwargs": kwargs}
        return self._post(f"/web/dataset/call_kw/{model}/{method}", parameters)

    def get(self, path: str) -> bytes:
        """Download a file."""
        answer = self._session.get(self.url + path, timeout=60)
        answer.raise_for_status()
        return answer.content

    def _authenticate(self, login: str) -> dict[str, Any]:
        parameters = {"db": self._database, "login": login, "password": login}
        return self._post("/web/session/authenticate", parameters)

    def _post(self, path: str, parameters: dict[str, Any]) -> Any:
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": "call", "params": parameters}
        answer = self._session.post(self.url + path, json=body, timeout=120).json()
        if "error" in answer:
            raise OdooError(answer["error"]["data"]["message"])
        return answer["result"]


def first_login(user: OdooUser, simulator: control.Control, company_id: int = 1) -> None:
    """Connect a company with one signature and have its certificate issued."""
    assert sign_in(user, simulator, "owner", company_id)
    wait_for_certificate(user, company_id)


def wait_for_certificate(user: OdooUser, company_id: int = 1) -> None:
    """Wait until a company's certificate is issued."""
    wait_until(lambda: _certificate(user, company_id) == "valid", "the certificate", 90)


def sign_in(
    user: OdooUser,
    simulator: control.Control,
    signer: str,
    company_id: int = 1,
    *,
    sign: Callable[..., bytes] = sign,
) -> bool:
    """Send a request that somebody signed; return True if KSeF let the company in.

    :param sign: called with the request, the signer, and the moment as `at`
    """
    action = user.call("res.company", "l10n_pl_ksef_open_authorization", [company_id])
    return bool(_signed_in_window(user, simulator, signer, action, sign)["result"] == "connected")


def give_rights(user: OdooUser, simulator: control.Control, signer: str, company_id: int) -> None:
    """Have a client's signer give the office rights, and wait until the office has logged in."""
    action = user.call("res.company", "l10n_pl_ksef_ask_for_rights", [company_id])
    _signed_in_window(user, simulator, signer, action, sign)

    def is_logged_in() -> bool:
        return bool(user.call("res.company", "l10n_pl_ksef_follow", [company_id])["stands_on"])

    wait_until(is_logged_in, "the office's login")


def _signed_in_window(
    user: OdooUser,
    simulator: control.Control,
    signer: str,
    action: dict[str, Any],
    sign: Callable[..., bytes],
) -> dict[str, Any]:
    """Sign and send the request of the window that an action opens; return its last view."""
    window, model = [action["params"]["wizard_id"]], "l10n_pl_ksef.authorization"
    view = user.call(model, "prepare_download", window)
    signed = sign(user.get(view["download_url"]), signer, at=simulator.clock.now())
    view = user.call(model, "attach", window, "signed.xml", base64.b64encode(signed).decode())
    if view["purpose"] == "connect":
        user.call(model, "set_answer", window, "both" if view["offline"] else "once")
    user.call(model, "authenticate", window)
    views: list[dict[str, Any]] = []

    def has_ended() -> bool:
        views.append(user.call(model, "follow", window))
        return not views[-1]["verifying"]

    wait_until(has_ended, "the login")
    return views[-1]


def _certificate(user: OdooUser, company_id: int) -> str:
    panel = user.call("res.company", "l10n_pl_ksef_follow", [company_id])
    return str(panel["certificate"]["state"])


def add_company(admin: OdooUser, name: str, nip: str) -> int:
    """Create a Polish company in KSeF's test environment, with the staff; return its id."""
    (poland,) = admin.call("res.country", "search", [("code", "=", "PL")])
    values = {"name": name, "country_id": poland, "vat": f"PL{nip}"}
    values |= {"l10n_pl_ksef_environment": "test"}
    (made,) = _patiently(lambda: admin.call("res.company", "create", [values]))
    admin.call("res.users", "write", staff(admin), {"company_ids": [(4, made)]})
    return int(made)


@contextmanager
def another_company(admin: OdooUser, name: str, nip: str) -> Iterator[int]:
    """Give the staff one more company, and give its id; afterwards nobody has it."""
    company = add_company(admin, name, nip)
    try:
        yield company
    finally:
        admin.call("res.users", "write", staff(admin), {"company_ids": [[3, company]]})
        admin.call("res.company", "write", [company], {"active": False})


def _patiently(call: Callable[[], Any], seconds: float = 30) -> Any:
    """Call again while Odoo refuses: for a new company it installs modules of the country.

    Odoo installs none while a scheduled action runs.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return call()
        except OdooError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.5)


def staff(admin: OdooUser) -> list[int]:
    """Return the ids of the demo's accountant and administrator."""
    return list(admin.call("res.users", "search", [("login", "in", ["admin", "ksiegowa"])]))


def draft_invoice(user: OdooUser) -> int:
    """Write an invoice of one service with 23 % VAT, and return its id."""
    (partner,) = user.call("res.partner", "search", [("name", "=", "Nabywca S.A.")])
    wanted = [("type_tax_use", "=", "sale"), ("amount", "=", 23)]
    taxes = user.call("account.tax", "search", wanted, limit=1)
    line = {"name": "Usługa", "quantity": 1, "price_unit": 100, "tax_ids": taxes}
    values = {"move_type": "out_invoice", "partner_id": partner}
    values |= {"invoice_line_ids": [(0, 0, line)]}
    return int(user.call("account.move", "create", [values])[0])


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait until something holds; fail after `seconds`, naming it."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come within {seconds} s"
        time.sleep(0.5)
