"""Nothing grows for ever: what is removed, and after what time.

Audit lines: ksef_audit.py. Uploaded documents: the window that takes them.
"""

from datetime import timedelta

from odoo import api, fields, models

from . import ksef_vault
from .certificate.states import OVER
from .session.states import ENDED

# A request that nobody signed is of no use after ten minutes; a week is for support.
KEPT_REQUESTS = timedelta(days=7)
# Ended logins and certificates, and closed alerts; the audit trail tells of them for longer.
KEPT_RECORDS = timedelta(days=400)
VACUUM_LIMIT = 1000


class L10n_Pl_KsefSession(models.Model):
    _inherit = "l10n_pl_ksef.session"

    @api.autovacuum
    def _gc_requests(self):
        """Remove requests that nobody signed.

        :return tuple: how many went, whether more are to go
        """
        return _remove(
            self.search(
                [
                    ("state", "=", "waiting"),
                    ("method", "=", "signature"),
                    ("document_secret", "=", False),
                    ("write_date", "<", fields.Datetime.now() - KEPT_REQUESTS),
                ],
                limit=VACUUM_LIMIT,
            )
        )

    @api.autovacuum
    def _gc_ended(self):
        """Remove logins that ended long ago, but for those whose end by hand still binds machines.

        :return tuple: how many went, whether more are to go
        """
        old = ("write_date", "<", fields.Datetime.now() - KEPT_RECORDS)
        ended = ("state", "in", ENDED), ("closed_by_user", "=", False)
        return _remove(self.search([*ended, old], limit=VACUUM_LIMIT))

    def _cron_keep_alive(self, backwards=False):
        result = super()._cron_keep_alive(backwards)
        if not backwards:
            for model in ksef_vault.secret_models(self.env):
                self._beside(self.env[model]._forget_unused)
        return result


class L10n_Pl_KsefCertificate(models.Model):
    _inherit = "l10n_pl_ksef.certificate"

    @api.autovacuum
    def _gc_ended(self):
        """Remove certificates that ended long ago, and applications that came to nothing.

        :return tuple: how many went, whether more are to go
        """
        return _remove(
            self.search(
                [
                    ("state", "in", OVER),
                    ("revoke_requested", "=", False),
                    ("write_date", "<", fields.Datetime.now() - KEPT_RECORDS),
                ],
                limit=VACUUM_LIMIT,
            )
        )


class L10n_Pl_KsefAlert(models.Model):
    _inherit = "l10n_pl_ksef.alert"

    @api.autovacuum
    def _gc_closed(self):
        """Remove alerts that were closed long ago.

        :return tuple: how many went, whether more are to go
        """
        old = [("closed_at", "<", fields.Datetime.now() - KEPT_RECORDS)]
        return _remove(self.search(old, limit=VACUUM_LIMIT))


def _remove(records):
    count = len(records)
    records.unlink()
    return count, count == VACUUM_LIMIT
