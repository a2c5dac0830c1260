from contextlib import suppress

from odoo import models
from odoo.exceptions import UserError

from ..tools.errors import KsefError
from ..tools.nip import InvalidNip
from ..tools.vault import VaultError
from . import ksef_problem


class L10n_Pl_KsefAccountActions(models.AbstractModel):
    """What a person does on the account screen; refusals become sentences."""

    _inherit = "l10n_pl_ksef.account"

    def _connect(self, company):
        """Connect one company with a certificate held here; its rights are KSeF's to judge.

        :return dict: id, name, state, color, text
        """
        owner = company._l10n_pl_ksef_owner()
        self.env["l10n_pl_ksef.certificate"]._serve(owner)
        # What is wrong with a NIP is said by the panel.
        with suppress(InvalidNip):
            owner._l10n_pl_ksef_log_in_with_certificate(wait_seconds=5)
        with self.env.registry.cursor() as cr:
            fresh = company.with_env(self.env(cr=cr))
            panel = fresh.env["l10n_pl_ksef.panel"]._values(fresh)
            text = self._connect_text(fresh, panel)
        state = {part: panel[part] for part in ("state", "color")}
        return {"id": company.id, "name": company.name, **state, "text": text}

    def _connect_text(self, company, panel):
        """How the connection of one company out of many ended, in one sentence."""
        if panel["problem"]:
            return panel["problem"]["text"]
        if panel["state"] != "disconnected":
            return panel["headline"] or self.env._("Connected.")
        if company._l10n_pl_ksef_certificate():
            return self.env._("Odoo is just logging in to KSeF. Try again in a minute.")
        return self.env._("Not connected: no certificate held here may be used for this company.")

    def _renew_certificate(self, owner, serial_number):
        """Begin to renew a certificate that serves a company.

        :return: False, or the problem
        """
        known = (
            self.env["l10n_pl_ksef.certificate"]
            .sudo()
            .search(
                [
                    ("serial_number", "=", str(serial_number)),
                    ("environment", "=", owner.l10n_pl_ksef_environment),
                    ("company_ids", "in", owner.id),
                ],
                limit=1,
            )
        )
        return known._renew_now() if known else ksef_problem.local("renewal_not_valid")

    def _revoke_certificate(self, owner, serial_number, reason):
        known = (
            self.env["l10n_pl_ksef.certificate"]
            .sudo()
            .search(
                [
                    ("serial_number", "=", serial_number),
                    ("environment", "=", owner.l10n_pl_ksef_environment),
                ],
                limit=1,
            )
        )
        if known:
            self._or_user_error(known._revoke, owner, reason)
            return
        with owner._l10n_pl_ksef_client() as client:
            session = owner._l10n_pl_ksef_session()
            self._or_user_error(
                lambda: client.revoke_certificate(session._shared_token(), serial_number, reason)
            )

    def _revoke_sessions(self, owner, reference_number):
        """Close a login, or all others: our own ones end by their own step."""
        with owner._l10n_pl_ksef_client() as client:
            self._or_user_error(self._revoke_listed, owner, client, reference_number)

    def _revoke_listed(self, owner, client, reference_number):
        current = owner._l10n_pl_ksef_session()
        token = current._shared_token()
        references = (
            [reference_number]
            if reference_number
            else [item.reference_number for item in client.sessions(token)]
        )
        for reference in references:
            if reference == current.reference_number:
                if reference_number:
                    self.env["l10n_pl_ksef.session"]._disconnect(owner)
                continue
            client.revoke_session(token, reference)

    def _or_user_error(self, method, *args):
        """Call KSeF for a person who waits: a refusal becomes the sentence that explains it."""
        try:
            return method(*args)
        except (KsefError, VaultError) as error:
            told = ksef_problem.texts(self.env, ksef_problem.of_request(error))
            lines = "\n".join(told[part] for part in ("text", "action", "technical"))
            raise UserError(self.env._("%s", lines)) from error
