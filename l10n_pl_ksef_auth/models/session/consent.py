from odoo import models

from ..certificate.certificate import LOGIN, OFFLINE
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
        offline = self.company_id._l10n_pl_ksef_needs_offline()
        usages = (LOGIN, OFFLINE) if offline else (LOGIN,)
        signer = ", ".join(filter(None, (name, masked))) or self.env._("not named in the file")
        text = self._words_of_consent(signer, usages)
        return {"consent_at": self._now(), "consent_text": text, "consent_offline": offline}

    def _words_of_consent(self, signer, usages):
        """Return what a user confirms for a signer, or for a certificate's owner.

        :param str signer: who it is
        :param tuple usages: which certificates the consent names, of LOGIN and OFFLINE
        """
        names = {"user": self.env.user.name, "signer": signer}
        if usages == (LOGIN,):
            return self.env._(
                "User %(user)s confirmed for the signer, %(signer)s: KSeF issues a certificate in"
                " the signer's name. Odoo keeps it, encrypted, and logs in with it by itself. The"
                " certificate works in all companies that the signer has rights to.",
                **names,
            )
        if usages == (OFFLINE,):
            return self.env._(
                "User %(user)s confirmed for the certificate's owner, %(signer)s: KSeF issues a"
                " certificate for offline invoices in the owner's name. Odoo keeps it, encrypted,"
                " and signs the codes of offline invoices with it by itself.",
                **names,
            )
        return self.env._(
            "User %(user)s confirmed for the signer, %(signer)s: KSeF issues two certificates in"
            " the signer's name. With one Odoo logs in, with the other it signs the codes of"
            " offline invoices, both by itself. Odoo keeps them, encrypted. They work in all"
            " companies that the signer has rights to.",
            **names,
        )

    def _consent_through(self, request, name, masked):
        """Return what a login keeps of a confirmation on the page behind a link.

        Nothing here proves who opened the link. So it says to whom it was given, and who signed.

        :param request: whose link was opened
        :param str name: the signer's, as the signature has it
        :param str masked: the signer's identifier, or nothing
        """
        offline = self.company_id._l10n_pl_ksef_needs_offline()
        unnamed = self.env._("not named in the file")
        names = {
            "asked": request.signer_name,
            "signer": ", ".join(filter(None, (name, masked))) or unnamed,
        }
        text = self._words_of_link(offline, names)
        return {"consent_at": self._now(), "consent_text": text, "consent_offline": offline}

    def _words_of_link(self, offline, names):
        if offline:
            return self.env._(
                "On the page behind the link for %(asked)s it was confirmed for the signer,"
                " %(signer)s: KSeF issues two certificates in the signer's name. With one Odoo logs"
                " in, with the other it signs the codes of offline invoices, both by itself. Odoo"
                " keeps them, encrypted. They work in all companies that the signer has rights to.",
                **names,
            )
        return self.env._(
            "On the page behind the link for %(asked)s it was confirmed for the signer, %(signer)s:"
            " KSeF issues a certificate in the signer's name. Odoo keeps it, encrypted, and logs in"
            " with it by itself. The certificate works in all companies that the signer has rights"
            " to.",
            **names,
        )

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
