import time
import traceback
from datetime import timedelta

import requests

from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.tools import clock

from .common import Control
from .crash_points import CrashPoints, in_a_process
from .office_scenarios import BY_LINK, OFFICE
from .scenarios import BY_HAND, OFFLINE, ScenarioCase

try:
    from stack.sizes import wide
except ImportError:
    wide = bool

NONE = 10**6
# KSeF answers these only once: when the answer is lost, only another signature helps.
ONCE_ONLY = ("POST /auth/xades-signature", "POST /auth/token")
SCENARIOS = ("first login", "certificate login", "enrollment", "renewal", "take-over", *OFFLINE)
# The one call for rights that must not be repeated.
ORDER = "POST /permissions/entities"


@tagged("post_install", "-at_install")
class TestCrashMatrix(ScenarioCase):
    """Kill Odoo, in a process of its own, at each point of each scenario; then let another
    process go on, which has to end well.
    """

    def test_crash_matrix(self):
        began = time.monotonic()
        tried = recovered = asked = 0
        failures = []
        for scenario in (*SCENARIOS, *(OFFICE if wide() else (BY_LINK,))):
            for name, outcome in self.outcomes(scenario):
                tried += 1
                recovered += outcome == "recovered"
                asked += outcome == "asked"
                if outcome not in ("recovered", "asked"):
                    failures.append(f"{scenario}, {name}: {outcome}")
        self.figures(
            f"crash matrix: {tried} points tried, {recovered} recovered, {asked} asked for a"
            f" signature, {len(failures)} failed ({time.monotonic() - began:.0f} s)"
        )
        self.assertFalse(failures, "\n".join(failures))

    def outcomes(self, scenario):
        """Yield the name of each point of a scenario, and the outcome after dying there."""
        with self.same_every_time():
            self.prepare(scenario)
            self.keep_world()
            # The first run does what Odoo does once in a database's life, such as a reminder.
            self.dying_at(scenario, NONE)
            points, outcome = self.dying_at(scenario, NONE)
            yield "not killed", outcome
            for number in self.fatal_points(scenario, points):
                passed, outcome = self.dying_at(scenario, number)
                if len(passed) != number + 1:
                    outcome = f"died after {len(passed)} points"
                previous = passed[-2] if len(passed) > 1 else "the beginning"
                yield f"{passed[-1]} (point {number}, after {previous})", outcome

    def fatal_points(self, scenario, points):
        """Return the points to die at: all; of rights, in `./run test`, those around the order."""
        if scenario not in OFFICE or wide():
            return range(len(points))
        sent = [number for number, name in enumerate(points) if name.endswith(ORDER)]
        return range(sent[0] - 1, sent[-1] + 3)

    def dying_at(self, scenario, number):
        """Let Odoo die at a point, and start it again.

        :return tuple: names of the points passed, the outcome
        """
        self.restore_world()
        try:
            with self.silence():
                passed = self.first_life(scenario, number)
                return passed, self.second_life(scenario, passed)
        except Exception:
            return ["unknown"], traceback.format_exc()

    def first_life(self, scenario, number):
        """Run Odoo in a process of its own to its death or end; return the points it passed."""
        simulator = Control(self.simulator.url)
        passed = in_a_process(
            lambda pipe: self.odoo(scenario, number, pipe, simulator), meanwhile=self.simulator
        )
        clock.travel(self.simulator.clock.offset())
        return passed.splitlines()

    def odoo(self, scenario, number, pipe, simulator):
        self.fresh_connections()
        base_url = self.simulator.base_url
        type(self).simulator = simulator
        with self.reaching(base_url, requests.Session), CrashPoints(number, pipe).watched():
            self.begin(scenario)
            self.go_on(timedelta(hours=3), until=lambda: self.is_done(scenario))

    def second_life(self, scenario, passed):
        """Let Odoo go on after its restart, and judge its end.

        :return str: recovered, asked, or what is wrong
        """
        is_stored = self.is_document_stored()
        done = self.go_on(self.time_for(scenario), until=lambda: self.is_done(scenario))
        asked = not done and scenario in BY_HAND
        if asked:
            if not self.nothing_else_left(passed, is_stored):
                return "asked for a signature without need"
            self.begin_again(scenario)
            done = self.go_on(timedelta(hours=1), until=lambda: self.is_done(scenario))
        if not done:
            return f"stuck: {self.states()}"
        return self.what_is_wrong(scenario) or ("asked" if asked else "recovered")

    def is_document_stored(self):
        """Return True if a signed document waits to be sent, or to be judged."""
        with self.environment() as env:
            stored = [("document_secret", "!=", False)]
            return bool(env["l10n_pl_ksef.session"].search_count(stored))

    def nothing_else_left(self, passed, is_stored):
        """Return True if it died before storing the document or an answer that KSeF gives once."""
        calls = [name for name in passed if name != "before a commit"]
        if set(calls) <= {"after a commit"}:
            return not is_stored
        return calls[-1].removeprefix("after ").removeprefix("before ") in ONCE_ONLY
