import base64
import binascii

from odoo import Command, models
from odoo.exceptions import AccessError, UserError

from ..models.base import problems
from ..models.base.const import OPTIONS
from ..models.base.locks import fresh
from ..models.certificate.certificate import LOGIN, OFFLINE
from ..models.res_company import CONNECT_GROUP, SEE_GROUP
from ..models.vault.vault import note_backup
from ..tools.errors import KsefError
from ..tools.vault import VaultError
from .sensitive import confirmed_first, recently_confirmed, sensitive

# Enough people to ask.
MOST_NAMES = 3


class ResCompany(models.Model):
    """The methods that the screens call; each checks first what the user may do."""

    # What a browser calls belongs to the screens: the state asks no screen.
    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    # ------------------------------------------------------------------
    # Who may call
    # ------------------------------------------------------------------
    def _l10n_pl_ksef_check_group(self, group):
        """Refuse a user who is not in a group, or does not work in the company."""
        self.ensure_one()
        if self.env.su:
            return
        if not self.env.user.has_group(group):
            raise AccessError(self._l10n_pl_ksef_whom_to_ask(group))
        if self not in self.env.user.company_ids:
            raise AccessError(
                self.env._(
                    "You do not work in this company in Odoo: ask your administrator for it."
                )
            )

    def _l10n_pl_ksef_whom_to_ask(self, group):
        """Tell which right a user lacks, who gives it, and who manages the connection here."""
        lacking = self.env.ref(group).sudo()
        parts = [
            self.env._(
                'This part of KSeF needs the right "%(right)s". Your administrator gives it.',
                right=f"{lacking.privilege_id.name}: {lacking.name}",
            )
        ]
        user = self.env.user
        # Customers and other companies' people learn no names.
        is_colleague = user._is_internal() and self in user.company_ids
        names = is_colleague and self._l10n_pl_ksef_names_of(CONNECT_GROUP)
        if names:
            parts.append(self.env._("The connection is managed by: %(names)s.", names=names))
        return " ".join(parts)

    def _l10n_pl_ksef_names_of(self, group):
        """Return who is in a group and works in the company, by name; empty if nobody is."""
        members = self.env.ref(group).sudo().all_user_ids
        here = members.filtered(lambda user: user.active and self in user.company_ids)
        return ", ".join(here.sorted("name").mapped("name")[:MOST_NAMES])

    def _l10n_pl_ksef_managed(self):
        """Return the company that owns self's connection, if the user manages both.

        A user who works in a branch alone does not manage the connection of the company above it.
        """
        self._l10n_pl_ksef_check_group(CONNECT_GROUP)
        principal = self._l10n_pl_ksef_principal()
        principal.with_env(self.env)._l10n_pl_ksef_check_group(CONNECT_GROUP)
        return principal

    # ------------------------------------------------------------------
    # Connection to KSeF
    # ------------------------------------------------------------------
    def l10n_pl_ksef_panel(self):
        """Describe the connection as the panel shows it, without a call to KSeF.

        :return dict: see l10n_pl_ksef.panel
        """
        self._l10n_pl_ksef_check_group(SEE_GROUP)
        return self.env["l10n_pl_ksef.panel"]._describe(self)

    def l10n_pl_ksef_figures(self):
        """Count what stands below the panel on the accounting dashboard's card.

        Other addons add theirs; this one has none of its own.

        :return list: dicts of ``text``, and ``action``: the xml id of what a click on it opens
        """
        self._l10n_pl_ksef_check_group(SEE_GROUP)
        return []

    def l10n_pl_ksef_follow(self):
        """Do the next step of a connection on its way, and describe the connection then.

        :return dict: as l10n_pl_ksef_panel
        """
        self._l10n_pl_ksef_check_group(SEE_GROUP)
        panel = self.env["l10n_pl_ksef.panel"]
        principal = self._l10n_pl_ksef_principal()
        panel._on_the_way(principal)._advance()
        panel._certificates_on_the_way(principal)._advance()
        # What the steps committed is not in this transaction's snapshot.
        with fresh(self) as company:
            return company.env["l10n_pl_ksef.panel"]._describe(company)

    def l10n_pl_ksef_open_authorization(self):
        """Open the window "Account authorization", or first the one that decides about a copy.

        :return dict: an action
        """
        return self._l10n_pl_ksef_open_window(self.env._("Account authorization"))

    def _l10n_pl_ksef_open_window(self, title, *errand):
        """Return the action that opens the window in which somebody signs.

        :param errand: purpose and grant, where the signature is not for the connection
        """
        principal = self._l10n_pl_ksef_managed()
        decision = self.env["l10n_pl_ksef.unlock"]._open(self)
        if decision:
            return decision
        window = self.env["l10n_pl_ksef.authorization"]._open(principal, *errand)
        return {
            "type": "ir.actions.client",
            "tag": "l10n_pl_ksef_authorization",
            "name": title,
            "target": "new",
            "context": {"dialog_size": "medium"},
            "params": {"wizard_id": window.id, "company_id": self.id},
        }

    # ------------------------------------------------------------------
    # Account
    # ------------------------------------------------------------------
    def l10n_pl_ksef_open_account(self):
        """Open the screen "Account": certificates and sessions.

        :return dict: a client action
        """
        self._l10n_pl_ksef_check_group(CONNECT_GROUP)
        # The stored action has an address: the page keeps its title when it is loaded again.
        action = self.env["ir.actions.actions"]._for_xml_id("l10n_pl_ksef_auth.action_account")
        return {**action, "target": "main", "params": {"company_id": self.id}}

    def l10n_pl_ksef_account(self):
        """Describe what this Odoo knows of the account, without a call to KSeF.

        :return dict: see l10n_pl_ksef.account
        """
        principal = self._l10n_pl_ksef_managed()
        return self.env["l10n_pl_ksef.account"]._describe(principal)

    def l10n_pl_ksef_account_at_ksef(self):
        """Describe the account, side by side with what KSeF lists for the signer.

        :return dict: as l10n_pl_ksef_account, with ``asked_at``; or with ``problem``
        """
        principal = self._l10n_pl_ksef_managed()
        account = self.env["l10n_pl_ksef.account"]
        try:
            listed = account._ask_ksef(principal)
        except (KsefError, VaultError) as error:
            problem = problems.texts(self.env, problems.of_request(error))
            return {**account._describe(principal), "problem": problem}
        return account._describe(principal, listed)

    def l10n_pl_ksef_save_options(self, values, confirmed=False):
        """Change the company's settings for KSeF, also for a user who may not write companies.

        :param dict values: fields of OPTIONS; people by Command.set alone
        :param bool confirmed: the user has read what stops
        :return dict: l10n_pl_ksef_account(), or what keeps the settings from being saved:
            ``invalid`` or ``stops``, see l10n_pl_ksef.account.options
        :raises UserError: another field, or a command that would write users, as superuser
        """
        principal = self._l10n_pl_ksef_managed()
        people = values.get("l10n_pl_ksef_responsible_ids") or ()
        writes = any(command[0] != Command.SET for command in people)
        if writes or set(values) - set(OPTIONS):
            raise UserError(self.env._("Only the settings for KSeF can be changed here."))
        options = self.env["l10n_pl_ksef.account.options"]
        return options._save(principal, values, confirmed) or self.l10n_pl_ksef_account()

    @confirmed_first
    def l10n_pl_ksef_load_certificate(self, files, password, either=False):
        """Take a KSeF certificate and its key, as the Ministry's portal gives them.

        The user confirms by password first, in a call of its own: Odoo's check keeps the arguments
        of the call in the database, and the key and its password must not get there.

        :param list files: base64 of one PKCS#12, or of a certificate and a key (PEM, DER)
        :param str password: of the key; not stored
        :param bool either: where none logs in, take one for offline invoices
        :return dict: l10n_pl_ksef_account(), with ``problem`` when the files are of no use; or
            ``confirm``, the action that asks: call again when its window has closed
        """
        principal = self._l10n_pl_ksef_managed()
        try:
            contents = [base64.b64decode(file, validate=True) for file in files]
        except (binascii.Error, TypeError, ValueError):
            contents = [b""]
        problem = principal.env["l10n_pl_ksef.certificate"]._load(
            principal, contents, password or None, bool(either)
        )
        return self._l10n_pl_ksef_account_after(problem)

    @sensitive
    def l10n_pl_ksef_confirm(self):
        """Ask for the user's password, and do nothing else.

        :return dict: an action: the question, or the end of it
        """
        return {"type": "ir.actions.act_window_close"}

    @confirmed_first
    def l10n_pl_ksef_issue_certificate(self, usage="login"):
        """Apply for a certificate for this Odoo, although the signer has one elsewhere.

        It uses up one of the applications that its owner has for life, so the user confirms first.

        :param str usage: login, or offline for the one that signs offline invoices
        :return dict: l10n_pl_ksef_account(); or ``confirm``, the action that asks: call again when
            its window has closed
        """
        principal = self._l10n_pl_ksef_managed()
        certificates = principal.env["l10n_pl_ksef.certificate"]
        problem = certificates._issue_separate(principal, OFFLINE if usage == OFFLINE else LOGIN)
        return self._l10n_pl_ksef_account_after(problem)

    @confirmed_first
    def l10n_pl_ksef_issue_with_consent(self, offline=False):
        """Confirm for the signer, later than the signature, and apply for a certificate.

        It works as long as the signature's login does; it uses up one of the signer's applications.

        :param bool offline: the words above the button named one for offline invoices, too
        :return dict: l10n_pl_ksef_account(); or ``confirm``, the action that asks: call again when
            its window has closed
        """
        principal = self._l10n_pl_ksef_managed()
        certificates = principal.env["l10n_pl_ksef.certificate"]
        problem = certificates._issue_with_consent(principal, bool(offline))
        return self._l10n_pl_ksef_account_after(problem)

    @confirmed_first
    def l10n_pl_ksef_issue_offline(self):
        """Confirm for the certificate's owner, and apply for one that signs offline invoices.

        It uses up one of the applications that its owner has for life, so the user confirms first.

        :return dict: l10n_pl_ksef_account(); or ``confirm``, the action that asks: call again when
            its window has closed
        :raises AccessError: the owner's certificate serves a company that is not the user's
        """
        principal = self._l10n_pl_ksef_managed()
        problem = principal.env["l10n_pl_ksef.certificate"]._issue_offline(principal)
        return self._l10n_pl_ksef_account_after(problem)

    def l10n_pl_ksef_terms_of_renewal(self, serial_number):
        """Tell whether a certificate may be renewed now, and what that would use up; asks KSeF.

        :param str serial_number: of a certificate that this Odoo holds
        :return dict: ``problem``, or ``left``: the applications that KSeF would still take
        """
        principal = self._l10n_pl_ksef_managed()
        actions = self.env["l10n_pl_ksef.account.actions"]
        problem, left = actions._terms_of_renewal(principal, serial_number)
        return {"problem": problem and problems.texts(self.env, problem), "left": left}

    @confirmed_first
    def l10n_pl_ksef_renew_certificate(self, serial_number):
        """Renew a certificate now, not only two months before its end.

        It uses up one of the applications that its owner has for life, so the user confirms first.

        :param str serial_number: of a certificate that this Odoo holds
        :return dict: l10n_pl_ksef_account(), with ``problem`` when the renewal cannot begin; or
            ``confirm``, the action that asks: call again when its window has closed
        """
        principal = self._l10n_pl_ksef_managed()
        problem = self.env["l10n_pl_ksef.account.actions"]._renew_certificate(
            principal, serial_number
        )
        return self._l10n_pl_ksef_account_after(problem)

    @confirmed_first
    def l10n_pl_ksef_agree(self, numbers):
        """Agree that a certificate of this Odoo logs in all companies of self, each for its NIP.

        The user has to manage all companies of that certificate, and confirms once for the list.

        :param dict numbers: by the company's id, its NIP or unit as l10n_pl_ksef_account() named it
        :return dict: empty; or ``confirm``, the action that asks: call again when its window has
            closed
        """
        self.env["l10n_pl_ksef.account.actions"]._agree(self, numbers)
        return {}

    def l10n_pl_ksef_connect_with_certificate(self):
        """Connect all companies of self with certificates that may do so, without a signature.

        :return list: for each company: id, name, state and color (as the panel's), text
        """
        actions = self.env["l10n_pl_ksef.account.actions"]
        for company in self:
            company._l10n_pl_ksef_managed()
        return [actions._connect(company) for company in self]

    def l10n_pl_ksef_connect_by_certificate(self, number):
        """Connect a company with the certificate that its panel offers, without a signature.

        Where nobody has agreed to its NIP or unit yet, the user does, by the password.

        :param str number: the NIP or unit, as the panel named it
        :return dict: as one of l10n_pl_ksef_connect_with_certificate(); or ``confirm``, the action
            that asks: call again when its window has closed
        """
        self._l10n_pl_ksef_managed()
        actions = self.env["l10n_pl_ksef.account.actions"]
        if not actions._is_agreed(self):
            if not recently_confirmed(self.env):
                return {"confirm": self.l10n_pl_ksef_confirm()}
            actions._agree(self, {str(self.id): number})
        return actions._connect(self)

    @sensitive
    def l10n_pl_ksef_disconnect(self, revoke_certificate=False):
        """Close the session at KSeF; Odoo does not log in again by itself.

        :param bool revoke_certificate: also revoke the certificate, for all companies it serves
        :return dict: the action that shows the account again
        :raises UserError: the certificate cannot be revoked now; the session stays
        """
        principal = self._l10n_pl_ksef_managed()
        certificates = self.env["l10n_pl_ksef.certificate"]
        serving = certificates._of_company(principal, ("state", "=", "active"), limit=1)
        # After the NIP has changed the one that serves the company may not log it in.
        certificate = principal._l10n_pl_ksef_certificate() or serving
        if revoke_certificate and certificate:
            self.env["l10n_pl_ksef.account.actions"]._revoke_certificate(
                principal, certificate.serial_number, "Unspecified"
            )
        self.env["l10n_pl_ksef.session"]._disconnect(principal)
        return self.l10n_pl_ksef_open_account()

    @sensitive
    def l10n_pl_ksef_take_over(self, revoke=False):
        """Open the window "Account authorization" for somebody else to take the connection over.

        The password is asked for even if the former certificate stays valid: the company no longer
        logs in with it once the new session works.

        :param bool revoke: also revoke the former certificate, through its owner's session
        :return dict: the action that opens the window
        :raises UserError: the certificate cannot be revoked from here
        """
        principal = self._l10n_pl_ksef_managed()
        self.env["l10n_pl_ksef.takeover"]._begin(principal, revoke)
        return self.l10n_pl_ksef_open_authorization()

    @sensitive
    def l10n_pl_ksef_revoke_certificate(self, serial_number, reason="Unspecified"):
        """Revoke one of the signer's certificates at KSeF, whether this Odoo holds it or not.

        :param str serial_number: as KSeF lists it
        :param str reason: Unspecified, Superseded or KeyCompromise
        :return dict: the action that shows the account again
        """
        principal = self._l10n_pl_ksef_managed()
        self.env["l10n_pl_ksef.account.actions"]._revoke_certificate(
            principal, serial_number, reason
        )
        return self.l10n_pl_ksef_open_account()

    @sensitive
    def l10n_pl_ksef_revoke_session(self, reference_number=None):
        """Close one session at KSeF, or all but the present one.

        :param str reference_number: as KSeF lists it; None for all but the present one
        :return dict: the action that shows the account again
        """
        principal = self._l10n_pl_ksef_managed()
        self.env["l10n_pl_ksef.account.actions"]._revoke_sessions(principal, reference_number)
        return self.l10n_pl_ksef_open_account()

    def _l10n_pl_ksef_account_after(self, problem):
        """Return the account after steps that committed on cursors of their own."""
        with fresh(self) as company:
            values = company.l10n_pl_ksef_account()
        return {**values, "problem": problem and problems.texts(self.env, problem)}

    # ------------------------------------------------------------------
    # Diagnosis
    # ------------------------------------------------------------------
    def l10n_pl_ksef_diagnosis(self):
        """Describe the screen "Diagnosis" before anything is checked, without a call to KSeF.

        :return dict: as l10n_pl_ksef_diagnose
        """
        self._l10n_pl_ksef_managed()
        return self.env["l10n_pl_ksef.diagnosis"]._at_first()

    def l10n_pl_ksef_diagnose(self):
        """Check the connection from end to end, for support; calls KSeF.

        :return dict: see l10n_pl_ksef.diagnosis
        """
        principal = self._l10n_pl_ksef_managed()
        return self.env["l10n_pl_ksef.diagnosis"]._run(principal)

    def l10n_pl_ksef_key_backed_up(self):
        """Note that somebody keeps a copy of the encryption key.

        :return dict: as l10n_pl_ksef_diagnose
        """
        self._l10n_pl_ksef_managed()
        note_backup(self.env)
        self.env["l10n_pl_ksef.housekeeping"]._close_reminder()
        return self.l10n_pl_ksef_diagnose()
