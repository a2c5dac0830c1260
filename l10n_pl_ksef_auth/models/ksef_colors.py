from odoo import models
from odoo.tools import SQL

from .ksef_owner import OWNER, SAME_CONTEXT
from .ksef_panel import COLORS
from .ksef_session import IN_FLIGHT

# What the colour depends on.
KNOWN = (
    "state",
    "rights",
    "rights_checked_at",
    "refresh_valid_until",
    "renew_at",
)


class L10n_Pl_KsefPanel(models.AbstractModel):
    """The dot for each company: on every page, so at the cost of one query in all."""

    _inherit = "l10n_pl_ksef.panel"

    def _colors(self, companies):
        """The colour of the dot for each company; none for who has nothing to do with KSeF.

        :param companies: the companies that the user may work in
        :return dict: colour by company id
        """
        poland = self.env.ref("base.pl").id
        return {
            company.id: COLORS[self._state_of(*self._split(logins))]
            if logins or company.sudo().account_fiscal_country_id.id == poland
            else ""
            for company, logins in self._logins(companies).items()
        }

    def _split(self, sessions):
        """The connected login, and those on the way."""
        active = sessions.filtered(lambda session: session.state == "active")
        return active[:1], sessions - active

    def _logins(self, companies):
        """The logins that the companies' connections stand on or may soon, the newest first.

        :return dict: sessions by company, with what the colour depends on in the cache
        """
        sessions = self.env["l10n_pl_ksef.session"].sudo()
        sessions.flush_model(["company_id", "environment", *KNOWN])
        found = {company: sessions.browse() for company in companies}
        for company_id, session_id, *values in self.env.execute_query(
            SQL(
                """
                SELECT company.id, session.id, %s
                  FROM res_company AS company
                  JOIN LATERAL (%s) AS owner ON TRUE
                  JOIN l10n_pl_ksef_session AS session
                    ON session.company_id = owner.id AND session.environment = owner.environment
                   AND %s
                 WHERE company.id = ANY(%s) AND session.state IN %s
                 ORDER BY session.id DESC
                """,
                SQL(", ").join(SQL.identifier("session", name) for name in KNOWN),
                OWNER,
                SAME_CONTEXT,
                list(companies.ids),
                (*IN_FLIGHT, "active"),
            )
        ):
            session = sessions.browse(session_id)
            for name, value in zip(KNOWN, values, strict=True):
                session._fields[name]._insert_cache(session, [value])
            found[companies.browse(company_id)] |= session
        return found
