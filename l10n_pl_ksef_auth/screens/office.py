from odoo import models
from odoo.exceptions import AccessError, UserError

from ..models.base import problems
from ..models.base.locks import LockBusy, fresh
from ..models.res_company import CONNECT_GROUP, OFFICE_GROUP
from ..tools.vault import VaultError
from .sensitive import sensitive

# Seconds that a user waits until KSeF has told which clients gave rights.
PATIENCE = 6


class ResCompany(models.Model):
    """A client is asked for rights, or to take them back: a signature for this alone."""

    # What a browser calls belongs to the screens: the state asks no screen.
    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    def l10n_pl_ksef_ask_for_rights(self):
        """Open the window in which the client's signer gives the office rights.

        :return dict: an action
        :raises UserError: there is no usable office, or it is this company itself
        """
        principal = self._l10n_pl_ksef_managed()
        obstacle = self.env["l10n_pl_ksef.office"]._obstacle(principal)
        if obstacle:
            raise UserError(problems.paragraph(self.env, obstacle))
        received = self._l10n_pl_ksef_received(principal)
        if received:
            return received._get_records_action(name=self.env._("Rights from clients"))
        grant = self.env["l10n_pl_ksef.grant"]._ask(principal, self.env.user)
        title = self.env._("Rights for the office")
        return self._l10n_pl_ksef_open_window(title, "grant", grant)

    def _l10n_pl_ksef_received(self, principal):
        """Return what the client has given by itself and nobody has accepted; KSeF is asked first.

        Nobody is asked for a signature where the rights are there.
        """
        self.env["l10n_pl_ksef.office"]._look_anew(principal)
        with fresh(principal) as company:
            found = company.env["l10n_pl_ksef.grant"]._of_client(company, "received")
            return self.env["l10n_pl_ksef.grant"].browse(found.ids)


class L10n_Pl_KsefOffice(models.Model):
    """What a user does on the office's form."""

    # What a browser calls belongs to the screens: the state asks no screen.
    _inherit = "l10n_pl_ksef.office"  # pylint: disable=consider-merging-classes-inherited

    def _look_anew(self, principals):
        """Hear from KSeF which clients gave rights by themselves, before anybody is asked.

        :param principals: the companies in whose environments it is looked
        :return bool: False if KSeF has not told it yet
        """
        is_known = True
        environments = ("environment", "in", principals.mapped("l10n_pl_ksef_environment"))
        for office in self.sudo().search([environments]):
            if office._may_be_behind(principals):
                with fresh(office) as seen:
                    seen._check_now(self.env.user, wait_seconds=PATIENCE)
            with fresh(office) as seen:
                seen_companies = principals.sudo().with_env(seen.env)
                for principal in seen_companies:
                    seen._offer_again(principal)
                # Where its own login is refused, or its list is closed, KSeF has answered, too.
                is_known &= bool(seen.problem) or not seen._may_be_behind(seen_companies)
        return is_known

    def _still_looking(self):
        """Return what people read beside links while KSeF has not answered, in a sentence."""
        return self.env._(
            "KSeF has not answered yet which clients gave the office rights by themselves. Look"
            " again in a moment, before anybody is asked to sign."
        )

    def action_ask(self):
        """Ask the active company for rights.

        :return dict: the action that opens the window for its signer
        """
        return self.env.company.l10n_pl_ksef_ask_for_rights()

    def action_check(self):
        """Have the office log in now, and hear which clients gave it rights.

        :return dict: the action that shows the office again
        """
        self.ensure_one()
        self.company_id.sudo(False)._l10n_pl_ksef_check_group(CONNECT_GROUP)
        with fresh(self.sudo()) as office:
            office._check_now(self.env.user, wait_seconds=PATIENCE)
        return {"type": "ir.actions.client", "tag": "soft_reload"}


class L10n_Pl_KsefGrant(models.Model):
    """What a user does with what clients gave."""

    # What a browser calls belongs to the screens: the state asks no screen.
    _inherit = "l10n_pl_ksef.grant"  # pylint: disable=consider-merging-classes-inherited

    def _checked(self, group):
        """Return self as superuser, if the user is in a group and manages all clients."""
        for company in self.sudo().company_id:
            company.with_env(self.env)._l10n_pl_ksef_check_group(group)
        return self.sudo()

    def action_sign(self):
        """Open the window in which the client's signer gives the rights.

        :return dict: an action
        """
        self.ensure_one()
        return self._checked(CONNECT_GROUP).company_id.sudo(False).l10n_pl_ksef_ask_for_rights()

    def action_take_back(self):
        """Open the window in which the client's signer takes the rights back.

        :return dict: an action
        """
        self.ensure_one()
        grant = self._checked(CONNECT_GROUP)
        title = self.env._("Take the office's rights back")
        return grant.company_id.sudo(False)._l10n_pl_ksef_open_window(title, "take_back", grant)

    @sensitive
    def action_accept(self):
        """Have the office's certificate log in clients that gave it rights by themselves.

        :return dict: the action that shows the list again
        """
        self._accept_as_user()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _accept_as_user(self):
        """Accept rights as a user who has just given the password.

        :raises AccessError: the user lacks the role, or somebody else manages a company of that NIP
        """
        grants, user = self._checked(OFFICE_GROUP), self.env.user
        for grant in grants:
            if grant.company_id._l10n_pl_ksef_is_anothers(user):
                raise AccessError(
                    self.env._(
                        "Another company has the same NIP as %(company)s, and you do not work in"
                        " it.",
                        company=grant.company_id.name,
                    )
                )
        self._told(grants._accept, user)

    @sensitive
    def action_end_service(self):
        """Serve a client no more; then offer the window in which the client takes the rights back.

        :return dict: the action that opens it
        """
        self.ensure_one()
        grant = self._checked(CONNECT_GROUP)
        # Before anything is kept: whoever is told to try again finds the button still.
        self.env["l10n_pl_ksef.session"]._disconnect(grant.company_id)
        self._told(grant._end_service)
        return self.action_take_back()

    def _told(self, method, *args):
        """Call a method on a cursor of its own; what keeps it from its end becomes a sentence."""
        try:
            with fresh(self.sudo()) as grants:
                getattr(grants, method.__name__)(*args)
        except (LockBusy, VaultError) as error:
            problem = problems.of_request(error)
            raise UserError(problems.paragraph(self.env, problem)) from error
        self.env.invalidate_all()
