from odoo import models
from odoo.tools import SQL

from ..models.base import problems
from ..models.res_company import PRINCIPAL_FIELDS
from ..models.session.states import CONNECTING
from ..models.vault.vault import why_locked
from ..tools.const import ENVIRONMENTS
from .panel import COLORS

# The fields that the colour depends on.
KNOWN = (
    "state",
    "method",
    "problem",
    "rights",
    "rights_checked_at",
    "refresh_valid_until",
    "renew_at",
    "renewal_untried",
)


class L10n_Pl_KsefDot(models.AbstractModel):
    """The coloured dot at the top of every page: one query tells the colour for all companies."""

    _name = "l10n_pl_ksef.dot"
    _description = "KSeF connection dot"

    def _colors(self, companies):
        """Return the dot's colour by company id: empty where KSeF has nothing to do with it."""
        return {
            company_id: dot.get("color", "") for company_id, dot in self._dots(companies).items()
        }

    def _for_bar(self, companies):
        """Return the dots of a user's companies, and what is due where words say it.

        Where several connections are red, the bar counts them. For the only one its panel is asked,
        which knows more than sessions.
        """
        dots = self._dots(companies)
        red = {key: dot for key, dot in dots.items() if dot.get("color") == "red"}
        if len({dot["principal"] for dot in red.values()}) == 1:
            panel = self.env["l10n_pl_ksef.panel"]._describe(companies.browse(min(red)))
            told = {name: panel[name] for name in ("color", "state", "seconds_left", "due")}
            dots |= {key: {**dot, **told} for key, dot in red.items()}
        return dots

    def _dots(self, companies):
        """Return what sessions tell, by company id; nothing where KSeF has nothing to do with it.

        :return dict: the colour, the panel's state, the seconds left of the login or False, and
            the company that owns the connection
        """
        sessions, polish, owners = self._sessions(companies)
        locked = bool(why_locked(self.env))
        cut_off = {name for name in ENVIRONMENTS if problems.of_address(companies, name)}
        dots = {}
        for company_id, found in sessions.items():
            principal, environment = owners.get(company_id, (company_id, False))
            dot = self._dot(found, locked or environment in cut_off)
            known = found or company_id in polish
            dots[company_id] = {**dot, "principal": principal} if known else {}
        return dots

    def _dot(self, sessions, needs_attention):
        active = sessions.filtered(lambda session: session.state == "active")
        panel = self.env["l10n_pl_ksef.panel"]
        state = "attention" if needs_attention else panel._state_of(active[:1], sessions - active)
        dot = {
            "color": COLORS[state],
            "state": state,
            "seconds_left": panel._seconds_left(active[:1]),
        }
        return {**dot, "due": panel._due({**dot, "problem": False, "by_certificate": False})}

    def _sessions(self, companies):
        """Return the sessions that companies stand on, and those on their way, the newest first.

        :return tuple: sessions by company id, with the fields KNOWN in the cache; the ids of the
            companies that pay their taxes in Poland; by company id, the company that owns the
            connection and its environment
        """
        sessions = self.env["l10n_pl_ksef.session"].sudo()
        parts = "company_id", "environment", "context_digits", "moved_at", "revoke_requested"
        sessions.flush_model([*parts, *KNOWN])
        companies.flush_model(["account_fiscal_country_id", *PRINCIPAL_FIELDS])
        found, polish = {company.id: sessions.browse() for company in companies}, set()
        owners = {}
        # Not env.ref: it takes a query to see whether the country still exists.
        poland = self.env["ir.model.data"]._xmlid_to_res_id("base.pl")
        execute = self.env.execute_query
        for company_id, country_id, owner, environment, session_id, *values in execute(
            SQL(
                """
                SELECT company.id, company.account_fiscal_country_id,
                       principal.id, principal.l10n_pl_ksef_environment, session.id, %s
                  FROM res_company AS company
                  JOIN res_company AS principal ON principal.id = company.l10n_pl_ksef_principal_id
             LEFT JOIN l10n_pl_ksef_session AS session
                    ON session.company_id = principal.id
                   AND session.environment = principal.l10n_pl_ksef_environment
                   AND session.context_digits = principal.l10n_pl_ksef_digits
                   AND session.state IN %s
                   AND (session.state = 'active' AND session.revoke_requested) IS NOT TRUE
                   AND session.purpose = 'connect'
                 WHERE company.id = ANY(%s)
                 ORDER BY session.moved_at DESC, session.id DESC
                """,
                SQL(", ").join(SQL.identifier("session", name) for name in KNOWN),
                CONNECTING,
                list(companies.ids),
            )
        ):
            owners[company_id] = owner, environment
            if country_id == poland:
                polish.add(company_id)
            if not session_id:
                continue
            session = sessions.browse(session_id)
            for name, value in zip(KNOWN, values, strict=True):
                session._fields[name]._insert_cache(session, [value])
            found[company_id] |= session
        return found, polish, owners
