import hashlib
import logging
from functools import wraps

from odoo import fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)

# Of addon l10n_pl_edi_qr_code: it keeps the file of an invoice issued offline, and makes its code.
KEEP_FILE, MAKE_LINK = "_l10n_pl_edi_store_offline_xml", "_l10n_pl_edi_generate_certificate_qr_link"


class AccountMove(models.Model):
    """Code II of an invoice issued offline is signed with our certificate, where there is one.

    The methods are not overridden but wrapped once all addons are loaded: the one that brings them
    along may stand before this one. Builds without them have nothing to be wrapped.
    """

    # Signing is a subject of its own beside fetching a status.
    _inherit = "account.move"  # pylint: disable=consider-merging-classes-inherited

    l10n_pl_ksef_code_link = fields.Char(
        string="Link of code II, signed when the invoice was issued", readonly=True, copy=False
    )

    def _register_hook(self):
        # EXTENDS base
        result = super()._register_hook()
        for name, wrapped in ((KEEP_FILE, _signing), (MAKE_LINK, _stored)):
            origin = getattr(type(self), name, None)
            if origin and not hasattr(origin, "l10n_pl_ksef_origin"):
                method = wrapped(origin)
                method.l10n_pl_ksef_origin = origin
                setattr(type(self), name, method)
        return result

    def _l10n_pl_ksef_sign_code(self, content):
        """Sign code II of an invoice's file, once, and store it; leave the sender's way otherwise.

        :param bytes content: of the file that will be sent
        """
        company = self.company_id
        if not company._l10n_pl_ksef_offline_certificate():
            return
        digest = hashlib.sha256(content).digest()
        try:
            self.l10n_pl_ksef_code_link = company.l10n_pl_ksef_certificate_link(company.vat, digest)
        except UserError as error:
            _logger.info("KSeF: no code for invoice %s: %s", self.id, error)


def _signing(origin):
    """Have what keeps an invoice's file sign its code, too."""

    @wraps(origin)
    def keep(self, xml_content, *args, **kwargs):
        result = origin(self, xml_content, *args, **kwargs)
        content = xml_content.encode() if isinstance(xml_content, str) else xml_content
        self._l10n_pl_ksef_sign_code(content)
        return result

    return keep


def _stored(origin):
    """Have what makes the link return the one that was signed when the invoice was issued."""

    @wraps(origin)
    def link(self, *args, **kwargs):
        self.ensure_one()
        return self.l10n_pl_ksef_code_link or origin(self, *args, **kwargs)

    return link
