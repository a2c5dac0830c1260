from odoo import fields, models

from ..models.certificate.states import STANDING


class L10n_Pl_KsefAuthorizationTakeOver(models.TransientModel):
    """The window when another identity is to take the connection over."""

    _inherit = "l10n_pl_ksef.authorization"

    take_over = fields.Boolean(string="Another identity takes over", readonly=True)
    revoke_taken_over = fields.Boolean(string="Revoke the former certificate", readonly=True)

    def view(self):
        own = self._own()
        return {**super().view(), "take_over": own._view_take_over()}

    def forget_take_over(self):
        """Sign for the connection as it is: nobody takes over.

        :return dict: view()
        """
        own = self._own()
        own.write({"take_over": False, "revoke_taken_over": False})
        return own.view()

    def _view_take_over(self):
        former = self.take_over and self.env["l10n_pl_ksef.account"]._take_over(self.company_id)
        if not former or self.step in ("verify", "done"):
            return False
        signer = self._same_signer(former)
        return {
            "name": former["name"],
            "masked": former["masked"],
            "text": self._same_text(signer) if signer else self._plan(former),
            "is_same": bool(signer),
        }

    def _plan(self, former):
        if not former["certificate"]:
            return self.env._("Sign as the person or company that the connection is to stand on.")
        if self.revoke_taken_over:
            return self.env._(
                "Sign as the person or company that the connection is to stand on. Once the new"
                " login works, the former certificate is revoked at KSeF."
            )
        return self.env._(
            "Sign as the person or company that the connection is to stand on. Once the new login"
            " works, this company no longer logs in with the former certificate, which stays valid."
        )

    def _same_text(self, signer):
        return self.env._(
            "%(signer)s signed this file, and the connection stands on that signature already:"
            " nobody would take over. Have somebody else sign a new file.",
            signer=signer,
        )

    def _same_signer(self, former):
        """The name of the attached file's signer, if it takes over from nobody else."""
        reading = self._reading()
        signer = reading and reading.signer
        if not signer or not signer.identity or self._taken_over(reading):
            return ""
        # A certificate that would not leave is the signer's: the number was compared.
        same_name = bool(former["certificate"]) or signer.name == former["name"]
        return signer.name if same_name and signer.identity.label == former["masked"] else ""

    def _taken_over(self, reading):
        """The certificates that are to leave: all that serve the company, but the signer's own."""
        signer = reading.signer
        own = self._secret_digests(signer.identity) if signer and signer.identity else []
        standing = self.env["l10n_pl_ksef.certificate"].search(
            [
                ("company_ids", "in", self.company_id.id),
                ("environment", "=", self.environment),
                ("state", "in", STANDING),
            ]
        )
        return standing.filtered(lambda one: one.identity_digest not in own)

    def _sender_values(self, reading):
        taken = self._taken_over(reading).ids if self.take_over else []
        return {
            **super()._sender_values(reading),
            "takes_over_ids": [(6, 0, taken)],
            "revoke_taken_over": bool(taken) and self.revoke_taken_over,
        }
