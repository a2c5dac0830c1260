import time
import traceback
from collections import Counter
from datetime import timedelta

from odoo.tests import tagged

from .common import KINDS
from .office_scenarios import (
    BY_LINK,
    FOR_A_PERSON,
    LOOKED_ROUND,
    OFFICE,
    ORDER_LOST,
    TAKEN_BACK,
)
from .scenarios import ScenarioCase

try:
    from stack.sizes import wide
except ImportError:
    wide = bool

# The endpoints that the addon calls by itself, by the scenario in which it calls them.
ENDPOINTS = {
    "first login": ("xades-signature", "auth-status", "redeem", "permissions"),
    "certificate login": (
        "challenge",
        "xades-signature",
        "auth-status",
        "redeem",
        "permissions",
        "session-revoke",
    ),
    "daily check": ("refresh", "permissions", "certificate-query"),
    "enrollment": (
        "enrollment-data",
        "certificate-limits",
        "certificate-query",
        "enroll",
        "enrollment-status",
        "retrieve",
    ),
    "renewal": ("certificate-revoke",),
    "second certificate": ("enroll", "retrieve"),
    BY_LINK: ("permission-grant", "permission-operation"),
}
RENEWAL_OF_OFFLINE = "its renewal"
# In `./run test all` alone.
MORE = {
    RENEWAL_OF_OFFLINE: (
        "certificate-limits",
        "certificate-query",
        "enroll",
        "enrollment-status",
        "retrieve",
    ),
    TAKEN_BACK: ("permission-list", "permission-revoke"),
    FOR_A_PERSON: ("permission-grant", "permission-operation"),
    LOOKED_ROUND: ("challenge", "auth-status", "redeem", "permission-list"),
    ORDER_LOST: ("permissions", "xades-signature", "auth-status", "redeem"),
}
# Of rights in `./run test`: a no, it arrived and the answer is lost, it did not arrive.
FEW_KINDS = ("403", "lost", "reset")
# KSeF's final answers: a machine must not repeat them for ever, so a human may be told.
FINAL = ("401", "403", "empty-403", "410", "refusal")
DETAILS = {"delay": {"seconds": 0.01}, "429": {"seconds": 30}, "refusal": {"code": 21405}}


@tagged("post_install", "-at_install")
class TestFaultMatrix(ScenarioCase):
    """Have one call go wrong: each endpoint with each fault, always from the same world."""

    def tearDown(self):
        # Faults give these answers even to calls for which the contract does not list them.
        faults = tuple(f": {status} is not in the contract" for status in (401, 403, 410))
        self.broken[:] = [told for told in self.broken if not told.endswith(faults)]
        super().tearDown()

    def test_fault_matrix(self):
        began = time.monotonic()
        outcomes, failures = Counter(), []
        more = MORE if wide() else {}
        for scenario, endpoints in {**ENDPOINTS, **more}.items():
            with self.same_every_time():
                self.prepare(scenario)
                self.keep_world()
                for endpoint in endpoints:
                    for kind in sorted(KINDS if wide() or scenario not in OFFICE else FEW_KINDS):
                        outcome = self.with_fault(scenario, endpoint, kind)
                        outcomes[outcome] += 1
                        if not self.is_fine(scenario, endpoint, kind, outcome):
                            failures.append(f"{scenario}, {endpoint} × {kind}: {outcome}")
        self.figures(
            f"fault matrix: {outcomes.total()} points tried, {outcomes['recovered']} recovered,"
            f" {outcomes['asked']} asked for a signature, {outcomes['told']} told a human after a"
            f" final refusal, {len(failures)} failed ({time.monotonic() - began:.0f} s)"
        )
        self.assertFalse(failures, "\n".join(failures))

    def is_fine(self, scenario, endpoint, kind, outcome):
        if outcome == "recovered":
            return True
        # KSeF gives this answer only once, and it was lost on the way.
        lost = endpoint in ("xades-signature", "redeem") and kind in (
            "lost",
            "half",
            "html",
            "not-json",
            "oversized",
        )
        if outcome == "asked":
            return scenario in ("first login", *OFFICE) and (lost or kind in FINAL)
        return outcome == "told" and kind in FINAL

    def with_fault(self, scenario, endpoint, kind):
        """Have one call of a scenario go wrong, and judge its end.

        :return str: recovered, asked, told, or what is wrong
        """
        self.restore_world()
        try:
            with self.silence():
                return self.outcome(scenario, endpoint, kind)
        except Exception:
            return traceback.format_exc()

    def outcome(self, scenario, endpoint, kind):
        met = self.simulator.faults.met
        self.simulator.faults.add(endpoint, kind, **DETAILS.get(kind, {}))
        self.begin(scenario)
        done = self.go_on(self.time_for(scenario), until=lambda: self.is_done(scenario))
        if self.simulator.faults.met == met:
            return "the fault was not met"
        if done:
            return self.what_is_wrong(scenario) or "recovered"
        if scenario == RENEWAL_OF_OFFLINE:
            self.come_near_its_end()
        if self.is_told(scenario):
            return "told"
        if scenario == "first login":
            self.sign_in(consent=False)
            if self.go_on(timedelta(hours=1), until=lambda: self.is_done(scenario)):
                return self.what_is_wrong(scenario) or "asked"
        return f"stuck: {self.states()}"

    def come_near_its_end(self):
        """Go to where people are told of a certificate that no renewal has replaced."""
        with self.environment() as env:
            valid = [("usage", "=", "offline"), ("state", "=", "active")]
            certificate = env["l10n_pl_ksef.certificate"].search(valid)
            end = certificate._now() + timedelta(days=20)
            certificate.write({"valid_from": end - timedelta(days=730), "valid_to": end})
        self.go_on(timedelta(hours=2))

    def is_told(self, scenario):
        """Return True if a human was told while the session, if there is any, stays active."""
        with self.environment() as env:
            session = env["res.company"].browse(self.company_id)._l10n_pl_ksef_session()
            told = env["l10n_pl_ksef.alert"].search(
                [("closed_at", "=", False), ("tell_at", "=", False)]
            )
            return bool(told) and (session.state == "active" or scenario in OFFICE)
