from odoo import models
from odoo.exceptions import UserError

from ..models.base import problems


class L10n_Pl_KsefTakeover(models.AbstractModel):
    """Tells who signed for a connection, and lets somebody else take it over."""

    _name = "l10n_pl_ksef.takeover"
    _description = "KSeF connection taken over by another signer"

    def _former(self, principal):
        """Describe whom another signer could take the connection over from, if anybody."""
        session, certificate = (
            principal._l10n_pl_ksef_session(),
            principal._l10n_pl_ksef_certificate(),
        )
        if not session and not certificate:
            return False
        name = session.signer_name or certificate.owner_name or ""
        return {
            "name": name,
            "masked": session.signer_masked or certificate.identity_masked or "",
            "certificate": bool(certificate) and self._at_stake(principal, certificate),
            "sees": self._what_only_they_see(),
        }

    def _at_stake(self, principal, certificate):
        """Describe the former certificate: who else uses it, and why it cannot be revoked."""
        others = certificate.company_ids - principal
        known = others & self.env.user.sudo().company_ids
        hidden = len(others - known)
        return {
            "companies": known.mapped("name"),
            "hidden": hidden,
            "obstacle": self._obstacle_to_revocation(certificate, hidden),
        }

    def _obstacle_to_revocation(self, certificate, hidden):
        if hidden:
            return self.env._(
                "It also serves companies that you have no access to: %(count)s. Who manages all of"
                " them can revoke it.",
                count=hidden,
            )
        if certificate._is_being_renewed():
            return self.env._("It is being renewed just now: wait a few minutes to revoke it.")
        if not certificate._owners_session():
            problem = problems.local("revocation_needs_owner")
            return problems.texts(self.env, problem)["text"]
        return ""

    def _what_only_they_see(self):
        """Return which data at KSeF only the former signer can see.

        Certificates are the authenticated subject's (the Ministry's certyfikaty-KSeF.md); others'
        sessions need Introspection (KSeF's contract, GET /sessions), others' tokens CredentialsRead
        or CredentialsManage (KSeF's contract, GET /tokens). About logins nothing is said
        (KSeF's contract, GET /auth/sessions).
        """
        return self.env._(
            "Everybody with the right to read invoices goes on seeing all of them. KSeF"
            " certificates are seen and revoked only by their owner. Sessions in which the former"
            " signer sent invoices are listed to others only with the right Introspection, and the"
            " former signer's KSeF tokens only with CredentialsRead or CredentialsManage. A PESEL"
            " and a NIP that KSeF links count as one."
        )

    def _begin(self, principal, revoke):
        """Have the user's next signature take the connection over from its former signer."""
        former = self._former(principal)
        certificate = former and former["certificate"]
        if revoke and certificate and certificate["obstacle"]:
            raise UserError(certificate["obstacle"])
        window = self.env["l10n_pl_ksef.authorization"]._open(principal).sudo()
        if window._verifying():
            raise UserError(
                self.env._("KSeF is still checking the last signature: wait until it has decided.")
            )
        # How far an earlier attempt came, and its problem, do not concern the new one.
        window.write(
            {
                "step": "download",
                "take_over": bool(former),
                "revoke_taken_over": bool(revoke),
                "problem": False,
            }
        )
