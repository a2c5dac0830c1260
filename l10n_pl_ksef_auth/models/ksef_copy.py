"""What a copy of the database, or one without its key, shows and leaves undone."""

from odoo import models

from . import ksef_problem, ksef_vault
from .ksef_home import is_neutralized


class L10n_Pl_KsefPanel(models.AbstractModel):
    _inherit = "l10n_pl_ksef.panel"

    def _values(self, company):
        values = super()._values(company)
        lock = ksef_vault.obstacle(self.env)
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
        locked = ksef_vault.obstacle(self.env)
        return {key: color and "red" for key, color in colors.items()} if locked else colors


class ResCompany(models.Model):
    _inherit = "res.company"

    def l10n_pl_ksef_open_authorization(self):
        """Open the window "Account authorization", or first the one that decides about a copy.

        :return dict: an action
        """
        action = super().l10n_pl_ksef_open_authorization()
        return self.env["l10n_pl_ksef.unlock"]._open(self) or action
