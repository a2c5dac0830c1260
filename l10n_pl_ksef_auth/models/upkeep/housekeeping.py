import socket
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ..base.activities import leave_activity
from ..certificate.states import OVER
from ..res_company import CONNECT_GROUP
from ..session.states import ENDED
from ..vault.vault import key_in_use, why_locked

# A request that nobody signed is of no use after ten minutes; a week is for support.
KEPT_REQUESTS = timedelta(days=7)
# Ended logins and certificates, and closed alerts; the audit trail tells of them for longer.
KEPT_RECORDS = timedelta(days=400)
# Polish law keeps the invoices' books for five years and the running one.
KEPT_AUDIT = timedelta(days=6 * 366)
VACUUM_LIMIT = 1000

REMINDED_PARAMETER = "l10n_pl_ksef_auth.key_reminded"
REMINDER_PARAMETER = "l10n_pl_ksef_auth.key_reminder"


class L10n_Pl_KsefHousekeeping(models.AbstractModel):
    """Removes what is old, so that nothing grows for ever; reminds of a backup of the key.

    The window "Account authorization" forgets uploaded documents by itself.
    """

    _name = "l10n_pl_ksef.housekeeping"
    _description = "KSeF housekeeping"

    @api.autovacuum
    def _gc_requests(self):
        """Remove requests that nobody signed."""
        unsigned = Domain("state", "=", "waiting") & Domain("document_secret", "=", False)
        by_hand = Domain("method", "=", "signature")
        old = _older("write_date", KEPT_REQUESTS)
        return self._remove("l10n_pl_ksef.session", unsigned & by_hand & old)

    @api.autovacuum
    def _gc_sessions(self):
        """Remove logins that ended long ago; one that a person closed still keeps machines away."""
        ended = Domain("state", "in", ENDED) & Domain("closed_by_user", "=", False)
        return self._remove("l10n_pl_ksef.session", ended & _older("write_date", KEPT_RECORDS))

    @api.autovacuum
    def _gc_certificates(self):
        """Remove certificates that ended long ago, and applications that came to nothing."""
        ended = Domain("state", "in", OVER) & Domain("revoke_requested", "=", False)
        return self._remove("l10n_pl_ksef.certificate", ended & _older("write_date", KEPT_RECORDS))

    @api.autovacuum
    def _gc_alerts(self):
        """Remove alerts that were closed long ago."""
        return self._remove("l10n_pl_ksef.alert", _older("closed_at", KEPT_RECORDS))

    @api.autovacuum
    def _gc_audit(self):
        """Remove audit lines that nobody has to keep any more."""
        return self._remove("l10n_pl_ksef.audit", _older("create_date", KEPT_AUDIT))

    def _remove(self, model, domain):
        records = self.env[model].sudo().search(domain, limit=VACUUM_LIMIT)
        count = len(records)
        records.unlink()
        return count, count == VACUUM_LIMIT

    def _remind_of_backup(self):
        """Ask once for a copy of the generated key: an administrator, if there is one."""
        path, fingerprint, backed_up = key_in_use(self.env)
        parameters = self.env["ir.config_parameter"].sudo()
        if not fingerprint or backed_up or parameters.get_param(REMINDED_PARAMETER) == fingerprint:
            return
        if why_locked(self.env):
            # The key is on another server, or nowhere: there is no file here to be copied.
            return
        connected = Domain("state", "=", "active") & Domain("user_id.active", "=", True)
        session = self.env["l10n_pl_ksef.session"].search(connected, limit=1)
        if not session:
            return
        keeper = self._keeper(session)
        reader = session.with_context(lang=keeper.lang)
        self._close_reminder()
        # Of no record: it is about the server, and its text says where to go on.
        summary = reader.env._("Have the key of the KSeF connection backed up")
        note = self._what_to_back_up(reader.env, path)
        activity = leave_activity(self.env, keeper, summary, note)
        parameters.set_param(REMINDED_PARAMETER, fingerprint)
        parameters.set_param(REMINDER_PARAMETER, activity.id)

    def _what_to_back_up(self, env, path):
        return env._(
            "What keeps the connection alive is encrypted with the key in %(path)s on the"
            " server %(host)s. Backups of the database do not hold it: whoever looks after the"
            " server should keep a copy apart from them, and give one to each other server of"
            " this database. Then confirm it in KSeF, Diagnosis. Without the key every company"
            " has to sign again.",
            path=path,
            host=socket.gethostname(),
        )

    def _keeper(self, session):
        """Return the user to remind: an administrator of the company, else who connected it."""
        group = self.env.ref(CONNECT_GROUP)
        candidates = session.user_id | group.all_user_ids.sorted("id")
        administrators = candidates.filtered(
            lambda user: (
                user.active
                and user.has_group("base.group_system")
                and session.company_id in user.company_ids
            )
        )
        return administrators[:1] or session.user_id

    def _close_reminder(self):
        """Remove the reminder: its key is backed up, or was replaced by another."""
        parameters = self.env["ir.config_parameter"].sudo()
        reminder = int(parameters.get_param(REMINDER_PARAMETER) or 0)
        self.env["mail.activity"].sudo().browse(reminder).exists().unlink()
        parameters.set_param(REMINDER_PARAMETER, False)


def _older(field, time):
    return Domain(field, "<", fields.Datetime.now() - time)
