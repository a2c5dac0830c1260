"""Scenarios of a connection's life, and the checks that each has ended well."""

import logging
import random
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from odoo.addons.l10n_pl_ksef_auth.tools import clock
from odoo.addons.l10n_pl_ksef_auth.tools.credentials import matches

from .common import credentials
from .office_scenarios import OFFICE, OFFICE_BY_HAND, OfficeScenarios

BY_HAND = ("first login", "take-over", *OFFICE_BY_HAND)
# Of the certificate for offline invoices: the applications that KSeF has got at the end.
OFFLINE = {"second certificate": 2, "its renewal": 3}
LEFT_VALID = "&", ("state", "=", "superseded"), ("usage", "=", "offline")
LOGGING_IN = ("waiting", "submitted", "authorized")
SEED = 20261122


class ScenarioCase(OfficeScenarios):
    """For each scenario: the world before it, what a human does, its end, what must hold then."""

    @contextmanager
    def same_every_time(self):
        """Stop both clocks except for the test's own moves, and seed chance.

        Otherwise the machine's speed decides how often KSeF is asked, and points change places.
        """
        start, random_state = datetime.now(timezone.utc), random.getstate()
        simulated = self.simulator.clock
        random.seed(SEED)
        try:
            with (
                self.without_sockets(),
                patch.object(clock, "now", lambda: start + clock.offset()),
                patch.object(simulated, "now", lambda: start + simulated.offset()),
            ):
                yield
        finally:
            random.setstate(random_state)

    def keep_world(self):
        """Copy what Odoo and KSeF have stored, both clocks and chance, for restore_world()."""
        self.keep_database()
        self.kept = self.simulator.keep(), clock.offset(), random.getstate()

    def restore_world(self):
        """Put everything back that keep_world() copied."""
        self.restore_database()
        at_ksef, offset, random_state = self.kept
        self.simulator.go_back_to(at_ksef)
        clock.travel(offset)
        random.setstate(random_state)

    @contextmanager
    def silence(self):
        """Log nothing inside the block, where failures are expected."""
        logging.disable(logging.CRITICAL)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)

    # ------------------------------------------------------------------
    # Scenarios
    # ------------------------------------------------------------------
    def prepare(self, scenario):
        """Bring the world to the moment before a scenario begins."""
        self.forget()
        if scenario in OFFICE:
            self.prepare_office(scenario)
            return
        if scenario in OFFLINE:
            self.prepare_offline(scenario)
            return
        if scenario == "first login":
            self.window_id = self.signed_window(consent=False)
            return
        self.sign_in()
        self.travel(timedelta(seconds=2))
        with self.environment() as env:
            env["l10n_pl_ksef.session"].search([])._advance()
        if scenario == "enrollment":
            return
        self.go_on(timedelta(hours=1), until=self.has_certificate)
        self.settle()
        if scenario == "take-over":
            self.window_id = self.take_over_window()
            return
        if scenario == "daily check":
            self.travel(timedelta(hours=25))
            return
        with self.environment() as env:
            if scenario == "renewal":
                certificate = env["l10n_pl_ksef.certificate"].search([])
                certificate.write({"renew_at": certificate._now(), "next_attempt": False})
            else:
                session = env["l10n_pl_ksef.session"].search([("state", "=", "active")])
                session.renew_at = session._now()

    def prepare_offline(self, scenario):
        """Bring the world to where the certificate for offline invoices is due, or its renewal."""
        self.issue_invoices()
        self.switch(True)
        self.sign_in()
        self.switch(False)
        self.go_on(timedelta(hours=1), until=self.has_certificate)
        self.settle()
        self.switch(True)
        with self.environment() as env:
            env["l10n_pl_ksef.certificate"].search([]).next_attempt = False
        if scenario == "second certificate":
            return
        self.go_on(timedelta(hours=1), until=lambda: self.is_done("second certificate"))
        self.settle()
        with self.environment() as env:
            certificate = env["l10n_pl_ksef.certificate"].search([("usage", "=", "offline")])
            certificate.write({"renew_at": certificate._now(), "next_attempt": False})

    def switch(self, wanted):
        """Turn the company's certificate for offline invoices on or off."""
        with self.environment() as env:
            env["res.company"].browse(self.company_id).l10n_pl_ksef_offline = wanted

    def begin(self, scenario):
        """Do what a human does in a scenario; the scheduled action begins the other scenarios."""
        if scenario in OFFICE_BY_HAND:
            self.begin_office(scenario, self.signed)
        elif scenario in BY_HAND:
            with self.environment(self.user_id) as env:
                env["l10n_pl_ksef.authorization"].browse(self.window_id).authenticate()

    def begin_again(self, scenario):
        """Have the human begin a scenario once more."""
        if scenario in OFFICE:
            # What was signed before the world was kept stays for the points that follow.
            self.begin_office(scenario, self.signed_for(scenario))
            return
        take_over = scenario == "take-over"
        self.window_id = self.take_over_window() if take_over else self.signed_window(False)
        self.begin(scenario)

    def take_over_window(self):
        """Begin a take-over that revokes the former certificate; return its signed window's id."""
        with self.environment(self.user_id) as env:
            company = env["res.company"].browse(self.company_id)
            env["l10n_pl_ksef.takeover"]._begin(company.sudo(), revoke=True)
        return self.signed_window(consent=False, signer="qualified")

    def is_done(self, scenario):
        """Return True if a scenario has reached its end."""
        if scenario in OFFICE:
            return self.is_given_or_back(scenario)
        with self.environment() as env:
            company = env["res.company"].browse(self.company_id)
            session = company._l10n_pl_ksef_session()
            certificates = env["l10n_pl_ksef.certificate"].search([])
            if scenario in OFFLINE:
                return self.has_both(certificates, scenario)
            if scenario == "first login":
                return bool(session.rights_checked_at)
            if scenario == "daily check":
                checked = session.rights_checked_at
                return bool(checked) and checked > session._now() - timedelta(hours=12)
            if scenario == "enrollment":
                return certificates.mapped("state") == ["active"]
            if scenario == "certificate login":
                return session.method == "certificate" and self.is_quiet(env)
            if scenario == "take-over":
                # A request that was given up before it was sent stays behind, harmless.
                active = env["l10n_pl_ksef.session"].search([("state", "=", "active")])
                return certificates.mapped("state") == ["revoked"] and active == session
            old = certificates.filtered(lambda item: item.state == "superseded")
            return bool(old) and not old.revoke_requested and self.is_quiet(env)

    def has_both(self, certificates, scenario):
        """Return True if both certificates are valid, and what one of them replaces is replaced."""
        states = [(item.usage, item.state) for item in certificates]
        valid = [usage for usage, state in states if state == "active"]
        replaced = [usage for usage, state in states if state == "superseded"]
        wanted = ["offline"] if scenario == "its renewal" else []
        return (sorted(valid), replaced) == (["login", "offline"], wanted)

    def is_quiet(self, env):
        """Return True if exactly one session is active and no other is logging in."""
        states = env["l10n_pl_ksef.session"].search([]).mapped("state")
        return states.count("active") == 1 and not set(states) & set(LOGGING_IN)

    def has_certificate(self):
        """Return True if the company's certificate has been issued."""
        return self.is_done("enrollment")

    def states(self):
        """Return state and problem of every session and certificate, for a failure's message."""
        with self.environment() as env:
            return [
                [(item.state, item.problem) for item in env[model].search([])]
                for model in ("l10n_pl_ksef.session", "l10n_pl_ksef.certificate")
            ]

    # ------------------------------------------------------------------
    # What must hold: no lost key, no second certificate for one need, no stuck state
    # ------------------------------------------------------------------
    def what_is_wrong(self, scenario):
        """Return what must not be at the end of a scenario, or None."""
        if scenario in OFFICE:
            return self.what_is_wrong_at_office(scenario)
        applications = {"first login": 0, "renewal": 2, **OFFLINE}.get(scenario, 1)
        made = sum(self.simulator.state.enrollments_made.values())
        if made != applications:
            return f"{made} applications"
        valid = [
            item.serial
            for item in self.simulator.state.certificates.values()
            if item.status(self.simulator.clock.now()) == "Active"
        ]
        with self.environment() as env:
            # The codes on paper are older than the successor: what signed them stays valid.
            kept = "|", ("state", "=", "active"), *LEFT_VALID
            here = env["l10n_pl_ksef.certificate"].search(kept)
            if set(valid) != set(here.mapped("serial_number")) or len(valid) != len(here):
                return f"valid at KSeF {valid}, here {here.mapped('serial_number')}"
            for certificate in here.filtered(lambda one: one.state == "active"):
                if not matches(*credentials(certificate)):
                    return "the key does not belong to the certificate"
            session = env["res.company"].browse(self.company_id)._l10n_pl_ksef_session()
            if session._missing_rights():
                return "connected without rights"
            session._shared_token()
        return None
