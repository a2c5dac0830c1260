from odoo import models

from ..certificate.states import QUESTION, STANDING

# A certificate logs in from now on, or somebody signs again every week.
ANSWERS = [("once", "Sign only once"), ("weekly", "Sign every 7 days")]


class L10n_Pl_KsefSessionConsent(models.Model):
    """What a user confirmed for the signer: KSeF may issue a certificate in the signer's name."""

    # What is kept of a consent is a subject of its own beside the fields.
    _inherit = "l10n_pl_ksef.session"  # pylint: disable=consider-merging-classes-inherited

    def _consent_of(self, name, masked):
        """Return what a login keeps of the user's confirmation for a signer.

        Nothing here proves that the user is the signer. So it says who clicked and for whom, and
        never that the signer agreed.

        :param str name: the signer's, as the signature has it
        :param str masked: the signer's identifier, or nothing
        """
        text = self.env._(
            "User %(user)s confirmed for the signer, %(signer)s: KSeF issues a certificate in the"
            " signer's name. Odoo keeps it, encrypted, and logs in with it by itself. The"
            " certificate works in all companies that the signer has rights to.",
            user=self.env.user.name,
            signer=", ".join(filter(None, (name, masked))) or self.env._("not named in the file"),
        )
        return {"consent_at": self._now(), "consent_text": text}

    def _consent_through(self, request, name, masked):
        """Return what a login keeps of a confirmation on the page behind a link.

        Nothing here proves who opened the link. So it says to whom it was given, and who signed.

        :param request: whose link was opened
        :param str name: the signer's, as the signature has it
        :param str masked: the signer's identifier, or nothing
        """
        text = self.env._(
            "On the page behind the link for %(asked)s it was confirmed for the signer, %(signer)s:"
            " KSeF issues a certificate in the signer's name. Odoo keeps it, encrypted, and logs in"
            " with it by itself. The certificate works in all companies that the signer has rights"
            " to.",
            asked=request.signer_name,
            signer=", ".join(filter(None, (name, masked))) or self.env._("not named in the file"),
        )
        return {"consent_at": self._now(), "consent_text": text}

    def _keep_consent(self):
        """Keep that the user confirms for the signer of this login, which works already."""
        self.write(self._consent_of(self.signer_name, self.signer_masked))
        self._audit("consented", consent=self.consent_text)

    def _awaits_consent(self):
        """Return True if a certificate could be asked for by this login, and nobody has done so.

        KSeF issues certificates to logins with a signature only (docs/ksef.md A1-certificates).
        """
        lives = self.state == "active" and not self.revoke_requested and not self._has_ended()
        if self.method != "signature" or not lives:
            return False
        known = ("state", "in", STANDING + QUESTION)
        return not self.env["l10n_pl_ksef.certificate"]._of_company(self.company_id, known, limit=1)
