from datetime import timedelta

from odoo import fields, models

from .ksef_certificate import ON_THE_WAY
from .ksef_session import LOGGING_IN
from .ksef_session_active import RIGHTS_CHECK
from .ksef_step import LockBusy

LOOK_AGAIN = timedelta(seconds=10)


class L10n_Pl_KsefSessionTakeOver(models.Model):
    """A login by which another identity takes the company's connection over.

    What is to become of the former certificates is kept with the login from the moment it is sent.
    It is done when the login works and has the rights that the company needs: until then the former
    identity can still keep the connection alive, from then on no machine logs in with it again.
    """

    _inherit = "l10n_pl_ksef.session"

    takes_over_ids = fields.Many2many(
        "l10n_pl_ksef.certificate",
        "l10n_pl_ksef_take_over_rel",
        "session_id",
        "certificate_id",
        string="Takes over from",
        readonly=True,
        copy=False,
    )
    revoke_taken_over = fields.Boolean(
        string="Revoke the former certificate", readonly=True, copy=False
    )

    def _step_check_rights(self):
        result = super()._step_check_rights()
        if self._may_take_over():
            self.next_attempt = False
        return result

    def _due_when_active(self):
        step = super()._due_when_active()
        return self._step_take_over if not step and self._may_take_over() else step

    def _may_take_over(self):
        return bool(self.takes_over_ids) and not self._missing_rights()

    def _step_take_over(self):
        """The former certificates leave the company; what is to be revoked, they do themselves.

        Their locks are not waited for: locks are taken from certificate to login.
        """
        for certificate in self.takes_over_ids | self._begun_since():
            with certificate._exclusive() as own:
                if not own:
                    raise LockBusy()
                own._leave(self.company_id, self.user_id if self.revoke_taken_over else None)
                own.env.cr.commit()
        # What the certificates committed is not in this transaction's snapshot.
        self.env.cr.commit()
        self.env.invalidate_all()
        self._end_take_over()

    def _begun_since(self):
        """Successors of the former certificates that began after the signature."""
        return self.takes_over_ids.search(
            [
                ("replaces_id", "in", self.takes_over_ids.ids),
                ("company_ids", "in", self.company_id.id),
            ]
        )

    def _end_take_over(self):
        numbers = ", ".join(filter(None, self.takes_over_ids.mapped("serial_number")))
        choice = "revoke" if self.revoke_taken_over else "keep"
        self._audit(
            "taken_over",
            user_id=self.user_id.id,
            address=self.address,
            detail=f"{numbers}: {choice}",
        )
        self._logins_of_former()._forget_secrets(state="revoked")
        look = min(self.rights_checked_at + RIGHTS_CHECK, self.refresh_valid_until)
        self._done(takes_over_ids=[(5,)], next_attempt=look)
        self._plan_renewal()
        self._replaced().next_attempt = False
        self._wake_cron_at(self._now())

    def _logins_of_former(self):
        """Logins with a former certificate that are on their way: they would take back."""
        return self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("certificate_id", "in", self.takes_over_ids.ids),
                ("state", "in", LOGGING_IN),
            ]
        )

    def _replaced(self):
        """The company's logins that are to be closed."""
        return self.search(self._active_ones() + [("revoke_requested", "=", True)])

    def _active_ones(self):
        return [
            ("company_id", "=", self.company_id.id),
            ("environment", "=", self.environment),
            ("state", "=", "active"),
        ]

    # ------------------------------------------------------------------
    # The former login
    # ------------------------------------------------------------------
    def _step_revoke(self):
        """Close this login, but not before the certificate that only its owner can revoke."""
        heir = self.search(
            self._active_ones()
            + [
                ("revoke_requested", "=", False),
                ("revoke_taken_over", "=", True),
                ("takes_over_ids", "!=", False),
            ],
            limit=1,
        )
        if not heir and not self._is_needed_by_certificate():
            return super()._step_revoke()
        now = self._now()
        return self._postpone_for(max(heir.next_attempt or now, now + LOOK_AGAIN) - now)

    def _is_needed_by_certificate(self):
        return self.env["l10n_pl_ksef.certificate"].search_count(
            [
                ("former_company_ids", "in", self.company_id.id),
                ("environment", "=", self.environment),
                ("revoke_requested", "=", True),
                ("state", "in", (*ON_THE_WAY, "trying", "active", "blocked")),
            ],
            limit=1,
        )
