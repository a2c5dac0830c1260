from odoo import fields, models

from ..tools.errors import KsefError
from ..tools.vault import VaultError
from . import ksef_problem


class L10n_Pl_KsefCertificateRenewNow(models.Model):
    """A person has a certificate renewed before its time; the steps are those of any renewal."""

    _inherit = "l10n_pl_ksef.certificate"

    asked_by_id = fields.Many2one(
        "res.users", string="Renewal asked for by", readonly=True, copy=False
    )

    def _renew_now(self):
        """Begin a successor, unless one is on its way, and go as far as KSeF answers at once.

        Under the certificate's lock, as the renewal that the machine begins: whoever clicks twice
        finds the first successor.

        :return: False, or the problem
        """
        self.ensure_one()
        with self._exclusive(wait_seconds=10) as own:
            problem = own._obstacle_to_renewal() if own else ksef_problem.local("busy")
            if problem:
                return problem
            # What was refused before KSeF took an application is told anew.
            own._successors().filtered(_is_lost_cause).unlink()
            successor = own._begin_successor(asked_by_id=self.env.uid)
            own._audit_certificate("renewal_asked")
            own.env.cr.commit()
        successor = successor.with_env(self.env)
        successor._advance()
        return successor._refusal()

    def _obstacle_to_renewal(self):
        """Why no successor can be begun now; False when one can."""
        if self.state != "active":
            return ksef_problem.local("renewal_not_valid")
        if self._is_being_renewed():
            return ksef_problem.local("renewal_under_way")
        session = self._owners_session()
        if not session:
            return ksef_problem.local("renewal_needs_owner")
        try:
            session._token_for_others()
        except (KsefError, VaultError) as error:
            return ksef_problem.of_request(error)
        return False

    def _is_being_renewed(self):
        return any(item._is_on_the_way() for item in self._successors())

    def _refusal(self):
        """What the first steps, committed on cursors of their own, ended with, if KSeF said no."""
        with self.env.registry.cursor() as cr:
            own = self.with_env(self.env(cr=cr))
            return own.state == "failed" and own.problem


def _is_lost_cause(successor):
    return successor.state == "failed" and not successor.send_started_at
