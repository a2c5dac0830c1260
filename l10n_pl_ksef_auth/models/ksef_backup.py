"""The reminder to keep a copy of the generated key, apart from the database's backups."""

from odoo import models

from . import ksef_vault
from .res_company import CONNECT_GROUP

BACKUP_PARAMETER = "l10n_pl_ksef_auth.key_backed_up"
REMINDED_PARAMETER = "l10n_pl_ksef_auth.key_reminded"
REMINDER_PARAMETER = "l10n_pl_ksef_auth.key_reminder"


def key_source(env):
    """Where the key in use comes from.

    :param env: of the database
    :return tuple: option, variable or path of the file; fingerprint or False; whether somebody
        said that it is backed up (a key that an administrator wrote somewhere is)
    """
    sources = ksef_vault.sources(env)
    named = next((name for name in ("option", "variable") if (sources[name] or "").strip()), None)
    parameters = env["ir.config_parameter"].sudo()
    fingerprint = parameters.get_param(ksef_vault.FINGERPRINT_PARAMETER)
    backed_up = bool(named) or parameters.get_param(BACKUP_PARAMETER) == fingerprint
    return named or str(sources["file"]), fingerprint, backed_up


def _close_reminder(env):
    """Take back the reminder of a key that is backed up, or was replaced by another."""
    parameters = env["ir.config_parameter"].sudo()
    reminder = int(parameters.get_param(REMINDER_PARAMETER) or 0)
    env["mail.activity"].sudo().browse(reminder).exists().unlink()
    parameters.set_param(REMINDER_PARAMETER, False)


class L10n_Pl_KsefSession(models.Model):
    _inherit = "l10n_pl_ksef.session"

    def _cron_keep_alive(self, backwards=False):
        result = super()._cron_keep_alive(backwards)
        if not backwards:
            self._beside(self._remind_of_backup)
        return result

    def _remind_of_backup(self):
        """Ask once for a copy of the generated key: who can reach the server, if anybody can."""
        path, fingerprint, backed_up = key_source(self.env)
        parameters = self.env["ir.config_parameter"].sudo()
        if not fingerprint or backed_up or parameters.get_param(REMINDED_PARAMETER) == fingerprint:
            return
        session = self.search([("state", "=", "active"), ("user_id.active", "=", True)], limit=1)
        if not session:
            return
        keeper = session._keeper()
        reader = session.with_context(lang=keeper.lang)
        _close_reminder(self.env)
        activity = session.activity_schedule(
            "l10n_pl_ksef_auth.mail_activity_ksef",
            user_id=keeper.id,
            summary=reader.env._("Have the key of the KSeF connection backed up"),
            note=reader.env._(
                "What keeps the connection alive is encrypted with the key in %(path)s on the"
                " server. Backups of the database do not hold it: whoever looks after the server"
                " should keep a copy apart from them. Then confirm it in KSeF, Diagnosis. Without"
                " the key every company has to sign again.",
                path=path,
            ),
        )
        parameters.set_param(REMINDED_PARAMETER, fingerprint)
        parameters.set_param(REMINDER_PARAMETER, activity.id)

    def _keeper(self):
        """Whoever can see to a file on the server: an administrator, else who connected."""
        group = self.env.ref(CONNECT_GROUP)
        candidates = self.user_id | group.all_user_ids.sorted("id")
        administrators = candidates.filtered(
            lambda user: (
                user.active
                and user.has_group("base.group_system")
                and self.company_id in user.company_ids
            )
        )
        return administrators[:1] or self.user_id


class ResCompany(models.Model):
    _inherit = "res.company"

    def l10n_pl_ksef_key_backed_up(self):
        """Note that somebody keeps a copy of the encryption key.

        :return dict: l10n_pl_ksef_diagnose()
        """
        self._l10n_pl_ksef_managed()
        parameters = self.env["ir.config_parameter"].sudo()
        fingerprint = parameters.get_param(ksef_vault.FINGERPRINT_PARAMETER)
        parameters.set_param(BACKUP_PARAMETER, fingerprint)
        _close_reminder(self.env)
        return self.l10n_pl_ksef_diagnose()
