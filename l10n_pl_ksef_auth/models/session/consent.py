from odoo import models

from ..certificate.states import SPOKEN_FOR
from ..vault.guard import refuse_typed_code
from .statement import keep_consent

# Each names what it was an answer to: what was not named is not applied for.
ANSWERS = [
    ("once", "Sign only once"),
    ("both", "Sign only once, with a certificate for offline invoices"),
    ("weekly", "Sign every 7 days"),
]


class L10n_Pl_KsefSessionConsent(models.Model):
    """That KSeF may issue certificates in the signer's name: who agreed, or confirmed for whom."""

    # What is kept of a consent is a subject of its own beside the fields.
    _inherit = "l10n_pl_ksef.session"  # pylint: disable=consider-merging-classes-inherited

    def _consent_of(self, name, masked, offline, request=None):
        """Return what a login keeps of a consent: who agreed or clicked, for whom, and to what.

        Nothing here proves that a user is the signer, or who opened a link. So only a signer of
        the name that the link was made for is said to have agreed.

        :param str name: the signer's, as the signature has it
        :param str masked: the signer's identifier, or nothing
        :param bool offline: the words named a certificate for offline invoices, too
        :param request: whose link was opened; None in Odoo, where a user confirms for the signer
        """
        signer = ", ".join(filter(None, (name, masked))) or self.env._("not named in the file")
        if not request:
            who = self._by_user(signer)
        elif request._is_asked(name):
            who = self.env._("The signer, %s, agreed on the page behind the link:", signer)
        else:
            who = self.env._(
                "On the page behind the link for %(asked)s it was confirmed for the signer,"
                " %(signer)s:",
                asked=request.signer_name,
                signer=signer,
            )
        text = f"{who} {self._named_certificates(offline)}"
        return {"consent_at": self._now(), "consent_text": text, "consent_offline": offline}

    def _by_user(self, signer):
        user = self.env.user.name
        return self.env._(
            "User %(user)s confirmed for the signer, %(signer)s:", user=user, signer=signer
        )

    def _named_certificates(self, offline):
        if offline:
            return self.env._(
                "KSeF issues two certificates in the signer's name. With one Odoo logs in, with the"
                " other it signs the codes of offline invoices, both by itself. Odoo keeps them,"
                " encrypted. They work in all companies that the signer has rights to."
            )
        return self.env._(
            "KSeF issues a certificate in the signer's name. Odoo keeps it, encrypted, and logs in"
            " with it by itself. The certificate works in all companies that the signer has rights"
            " to."
        )

    def _words_of_offline(self, owner):
        """Return what a user confirms for a certificate's owner, later than the signature.

        :param str owner: who it is
        """
        return self.env._(
            "User %(user)s confirmed for the certificate's owner, %(signer)s: KSeF issues a"
            " certificate for offline invoices in the owner's name. Odoo keeps it, encrypted, and"
            " signs the codes of offline invoices with it by itself.",
            user=self.env.user.name,
            signer=owner,
        )

    def _keep_consent(self, offline):
        """Keep that the user confirms for the signer of this login, which works already.

        :param bool offline: the words named a certificate for offline invoices, too
        """
        refuse_typed_code(self.env)
        self.write(self._consent_of(self.signer_name, self.signer_masked, offline))
        keep_consent(self)
        self._audit("consented", consent=self.consent_text)

    def _awaits_consent(self):
        """Return True if a certificate could be asked for by this login, and nobody has done so.

        KSeF issues certificates to logins with a signature only (docs/ksef.md A1-certificates).
        """
        lives = self.state == "active" and not self.revoke_requested and not self._has_ended()
        if self.method != "signature" or not lives:
            return False
        known = ("state", "in", SPOKEN_FOR)
        return not self.env["l10n_pl_ksef.certificate"]._of_company(self.company_id, known, limit=1)
