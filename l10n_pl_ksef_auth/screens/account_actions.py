from contextlib import suppress

from odoo import models
from odoo.exceptions import UserError

from ..models.base import problems
from ..models.base.locks import fresh
from ..tools import nip
from ..tools.errors import KsefError
from ..tools.nip import InvalidNip
from ..tools.vault import VaultError


class L10n_Pl_KsefAccountActions(models.AbstractModel):
    """Does what a person asks for on the account screen; refusals become sentences."""

    _name = "l10n_pl_ksef.account.actions"
    _description = "KSeF account actions"

    def _agree(self, companies, numbers):
        """Have certificates of this Odoo log companies in, each for the number that was shown.

        A company whose NIP or unit has changed since then is left out: its row tells what it lacks.
        """
        unchanged = {}
        for company in companies:
            principal = company._l10n_pl_ksef_principal()
            shown = nip.digits(str(numbers.get(str(company.id)) or ""))
            if shown and shown == principal.l10n_pl_ksef_digits:
                unchanged[principal] = shown
        self.env["l10n_pl_ksef.certificate"]._serve(unchanged)

    def _is_agreed(self, company):
        """Return True if a person need not agree any more before a certificate logs a company in.

        :raises VaultError: the agreements cannot be opened on this machine
        """
        principal = company._l10n_pl_ksef_principal()
        return bool(self.env["l10n_pl_ksef.certificate"]._for_a_login_by_hand(principal))

    def _connect(self, company):
        """Log a company in with a certificate of this Odoo; KSeF decides whether it may."""
        principal = company._l10n_pl_ksef_principal()
        # The panel tells what is wrong with the NIP, or with this server's key.
        with suppress(InvalidNip, VaultError):
            certificates = self.env["l10n_pl_ksef.certificate"]
            certificate = certificates._for_a_login_by_hand(principal)
            self.env["l10n_pl_ksef.session"]._log_in(
                principal, certificate, wait_seconds=5, asked_by=self.env.user
            )
        with fresh(company) as connected:
            panel = connected.env["l10n_pl_ksef.panel"]._describe(connected)
            text = self._connect_text(connected, panel)
        state, color = panel["state"], panel["color"]
        return {
            "id": company.id,
            "name": company.name,
            "state": state,
            "color": color,
            "text": text,
        }

    def _connect_text(self, company, panel):
        """Return in one sentence how the connection of one company out of many ended."""
        if panel["problem"]:
            return panel["problem"]["text"]
        if panel["state"] != "disconnected":
            return panel["headline"] or self.env._("Connected.")
        if company._l10n_pl_ksef_certificate():
            return self.env._("Odoo is just logging in to KSeF. Try again in a minute.")
        if not self.env["l10n_pl_ksef.office"]._obstacle(company._l10n_pl_ksef_principal()):
            return self.env._("Not connected: the client gave the office no rights. Ask for them.")
        return self.env._("Not connected: no certificate held here may be used for this company.")

    def _renew_certificate(self, principal, serial_number):
        """Begin to renew a certificate that serves a company; return False, or the problem."""
        known = self._numbered(principal, serial_number)
        return known._renew_now() if known else problems.local("renewal_not_valid")

    def _terms_of_renewal(self, principal, serial_number):
        """Return what keeps a certificate from being renewed now, or False; what is left."""
        known = self._numbered(principal, serial_number)
        if not known:
            return problems.local("renewal_not_valid"), None
        return known._terms_of_renewal()

    def _numbered(self, principal, serial_number):
        number = ("serial_number", "=", str(serial_number))
        certificates = self.env["l10n_pl_ksef.certificate"]
        return certificates._of_company(principal, number, usage=None, limit=1)

    def _revoke_certificate(self, principal, serial_number, reason):
        """Revoke a certificate, whether this Odoo holds its key or not."""
        environment = ("environment", "=", principal.l10n_pl_ksef_environment)
        number = ("serial_number", "=", serial_number)
        certificates = self.env["l10n_pl_ksef.certificate"].sudo()
        known = certificates.search([number, environment], limit=1)
        if known:
            self._or_user_error(known._revoke, principal, reason)
        else:
            self._or_user_error(self._revoke_unknown, principal, serial_number, reason)

    def _revoke_unknown(self, principal, serial_number, reason):
        token = principal._l10n_pl_ksef_session()._shared_token()
        with principal._l10n_pl_ksef_client() as client:
            client.revoke_certificate(token, serial_number, reason)

    def _revoke_sessions(self, principal, reference_number):
        """Close one session at KSeF, or without a number all but the present one."""
        self._or_user_error(self._close_sessions, principal, reference_number)

    def _close_sessions(self, principal, reference_number):
        current = principal._l10n_pl_ksef_session()
        token = current._shared_token()
        if reference_number and reference_number == current.reference_number:
            # Its own step closes it at KSeF.
            self.env["l10n_pl_ksef.session"]._disconnect(principal)
            return
        with principal._l10n_pl_ksef_client() as client:
            references = (
                [reference_number]
                if reference_number
                else [item.reference_number for item in client.sessions(token)]
            )
            for reference in references:
                if reference != current.reference_number:
                    client.revoke_session(token, reference)

    def _or_user_error(self, method, *args):
        """Call a method that calls KSeF for a person who waits; refusals become a UserError."""
        try:
            return method(*args)
        except (KsefError, VaultError) as error:
            told = problems.texts(self.env, problems.of_request(error))
            lines = "\n".join(told[part] for part in ("text", "action", "technical"))
            raise UserError(self.env._("%s", lines)) from error
