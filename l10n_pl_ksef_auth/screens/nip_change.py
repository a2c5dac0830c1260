from odoo import api, models


def _warning(env, message):
    return {"warning": {"title": env._("Connection to KSeF"), "message": message}}


class ResCompany(models.Model):
    """Who changes a company's NIP or unit is told what that means for KSeF, before it is saved."""

    # What a form shows belongs to the screens: the state asks no screen.
    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    @api.onchange("vat")
    def _onchange_l10n_pl_ksef_vat(self):
        return self._origin._l10n_pl_ksef_warn_of_nip(self.vat)

    def _l10n_pl_ksef_warn_of_nip(self, vat):
        """Return what a form shows before another NIP is saved for self, or None."""
        changing = self.sudo().filtered(
            lambda one: one.l10n_pl_ksef_digits != one._l10n_pl_ksef_digits_as(vat)
        )
        message = changing._l10n_pl_ksef_what_a_change_means()
        return message and _warning(self.env, message)

    def _l10n_pl_ksef_standing(self):
        """Return those of self that a login or a certificate connects."""
        return self.filtered(
            lambda one: one._l10n_pl_ksef_session() or one._l10n_pl_ksef_certificate()
        )

    def _l10n_pl_ksef_what_a_change_means(self):
        """Return what another NIP or unit means for the connections of self; None for nothing."""
        standing = self.sudo()._l10n_pl_ksef_standing()
        if not standing:
            return None
        return self.env._(
            "%(company)s is connected to KSeF as %(number)s. Under another number Odoo sends and"
            " receives nothing there until somebody agrees to it. The certificate's owner agrees by"
            " signing; who manages all its companies, in the menu KSeF → Account. The audit trail"
            " will name you.",
            company=standing[0].name,
            number=standing[0]._l10n_pl_ksef_number(),
        )


class ResPartner(models.Model):
    """A company's tax ID is stored with its partner, whose form tells the same."""

    # What a form shows belongs to the screens, as above.
    _inherit = "res.partner"  # pylint: disable=consider-merging-classes-inherited

    @api.onchange("vat")
    def _onchange_l10n_pl_ksef_vat(self):
        return self._origin.sudo().ref_company_ids._l10n_pl_ksef_warn_of_nip(self.vat)
