from odoo import api, fields, models

from ..models.base import problems
from ..tools import meanings


def in_words(env, names):
    """Return rights at KSeF as people read them, in the reader's language.

    :param env: the reader's environment
    :param names: KSeF's names, such as ``InvoiceWrite``
    :return str: separated by commas
    """
    return ", ".join(problems.sentence(env, words, {}) for words in meanings.rights(names))


class L10n_Pl_KsefSession(models.Model):
    # What only a screen shows is no part of the state.
    _inherit = "l10n_pl_ksef.session"  # pylint: disable=consider-merging-classes-inherited

    rights_text = fields.Char(string="May at KSeF", compute="_compute_rights_text")

    @api.depends("rights")
    @api.depends_context("lang")
    def _compute_rights_text(self):
        for session in self:
            session.rights_text = in_words(
                self.env, filter(None, (session.rights or "").split(","))
            )
