"""Everything that can keep a certificate from logging in, to be brought about in a test."""

from contextlib import contextmanager, nullcontext
from datetime import timedelta
from unittest.mock import patch

import requests
from lxml import etree
from psycopg2.errors import DiskFull, LockNotAvailable

from odoo.addons.l10n_pl_ksef_auth.models.vault import database_identity
from odoo.addons.l10n_pl_ksef_auth.models.vault import vault as vault_room
from odoo.addons.l10n_pl_ksef_auth.tools import clock, xades

from .common import KINDS
from .own_database import free_port

SESSIONS, CERTIFICATES = "l10n_pl_ksef.session", "l10n_pl_ksef.certificate"
COMPANIES, DUE = "res.company", "l10n_pl_ksef.keep_alive"
# The endpoints that a login or a living one needs, "*" for all.
ENDPOINTS = (
    "*",
    "challenge",
    "xades-signature",
    "auth-status",
    "redeem",
    "refresh",
    "permissions",
)
DETAILS = {"delay": {"seconds": 0.01}, "429": {"seconds": 30}, "refusal": {"code": 21405}}
# KSeF's final statuses of a login (docs/ksef.md A1-login).
STATUSES = (415, 425, 450, 460, 470, 480, 500, 550, 999)
ODD = {
    "ValueError": ValueError("odd"),
    "XMLSyntaxError": etree.XMLSyntaxError("odd", 1, 1, 1),
    "UnicodeError": UnicodeDecodeError("utf-8", b"x", 0, 1, "odd"),
    "MemoryError": MemoryError(),
}
# The addon's methods in which an exception is raised that nobody thought of.
STEPS = (
    (SESSIONS, "_step_sign"),
    (SESSIONS, "_step_submit"),
    (SESSIONS, "_step_poll"),
    (SESSIONS, "_redeem"),
    (SESSIONS, "_plan_renewal"),
    (SESSIONS, "_certificate_login"),
    (SESSIONS, "_set_aside"),
    (COMPANIES, "_advance"),
    (DUE, "_work_off"),
)
FEW = (
    "503 at *",
    "reset at challenge",
    "lost at redeem",
    "429 at auth-status",
    "401 at *",
    "empty-403 at refresh",
    "refusal at xades-signature",
    "410 at auth-status",
    "wall at *",
    "delay at *",
    "status 415",
    "status 500",
    "xmlsec missing",
    "ValueError in signing",
    "odd exception in _redeem",
    "odd exception in _certificate_login",
    "odd exception in _work_off",
    "row locked",
    "odd exception, cannot be set aside",
    "clock 8 days",
    "clock -40 days",
    "key missing",
    "copy_duplicated",
    "copy_moved",
    "certificate's key unreadable",
    "both unreadable",
    "closed port",
    "wrong address",
    "wrong NIP",
    "certificate revoked",
    "nothing renews",
    "ended by KSeF, and status 415",
    "signed in vain, 503",
)
# These are tried in other worlds, too, in the short run.
ELSEWHERE = (
    "503 at *",
    "status 480",
    "key missing",
    "certificate revoked",
    "nothing renews",
    "ended by KSeF, and status 415",
)
# Of these each is followed by the next one in the short run.
CHANGES = (
    "503 at *",
    "status 415",
    "key missing",
    "wrong NIP",
    "odd exception in _work_off",
    "certificate revoked",
    "closed port",
    "copy_moved",
    "clock 8 days",
)
# How a copy of the database looks: Odoo's identifier, the server's, the database's.
MOVES = {
    "copy_duplicated": lambda uuid, server, database: ("another", server, database),
    "copy_restored": lambda uuid, server, database: (uuid, server, "1"),
    "copy_moved": lambda uuid, server, database: (uuid, "1", database),
}


def all_causes():
    """Return every cause by its name: a function of the test case that gives a context manager."""
    return {
        **{f"{kind} at {endpoint}": fault(endpoint, kind) for kind, endpoint in _faults()},
        **{f"status {code}": status(code) for code in STATUSES},
        **{f"xmlsec {lacking}": _lacks_xmlsec(lacking) for lacking in ("missing", "mismatch")},
        **{f"{name} in signing": _odd_signing(error) for name, error in ODD.items()},
        **{f"odd exception in {method}": odd(model, method) for model, method in STEPS},
        "row locked": odd(SESSIONS, "_step_sign", LockNotAvailable()),
        "disk full": odd(SESSIONS, "_step_sign", DiskFull()),
        "odd exception, cannot be set aside": _odd_and_not_set_aside,
        **{f"clock {delta.days} days": wrong_clock(delta) for delta in _deltas()},
        "key missing": _key_missing,
        "another key": _another_key,
        **{code: copied(code) for code in MOVES},
        "certificate's key unreadable": unreadable(CERTIFICATES, "private_key_secret"),
        "refresh token unreadable": unreadable(SESSIONS, "refresh_token_secret"),
        "both unreadable": _both_unreadable,
        "closed port": _closed_port,
        "no such host": _no_such_host,
        "wrong address": _wrong_address,
        "wrong NIP": nip("PL5265877636"),
        "no NIP": nip(False),
        "certificate revoked": _revoked,
        "nothing renews": _nothing_renews,
        "ended by KSeF, and status 415": _ended_by_ksef,
        **{f"signed in vain, {kind}": _signed_in_vain(kind) for kind in ("503", "429", "401")},
    }


