from odoo import models
from odoo.tools import format_date

from ..models.base import problems
from ..models.res_company import CONNECT_GROUP
from ..models.vault.database_identity import is_neutralized
from ..tools import xades

# Who may write companies' data, by Odoo's own rights.
COMPANY_GROUP = "base.group_erp_manager"
# A certificate may help in these; elsewhere it logs in already, or just does so.
OPEN = ("disconnected", "waiting", "attention", "expiring", "limited")
# Nobody has to do anything in these.
DONE = ("connected", "verifying")


class L10n_Pl_KsefPanelWays(models.AbstractModel):
    """Says which ways lead out of a state that is not good, and whom to ask for the others."""

    _name = "l10n_pl_ksef.panel.ways"
    _description = "KSeF connection panel: ways out"

    def _ways(self, principal, session, state, can_connect):
        """Return the part of the panel about what the user can do.

        :return dict: ``by_certificate``: the certificate that could connect without a signature, or
            False; ``opens_company``: the user may mend the company's data, which is what is wrong;
            ``ask``: who can do what the user may not, in a sentence
        """
        obstacle = problems.of_company(principal)
        about_data = bool(obstacle) and self._is_about_data(obstacle)
        offered = can_connect and not obstacle and state in OPEN
        return {
            "by_certificate": bool(offered) and self._by_certificate(principal, session, state),
            "opens_company": about_data and principal.with_env(self.env).has_access("write"),
            "ask": state not in DONE and self._whom_to_ask(principal, about_data, can_connect),
        }

    def _is_about_data(self, obstacle):
        return problems.texts(self.env, obstacle)["way_back"] == "company"

    # ------------------------------------------------------------------
    # A certificate that is held here
    # ------------------------------------------------------------------
    def _by_certificate(self, principal, session, state):
        away = is_neutralized(self.env) and principal.l10n_pl_ksef_environment == "production"
        certificate = self.env["l10n_pl_ksef.certificate"]._to_be_offered(principal)
        useless = not certificate or self._would_not_help(principal, certificate, session, state)
        if away or useless or xades.available():
            return False
        return {
            "name": certificate.owner_name or certificate.name,
            "number": principal._l10n_pl_ksef_number(),
            "agreed": bool(certificate._agreements_for(principal, principal.l10n_pl_ksef_digits)),
        }

    def _would_not_help(self, principal, certificate, session, state):
        """Return True if KSeF would refuse this certificate, or let in who lacks the same right."""
        last = self.env["l10n_pl_ksef.session"]._last_failure(principal)
        if last.certificate_id == certificate and last._was_denied():
            return True
        if state != "limited":
            return False
        # Who takes a connection over from another owner's certificate signs (docs/journey.md 2).
        served = principal._l10n_pl_ksef_certificate()
        same = session.certificate_id == certificate or (
            session.signer_masked == certificate.identity_masked
        )
        return same or bool(served - certificate)

    # ------------------------------------------------------------------
    # Whom to ask
    # ------------------------------------------------------------------
    def _whom_to_ask(self, principal, about_data, can_connect):
        if about_data and not principal.with_env(self.env).has_access("write"):
            names = self._names(principal, COMPANY_GROUP)
            return self.env._("The company's data can be changed by: %(names)s.", names=names)
        if not about_data and not can_connect:
            names = self._names(principal, CONNECT_GROUP)
            return self.env._(
                "You may look at the connection. It is managed by: %(names)s.", names=names
            )
        return ""

    def _names(self, principal, group):
        return principal._l10n_pl_ksef_names_of(group) or self.env._("your administrator")

    # ------------------------------------------------------------------
    # Why it is red
    # ------------------------------------------------------------------
    def _who_disconnected(self, principal):
        """Return who disconnected a company and when, in a sentence; empty if nobody did."""
        sessions = self.env["l10n_pl_ksef.session"]
        if not sessions._last_that_counts(principal).closed_by_user:
            return ""
        audit = self.env["l10n_pl_ksef.audit"].sudo()
        environment = ("environment", "=", principal.l10n_pl_ksef_environment)
        ended = ("event", "=", "disconnected")
        line = audit.search([("company_id", "=", principal.id), environment, ended], limit=1)
        return self.env._(
            "Disconnected on %(date)s, %(user)s. Invoices are neither sent nor received.",
            date=format_date(self.env, line.create_date),
            user=line.user_id.name or self.env._("unknown"),
        )
