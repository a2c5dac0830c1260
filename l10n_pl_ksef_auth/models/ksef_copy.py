"""What a copy of the database, or one without its key, shows and leaves undone."""

from odoo import models

from ..tools.errors import KsefError
from . import ksef_problem

NEUTRALIZED_PARAMETER = "database.is_neutralized"


def is_neutralized(env):
    """Whether Odoo made this database harmless, for trials."""
    return bool(env["ir.config_parameter"].sudo().get_param(NEUTRALIZED_PARAMETER))


class L10n_Pl_KsefPanel(models.AbstractModel):
    _inherit = "l10n_pl_ksef.panel"

    def _values(self, company):
        values = super()._values(company)
        lock = self.env["l10n_pl_ksef.unlock"]._lock()
        if lock:
            self._show_lock(values, lock)
        elif is_neutralized(self.env) and values["state"] in ("disconnected", "attention"):
            values["problem"] = ksef_problem.texts(self.env, ksef_problem.local("neutralized"))
        return values

    def _show_lock(self, values, lock):
        values.update(
            {
                "state": "attention",
                "tick": "no",
                "color": "red",
                "headline": self.env._("The connection needs your attention."),
                "problem": ksef_problem.texts(self.env, ksef_problem.local(lock)),
                "renews_at": False,
                "poll_seconds": 0,
                "button": {"label": self.env._("Decide what to do"), "primary": True},
            }
        )

    def _colors(self, companies):
        colors = super()._colors(companies)
        locked = self.env["l10n_pl_ksef.unlock"]._lock()
        return {key: color and "red" for key, color in colors.items()} if locked else colors


class L10n_Pl_KsefSession(models.Model):
    _inherit = "l10n_pl_ksef.session"

    def _cron_keep_alive(self, backwards=False):
        """Leave everything as it is while the secrets cannot be used, and say so."""
        if self.env["l10n_pl_ksef.unlock"]._lock():
            return self._tell_humans()
        return super()._cron_keep_alive(backwards)


class ResCompany(models.Model):
    _inherit = "res.company"

    def _l10n_pl_ksef_client(self, environment=None):
        """A client; never for production in a neutralized database.

        :raises KsefError: neutralized
        """
        environment = environment or self._l10n_pl_ksef_owner().l10n_pl_ksef_environment
        if environment == "production" and is_neutralized(self.env):
            raise KsefError("a neutralized database keeps away from production", code="neutralized")
        return super()._l10n_pl_ksef_client(environment)

    def l10n_pl_ksef_open_authorization(self):
        """Open the window "Account authorization", or first the one that decides about a copy.

        :return dict: an action
        """
        action = super().l10n_pl_ksef_open_authorization()
        return self.env["l10n_pl_ksef.unlock"]._open(self) or action
