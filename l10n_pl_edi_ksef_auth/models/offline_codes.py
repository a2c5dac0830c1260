import base64
import hashlib
import logging
from functools import wraps

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from odoo import fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)

# Of addon l10n_pl_edi_qr_code: it begins an invoice offline if a company's field holds a
# certificate, keeps the invoice's file, and makes its code.
BEGIN, CERTIFICATE = "action_l10n_pl_edi_prepare_offline", "l10n_pl_edi_offline_certificate"
KEEP_FILE, MAKE_LINK = "_l10n_pl_edi_store_offline_xml", "_l10n_pl_edi_generate_certificate_qr_link"
CANCEL = "action_l10n_pl_edi_cancel_offline"
STANDS_IN = "l10n_pl_ksef_stands_in"


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
        steps = ((BEGIN, _shown), (KEEP_FILE, _signing), (MAKE_LINK, _stored), (CANCEL, _forgotten))
        for name, wrapped in steps:
            origin = getattr(type(self), name, None)
            if origin and not hasattr(origin, "l10n_pl_ksef_origin"):
                method = wrapped(origin)
                method.l10n_pl_ksef_origin = origin
                setattr(type(self), name, method)
        return result

    def _l10n_pl_ksef_signer(self):
        """Return our certificate for the company's offline invoices where the sender sends them."""
        company = self.company_id
        where = company._l10n_pl_ksef_edi_environment()
        ours = company._l10n_pl_ksef_offline_certificate()
        return ours.filtered(lambda certificate: certificate.environment == where)

    def _l10n_pl_ksef_sign_code(self, content):
        """Sign code II of an invoice's file, once, and store it; leave the sender's way otherwise.

        :param bytes content: of the file that will be sent
        :raises UserError: no code can be made, and the sender has no certificate of its own
        """
        # An earlier file's code would be printed on this one's paper.
        self.l10n_pl_ksef_code_link = False
        if not self._l10n_pl_ksef_signer():
            return
        company, digest = self.company_id, hashlib.sha256(content).digest()
        # A branch without a number of its own issues as the company above it.
        seller = company._l10n_pl_ksef_principal().vat
        try:
            self.l10n_pl_ksef_code_link = company.l10n_pl_ksef_certificate_link(seller, digest)
        except UserError as error:
            if self.env.context.get(STANDS_IN):
                raise
            _logger.info("KSeF: no code for invoice %s: %s", self.id, error)

    def _l10n_pl_ksef_begin(self, origin):
        """Have the sender begin an invoice offline, and see our certificate in its own field.

        It only looks there for one that is valid and has a key: the code is signed by our call. So
        the key stays encrypted, and nothing of the certificate stays in the database.

        :param origin: begins it, for the record that it gets
        """
        company, ours = self.company_id.sudo(), self._l10n_pl_ksef_signer()
        own = company[CERTIFICATE] if CERTIFICATE in company._fields else None
        # A certificate of the sender's own that works is left to it.
        if own is None or not ours or (own.is_valid and own.private_key_id):
            return origin(self)
        shown = company._l10n_pl_ksef_edi_shown(ours._stored_certificate())
        company[CERTIFICATE], public = shown, shown.private_key_id
        result = origin(self.with_context(**{STANDS_IN: True}))
        company[CERTIFICATE] = own
        shown.unlink()
        public.unlink()
        return result


class ResCompany(models.Model):
    """A certificate as the sender wants to see it."""

    # Of offline invoices alone.
    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    def _l10n_pl_ksef_edi_shown(self, certificate):
        """Return a record of Odoo's own for a certificate: what stands for its key is public.

        :param certificate: a tools.x509_support.Certificate
        """
        key = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        values = {"name": "KSeF", "company_id": self.id}
        public = self.env["certificate.key"].create({**values, "content": base64.b64encode(key)})
        content = base64.b64encode(certificate.der)
        return self.env["certificate.certificate"].create(
            {**values, "content": content, "private_key_id": public.id}
        )


def _shown(origin):
    """Have what begins an invoice offline see a certificate of ours in the sender's field."""

    @wraps(origin)
    def begin(self, *args, **kwargs):
        self.ensure_one()
        return self._l10n_pl_ksef_begin(lambda move: origin(move, *args, **kwargs))

    return begin


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


def _forgotten(origin):
    """Have what takes back an invoice issued offline forget the code of its file, too."""

    @wraps(origin)
    def cancel(self, *args, **kwargs):
        result = origin(self, *args, **kwargs)
        self.l10n_pl_ksef_code_link = False
        return result

    return cancel
