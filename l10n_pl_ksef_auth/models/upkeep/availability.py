import logging
import os
from datetime import timedelta

from odoo import fields, models, tools
from odoo.fields import Domain
from odoo.tools import format_datetime, format_time

from ...tools import clock
from ...tools.availability import ADDRESSES, AvailabilityClient
from ...tools.const import ENVIRONMENTS, check_base_url, check_local_url
from ...tools.errors import KsefError
from ..base.locks import under_lock
from ..base.steps import naive
from ..certificate.states import AT_WORK
from ..res_company import own_ports
from ..session.states import LIVE
from ..vault.database_identity import is_neutralized

_logger = logging.getLogger(__name__)

ADDRESS_OPTION = "l10n_pl_ksef_availability_url"
ADDRESS_PARAMETER = "l10n_pl_ksef_auth.availability_url"
OFF_PARAMETER = "l10n_pl_ksef_auth.availability_off"
# The only environment that the Ministry's service tells of (docs/ksef.md F-8).
ENVIRONMENT = "production"
# How often it is asked while something does not reach KSeF, and how long an answer says anything.
EVERY, FRESH = timedelta(minutes=10), timedelta(hours=1)
BREAKS, FAILURES = ("announced", "maintenance"), ("failure", "total_failure")
# It does not answer, or with a word that we do not know.
SILENT, UNKNOWN = "silent", "unknown"


class L10n_Pl_KsefAvailability(models.Model):
    """Is KSeF down, or are we? What the Ministry's public service said last, for all companies.

    The scheduled action asks, and only while something of ours does not reach KSeF. What it says
    is one more sentence for people: nobody is told later, or not at all, because of it.
    """

    _name = "l10n_pl_ksef.availability"
    _description = "KSeF's availability, as the Ministry tells it"

    asked_at = fields.Datetime(required=True)
    state = fields.Char(required=True)
    starts_at = fields.Datetime()
    ends_at = fields.Datetime()

    # ------------------------------------------------------------------
    # Asking
    # ------------------------------------------------------------------
    def _look(self):
        """Ask, if it is time to and something of ours does not reach KSeF."""
        if self._address() and self._is_time() and self._is_in_trouble():
            self._ask()

    def _is_time(self):
        last = self._last()
        return not last or not last._is_within(EVERY)

    def _is_within(self, age):
        """Return True if this answer is not older; one of the future is of a clock set wrong."""
        return abs(naive(clock.now()) - self.asked_at) < age

    def _ask(self):
        """Ask the service, and keep what it says; for a few seconds at most.

        :return bool: whether it was asked; not while another worker is at it
        """
        address = self._address()
        if not address:
            return False
        with under_lock(self.env, "ksef-availability") as env:
            if env is None:
                return False
            here = self.with_env(env).sudo()
            values = here._answer(address)
            last = here._last()
            last.write(values) if last else here.create(values)
            env.cr.commit()
        return True

    def _answer(self, address):
        now = clock.now()
        values = {"asked_at": naive(now), "state": SILENT, "starts_at": False, "ends_at": False}
        try:
            with AvailabilityClient(address) as client:
                said = client.ask(now)
        except KsefError as error:
            # It fails by itself while KSeF works: that says nothing (docs/ksef.md F-8).
            _logger.info("KSeF's availability service does not answer: %s", error)
            return values
        return {
            **values,
            "state": said.state,
            "starts_at": naive(said.start),
            "ends_at": naive(said.end),
        }

    def _address(self):
        """Return where to ask; nothing where it is switched off, or KSeF is another's.

        Odoo's configuration may name any address, a system parameter one on this machine alone.
        """
        parameters = self.env["ir.config_parameter"].sudo()
        if parameters.get_param(OFF_PARAMETER) or is_neutralized(self.env):
            return ""
        given = tools.config.get(ADDRESS_OPTION) or os.environ.get(ADDRESS_OPTION.upper())
        other = parameters.get_param(ADDRESS_PARAMETER)
        try:
            if given:
                return check_base_url(given)
            if other:
                return check_local_url(other, own_ports())
            base_url = self.env["res.company"]._l10n_pl_ksef_base_url(ENVIRONMENT)
        except (ValueError, KsefError):
            return ""
        # A simulator's troubles are not the Ministry's.
        official = base_url == ENVIRONMENTS[ENVIRONMENT].base_url
        return ADDRESSES[ENVIRONMENT] if official else ""

    def _is_in_trouble(self):
        """Return True if a step of ours at KSeF's production has failed, and is tried again.

        Or if a user's sending got no token of late, while no step was due.
        """
        lately = Domain("refresh_failed_at", ">", naive(clock.now()) - FRESH)
        failing = Domain("attempts", ">", 0)
        return any(
            self.env[model]
            .sudo()
            .search_count(
                Domain("environment", "=", ENVIRONMENT) & Domain("state", "in", states) & trouble,
                limit=1,
            )
            for model, states, trouble in (
                ("l10n_pl_ksef.session", LIVE, failing | lately),
                ("l10n_pl_ksef.certificate", AT_WORK, failing),
            )
        )

    # ------------------------------------------------------------------
    # Telling
    # ------------------------------------------------------------------
    def _last(self):
        return self.sudo().search([], limit=1)

    def _sentence(self, environment):
        """Return what the Ministry says of KSeF's troubles, in the reader's language; else nothing.

        :param str environment: of the company
        """
        last = self._last() if environment == ENVIRONMENT else self.browse()
        is_fresh = last and last._is_within(FRESH)
        if not is_fresh or self.env["ir.config_parameter"].sudo().get_param(OFF_PARAMETER):
            # While all is well nobody asks, and a break may have been called off.
            return ""
        return last._words()

    def _words(self):
        """Return what this answer of the Ministry's means now; nothing if KSeF should work."""
        now = naive(clock.now())
        if self.state in BREAKS and self.ends_at and self.ends_at > now:
            return self._of_break(now)
        if self.state == "maintenance" and not self.ends_at:
            return self.env._("The Ministry reports a break of KSeF.")
        if self.state in FAILURES:
            return self.env._("The Ministry reports a failure of KSeF.")
        return ""

    def _of_break(self, now):
        starts_at, end = self.starts_at or now, self._time(self.ends_at, now)
        if starts_at <= now:
            return self.env._("KSeF announces a break until %(end)s.", end=end)
        start = self._time(starts_at, now)
        return self.env._("KSeF announces a break, %(start)s to %(end)s.", start=start, end=end)

    def _time(self, moment, now):
        """Return a moment as the reader writes it: the time alone, if it is today."""
        zone = self.env.context.get("tz") or self.env.user.tz or "Europe/Warsaw"
        local = [
            fields.Datetime.context_timestamp(self.with_context(tz=zone), one).date()
            for one in (moment, now)
        ]
        if local[0] == local[1]:
            return format_time(self.env, moment, tz=zone, time_format="short")
        return format_datetime(self.env, moment, tz=zone, dt_format="short")
