import base64
import binascii

from odoo import models
from odoo.exceptions import UserError

from ..tools.errors import KsefError
from ..tools.vault import VaultError
from . import ksef_problem
from .base.const import OPTIONS
from .ksef_confirmation import recently_confirmed, sensitive
from .res_company import CONNECT_GROUP


class ResCompany(models.Model):
    """The screen "Account": what the connection stands on, and how to change it."""

    _inherit = "res.company"

    def l10n_pl_ksef_account(self):
        """What this Odoo knows: reads only, never calls KSeF.

        :return dict: see l10n_pl_ksef.account
        """
        owner = self._l10n_pl_ksef_managed()
        return self.env["l10n_pl_ksef.account"]._values(owner)

    def l10n_pl_ksef_account_at_ksef(self):
        """The same, side by side with what KSeF lists for the signer.

        :return dict: as l10n_pl_ksef_account, with ``asked_at``; or with ``problem``
        """
        owner = self._l10n_pl_ksef_managed()
        account = self.env["l10n_pl_ksef.account"]
        try:
            listed = account._ask_ksef(owner)
        except (KsefError, VaultError) as error:
            problem = ksef_problem.texts(self.env, ksef_problem.of_request(error))
            return {**account._values(owner), "problem": problem}
        return account._values(owner, listed)

    def l10n_pl_ksef_save_options(self, values):
        """Change the company's settings for KSeF; an accountant may, who cannot write companies.

        :param dict values: fields of OPTIONS
        :return dict: l10n_pl_ksef_account()
        :raises UserError: for a field that is none of them
        """
        owner = self._l10n_pl_ksef_managed()
        if set(values) - set(OPTIONS):
            raise UserError(self.env._("Only the settings for KSeF can be changed here."))
        owner.sudo().write(values)
        return self.l10n_pl_ksef_account()

    def l10n_pl_ksef_load_certificate(self, files, password):
        """Take a KSeF certificate and its key, as the Ministry's portal gives them.

        Asks for the user's own password first, by an answer of its own: Odoo's check keeps in the
        database what it is to call, and key and password must not get there.

        :param list files: base64 of one PKCS#12, or of a certificate and a key (PEM, DER)
        :param str password: of the key; not stored
        :return dict: l10n_pl_ksef_account(), with ``problem`` when the files are of no use; or
            ``confirm``, the action that asks: call again when its window has closed
        """
        owner = self._l10n_pl_ksef_managed()
        if not recently_confirmed(self.env):
            return {"confirm": self.l10n_pl_ksef_confirm()}
        try:
            contents = [base64.b64decode(file, validate=True) for file in files]
        except (binascii.Error, TypeError, ValueError):
            contents = [b""]
        problem = owner.env["l10n_pl_ksef.certificate"]._load(owner, contents, password or None)
        return self._l10n_pl_ksef_account_after(problem)

    @sensitive
    def l10n_pl_ksef_confirm(self):
        """Ask for the user's password, and do nothing else.

        :return dict: an action: the question, or the end of it
        """
        return {"type": "ir.actions.act_window_close"}

    def l10n_pl_ksef_issue_certificate(self):
        """Have a certificate issued for this Odoo, beside those that the signer has elsewhere.

        :return dict: l10n_pl_ksef_account()
        """
        owner = self._l10n_pl_ksef_managed()
        problem = owner.env["l10n_pl_ksef.certificate"]._issue_separate(owner, self.env.user)
        return self._l10n_pl_ksef_account_after(problem)

    def l10n_pl_ksef_renew_certificate(self, serial_number):
        """Have a certificate renewed now, not only two months before its end.

        No password is asked for: nothing is taken away before the successor has logged in, and
        KSeF's own limit guards the applications.

        :param str serial_number: of a certificate that this Odoo holds
        :return dict: l10n_pl_ksef_account(), with ``problem`` when it cannot begin
        """
        owner = self._l10n_pl_ksef_managed()
        problem = self.env["l10n_pl_ksef.account"]._renew_certificate(owner, serial_number)
        return self._l10n_pl_ksef_account_after(problem)

    def l10n_pl_ksef_connect_with_certificate(self):
        """Connect all companies of self with a certificate held here, without a signature.

        :return list: for each company: id, name, state and color (as the panel's), text
        """
        account = self.env["l10n_pl_ksef.account"]
        for company in self:
            company._l10n_pl_ksef_managed()
        return [account._connect(company) for company in self]

    @sensitive
    def l10n_pl_ksef_disconnect(self, revoke_certificate=False):
        """Close the login at KSeF and stop logging in by itself.

        :param bool revoke_certificate: revoke the certificate too, for all that it serves
        :return dict: the action that shows the account again
        :raises UserError: the certificate cannot be revoked now; the login is left as it is
        """
        owner = self._l10n_pl_ksef_managed()
        certificate = owner._l10n_pl_ksef_certificate()
        if revoke_certificate and certificate:
            self.env["l10n_pl_ksef.account"]._revoke_certificate(
                owner, certificate.serial_number, "Unspecified"
            )
        self.env["l10n_pl_ksef.session"]._disconnect(owner)
        return self.l10n_pl_ksef_open_account()

    @sensitive
    def l10n_pl_ksef_take_over(self, revoke=False):
        """Open the window "Account authorization" for another identity to take over.

        The password is asked for whatever becomes of the former certificate: in any case the
        company no longer logs in with it, once the new login works.

        :param bool revoke: revoke it at KSeF, too, through the former login, before that is closed
        :return dict: the action that opens the window
        :raises UserError: it cannot be revoked from here
        """
        owner = self._l10n_pl_ksef_managed()
        self.env["l10n_pl_ksef.account"]._begin_take_over(owner, revoke)
        return self.l10n_pl_ksef_open_authorization()

    @sensitive
    def l10n_pl_ksef_revoke_certificate(self, serial_number, reason="Unspecified"):
        """Revoke one of the signer's certificates at KSeF, whoever holds it.

        :param str serial_number: as KSeF lists it
        :param str reason: Unspecified, Superseded or KeyCompromise
        :return dict: the action that shows the account again
        """
        owner = self._l10n_pl_ksef_managed()
        self.env["l10n_pl_ksef.account"]._revoke_certificate(owner, serial_number, reason)
        return self.l10n_pl_ksef_open_account()

    @sensitive
    def l10n_pl_ksef_revoke_session(self, reference_number=None):
        """Close one login at KSeF, or all but the one in use.

        :param str reference_number: as KSeF lists it; None for all others
        :return dict: the action that shows the account again
        """
        owner = self._l10n_pl_ksef_managed()
        self.env["l10n_pl_ksef.account"]._revoke_sessions(owner, reference_number)
        return self.l10n_pl_ksef_open_account()

    def _l10n_pl_ksef_managed(self):
        """The company that owns self's connection, once the user is shown to manage it.

        Who works for a branch alone does not manage the connection of the company above it.
        """
        self.ensure_one()
        self._l10n_pl_ksef_check_group(CONNECT_GROUP)
        owner = self._l10n_pl_ksef_owner()
        owner.with_env(self.env)._l10n_pl_ksef_check_group(CONNECT_GROUP)
        return owner

    def _l10n_pl_ksef_account_after(self, problem):
        """The account as it is after steps that committed on cursors of their own."""
        with self.env.registry.cursor() as cr:
            fresh = self.with_env(self.env(cr=cr))
            values = fresh.l10n_pl_ksef_account()
        return {**values, "problem": problem and ksef_problem.texts(self.env, problem)}