def few_causes():
    """Return some of all causes: one for each way that the addon goes when it fails."""
    causes = all_causes()
    return {name: causes[name] for name in FEW}


def _faults():
    return [(kind, endpoint) for kind in sorted(KINDS) for endpoint in ENDPOINTS]


def _deltas():
    # KSeF takes a signature's time within limits; logins live for seven days.
    return [timedelta(days=days) for days in (8, 100, -40)]


def fault(endpoint, kind):
    """Have KSeF, or what lies before it, answer all calls of an endpoint with a fault."""

    @contextmanager
    def cause(case):
        case.simulator.faults.add(endpoint, kind, times=-1, **DETAILS.get(kind, {}))
        try:
            yield
        finally:
            case.simulator.faults.clear()

    return cause


def status(code):
    """Have KSeF end each login with a status."""

    @contextmanager
    def cause(case):
        case.simulator.settings.force_status = {"code": code, "details": []}
        try:
            yield
        finally:
            case.simulator.settings.reset()

    return cause


def odd(model, method, error=None):
    """Have a method of the addon raise an exception that nobody thought of."""
    return lambda case: patch.object(
        case.registry[model], method, side_effect=error or ZeroDivisionError("odd")
    )


def wrong_clock(distance):
    """Have this server's clock run ahead of KSeF's, or behind."""

    @contextmanager
    def cause(case):
        clock.travel(clock.offset() + distance)
        try:
            yield
        finally:
            clock.travel(clock.offset() - distance)

    return cause


def copied(code):
    """Make the database look like one kind of copy."""

    @contextmanager
    def cause(case):
        with case.environment() as env:
            parts = database_identity.here(env).split("/")
            home = "/".join(MOVES[code](*parts))
        with _parameter(case, database_identity.HOME_PARAMETER, home):
            yield

    return cause


def unreadable(model, name):
    """Damage a stored secret of all records; nobody can mend it."""

    @contextmanager
    def cause(case):
        with case.environment() as env:
            for record in env[model].search([(name, "!=", False)]):
                record[name] = f"{record[name][:-8]}AAAAAAA="
        yield

    return cause


def nip(vat):
    """Write a NIP into the company's data that is none."""

    @contextmanager
    def cause(case):
        with case.environment() as env:
            partner = env[COMPANIES].browse(case.company_id).partner_id
            right, partner.with_context(no_vat_validation=True).vat = partner.vat, vat
        try:
            yield
        finally:
            with case.environment() as env:
                env[COMPANIES].browse(case.company_id).vat = right

    return cause


@contextmanager
def _parameter(case, name, value):
    with case.environment() as env:
        before = env["ir.config_parameter"].get_param(name)
        env["ir.config_parameter"].set_param(name, value)
    try:
        yield
    finally:
        with case.environment() as env:
            env["ir.config_parameter"].set_param(name, before)


def _lacks_xmlsec(lacking):
    return lambda case: patch.object(xades, "available", return_value=lacking)


def _odd_signing(error):
    return lambda case: patch.object(xades, "sign", side_effect=error)


@contextmanager
def _odd_and_not_set_aside(case):
    with odd(SESSIONS, "_step_sign")(case), odd(SESSIONS, "_set_aside")(case):
        yield


@contextmanager
def _key_missing(case):
    with case.environment() as env:
        file = vault_room.sources(env)["file"]
    hidden = file.rename(file.with_suffix(".hidden"))
    try:
        yield
    finally:
        hidden.rename(file)


def _another_key(case):
    key = vault_room.vault.generate_key()
    return patch.dict("os.environ", {vault_room.KEY_VARIABLE: key})


@contextmanager
def _both_unreadable(case):
    with unreadable(CERTIFICATES, "private_key_secret")(case):
        with unreadable(SESSIONS, "refresh_token_secret")(case):
            yield


def _closed_port(case):
    return case.reaching(f"http://127.0.0.1:{free_port()}/v2", requests.Session)


@contextmanager
def _no_such_host(case):
    failure = OSError(-2, "Name or service not known")
    with (
        case.reaching(f"http://localhost:{free_port()}/v2", requests.Session),
        patch("socket.getaddrinfo", side_effect=failure),
    ):
        yield


@contextmanager
def _wrong_address(case):
    """Name an address that secrets must not be sent to."""
    with (
        patch.object(case.registry[COMPANIES], "_l10n_pl_ksef_client", case.own_client),
        _parameter(case, "l10n_pl_ksef_auth.base_url.test", "http://ksef.example.com"),
    ):
        yield


@contextmanager
def _revoked(case):
    for certificate in case.simulator.state.certificates.values():
        certificate.revoked = certificate.revocation_done = case.simulator.clock.now()
    yield


@contextmanager
def _ended_by_ksef(case):
    """Have KSeF end every login before its time, and let the certificate in no more."""
    for operation in case.simulator.state.operations.values():
        operation.revoked = True
    with status(415)(case):
        yield


def _signed_in_vain(kind):
    """Have a person sign whenever the login has ended, and KSeF never say what came of it."""

    @contextmanager
    def cause(case):
        case.signs_in_vain = True
        try:
            with fault("auth-status", kind)(case):
                yield
        finally:
            case.signs_in_vain = False

    return cause


def _nothing_renews(case):
    with case.environment() as env:
        env[SESSIONS].search([("state", "=", "active")]).renew_at = False
        env[CERTIFICATES].search([]).unlink()
    return nullcontext()
