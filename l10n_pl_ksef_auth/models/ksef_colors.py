from odoo import models
from odoo.tools import SQL

from .ksef_panel import COLORS
from .res_company import PRINCIPAL_FIELDS
from .session.states import IN_FLIGHT

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
        logins, polish = self._logins(companies)
        return {
            company_id: COLORS[self._state_of(*self._split(found))]
            if found or company_id in polish
            else ""
            for company_id, found in logins.items()
        }

    def _split(self, sessions):
        """The connected login, and those on the way."""
        active = sessions.filtered(lambda session: session.state == "active")
        return active[:1], sessions - active

    def _logins(self, companies):
        """The logins that the companies' connections stand on or may soon, the newest first.

        :return tuple: sessions by company id, with what the colour depends on in the cache; the ids
            of the companies that pay their taxes in Poland
        """
        sessions = self.env["l10n_pl_ksef.session"].sudo()
        sessions.flush_model(["company_id", "environment", "context_digits", *KNOWN])
        companies.flush_model(["account_fiscal_country_id", *PRINCIPAL_FIELDS])
        found, polish = {company.id: sessions.browse() for company in companies}, set()
        # env.ref would ask whether the country still exists.
        poland = self.env["ir.model.data"]._xmlid_to_res_id("base.pl")
        for company_id, country_id, session_id, *values in self.env.execute_query(
            SQL(
                """
                SELECT company.id, company.account_fiscal_country_id, session.id, %s
                  FROM res_company AS company
                  JOIN res_company AS principal ON principal.id = company.l10n_pl_ksef_principal_id
             LEFT JOIN l10n_pl_ksef_session AS session
                    ON session.company_id = principal.id
                   AND session.environment = principal.l10n_pl_ksef_environment
                   AND session.context_digits = principal.l10n_pl_ksef_digits
                   AND session.state IN %s
                 WHERE company.id = ANY(%s)
                 ORDER BY session.id DESC
                """,
                SQL(", ").join(SQL.identifier("session", name) for name in KNOWN),
                (*IN_FLIGHT, "active"),
                list(companies.ids),
            )
        ):
            if country_id == poland:
                polish.add(company_id)
            if not session_id:
                continue
            session = sessions.browse(session_id)
            for name, value in zip(KNOWN, values, strict=True):
                session._fields[name]._insert_cache(session, [value])
            found[company_id] |= session
        return found, polish
