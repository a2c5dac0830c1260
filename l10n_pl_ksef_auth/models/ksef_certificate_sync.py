import logging
import random
from datetime import timedelta

from odoo import fields, models

from .ksef_certificate_enrollment import PURPOSE
from .ksef_session_token import LoginNeeded

_logger = logging.getLogger(__name__)

SYNC_EVERY, ABOUT = timedelta(hours=24), timedelta(hours=1)
# KSeF's status of a certificate (docs/ksef.md A1-list): our state; any other changes nothing.
STATES = {"Active": "active", "Blocked": "blocked", "Revoked": "revoked", "Expired": "expired"}
# KSeF's words about a certificate that it does not let in (docs/ksef.md A1-460).
REFUSED_STATES = {"Certyfikat odwołany": "revoked", "Certyfikat zawieszony": "blocked"}


class L10n_Pl_KsefCertificateSync(models.Model):
    """KSeF's own list is looked at once a day: what was revoked or blocked elsewhere is noticed."""

    _inherit = "l10n_pl_ksef.certificate"

    noticed_at = fields.Datetime(string="Found revoked or blocked", readonly=True, copy=False)
    synced_at = fields.Datetime(string="Compared with KSeF", readonly=True, copy=False)

    def _step_sync(self):
        """Compare the state with KSeF's list, then wait for the next thing that is due."""
        session = self._owners_session()
        try:
            token = session._token_for_others()
        except LoginNeeded:
            # Nobody is logged in with it, so the list cannot be asked for.
            self._done(next_attempt=self._next_look())
            self._enter(self._state_told_by_login() or self.state)
            return
        with self._client() as client:
            listed = list(client.certificates(token, type=PURPOSE))
        own = [item for item in listed if item.serial_number == self.serial_number]
        status = own[0].status if own else None
        self._done(synced_at=self._now(), next_attempt=self._next_look(session))
        if status in STATES:
            self._enter(STATES[status])
        else:
            _logger.warning("KSeF certificate %s: unknown status %r", self.id, status)

    def _next_look(self, session=None):
        """When to compare again.

        :param session: the owner's login, if it is known
        """
        now = self._now()
        later = now + SYNC_EVERY * random.uniform(0.9, 1)
        # Together with the owner's own daily check: one access token does for both.
        check = session.next_attempt if session else None
        if check and now + ABOUT < check < now + SYNC_EVERY + ABOUT:
            later = check
        renewal = self.renew_at if self.renew_at and self.renew_at > now else later
        return min(later, self.valid_to, renewal)

    def _enter(self, state):
        """Take over what KSeF says about this certificate."""
        if state == self.state:
            return
        _logger.info("KSeF certificate %s: %s is now %s", self.id, self.state, state)
        values = {"state": state, "noticed_at": self._now()}
        if state in ("revoked", "expired"):
            values |= {"private_key_secret": False, "next_attempt": False}
        self.write(values)
        self.env.cr.commit()
        self._plan_renewals()

    def _nobody_chose_this(self):
        """Whether the state came about without anybody here who wanted it."""
        if self.state in ("revoked", "blocked"):
            return bool(self.noticed_at)
        # A renewal that failed is told as the end of the old certificate, when it comes near.
        return not (self.state == "failed" and self.replaces_id)

    def _state_told_by_login(self):
        """What KSeF said about this certificate when it refused the last login with it."""
        last = self.env["l10n_pl_ksef.session"].search([("certificate_id", "=", self.id)], limit=1)
        details = (last.problem or {}).get("details") or () if last.state == "failed" else ()
        return next((REFUSED_STATES[text] for text in details if text in REFUSED_STATES), None)

    def _was_refused(self):
        """KSeF refused a login with this certificate: look at its list at once.

        Never waits: a login's lock is held, and locks are taken from certificate to login.
        """
        with self._exclusive() as own:
            if own:
                own.next_attempt = own._now()
                own.env.cr.commit()
