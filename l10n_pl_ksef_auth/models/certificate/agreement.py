import logging

from odoo import fields, models

from ...tools import clock
from ...tools.vault import VaultCorrupt
from ..base.steps import naive
from ..vault.guard import refuse_typed_code
from ..vault.vault import read_secret, write_secrets
from .certificate import LOGIN

_logger = logging.getLogger(__name__)

# Ways in which a person agrees at a screen; on that way no code that was typed into Odoo belongs.
BY_HAND = ("accepted", "loaded")


def agreed_terms(environment, certificate_id, company_id, digits, offline_wanted=False):
    """Return what a row's seal holds behind the owner, in bytes.

    :param str environment: of the certificate
    :param int certificate_id: of the certificate
    :param int company_id: of the company that it serves
    :param str digits: of the NIP or unit
    :param bool offline_wanted: a certificate for offline invoices is to follow
    """
    more = ",offline" if offline_wanted else ""
    return f"{environment},{certificate_id},{company_id},{digits}{more}".encode()


def seal(owner, terms):
    """Return what a row keeps encrypted, in bytes.

    :param str owner: digest of the certificate's owner
    :param bytes terms: of agreed_terms
    """
    return b",".join((owner.encode(), terms))


class L10n_Pl_KsefAgreement(models.Model):
    """That a certificate serves a company for one NIP or unit (docs/design.md 5).

    A certificate opens every NIP that its owner may act for, and a company's NIP is written by
    people who need not know of it. So Odoo signs with a certificate only for a NIP that its owner
    signed for, or that somebody agreed to who manages all companies of the certificate. The terms
    are kept encrypted beside the columns, with the owner and the environment: a row that was
    written past this code agrees to nothing, nor does one whose certificate is another owner's.
    """

    _name = "l10n_pl_ksef.agreement"
    _description = "KSeF agreement"
    _inherit = ["l10n_pl_ksef.vault.mixin"]
    _order = "id desc"
    _rec_name = "digits"

    certificate_id = fields.Many2one(
        "l10n_pl_ksef.certificate", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    digits = fields.Char(string="NIP or unit, in digits", required=True, readonly=True)
    user_id = fields.Many2one("res.users", string="Agreed by", readonly=True, ondelete="set null")
    agreed_at = fields.Datetime(required=True, readonly=True)
    how = fields.Selection(
        [
            ("signature", "Signature of the certificate's owner"),
            ("loaded", "Certificate loaded by hand"),
            ("accepted", "Accepted with the password"),
            ("rights", "Rights that the client gave the office"),
            ("earlier", "Logged in for it before agreements were kept"),
        ],
        required=True,
        readonly=True,
    )
    # The owner agreed to a second certificate, for offline invoices: it is still to be applied for.
    offline_wanted = fields.Boolean(
        string="Certificate for offline invoices to be applied for", readonly=True, copy=False
    )
    terms_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)

    def _agree(self, certificate, company, digits, how, owner="", offline_wanted=False, **who):
        """Keep that a certificate serves a company for a NIP or unit, and leave a line about it.

        :param certificate: of this Odoo, on the cursor that the agreement is to be written on
        :param company: the company that owns the connection
        :param str digits: of the NIP or internal identifier
        :param str how: one of the selection
        :param str owner: digest of who agreed or owns what was agreed to; the certificate's when
            omitted
        :param bool offline_wanted: the consent names a certificate for offline invoices, too
        :param who: user_id, and address where the person is not the one of this request
        :raises AccessError: code that was typed into Odoo wants to agree for a person
        """
        if how in BY_HAND:
            refuse_typed_code(self.env)
        owner = owner or certificate._owner_digest()
        if not owner or not certificate._may_be_owned_by(owner):
            _logger.error("KSeF: %s is not whose agreement it would have: refused", certificate)
            return
        known = self._genuine(certificate, company, digits)
        if known:
            if offline_wanted:
                known[0]._note_offline(True)
            return
        record = self.sudo().create(
            {
                "certificate_id": certificate.id,
                "company_id": company.id,
                "digits": digits,
                "user_id": who.get("user_id", self.env.uid),
                "agreed_at": naive(clock.now()),
                "how": how,
                "offline_wanted": offline_wanted,
            }
        )
        record._seal(owner)
        record._audit(**who)

    def _covers(self, certificates, company, digits):
        """Return True if one of some certificates may serve a company for a NIP or unit.

        :raises VaultError: the agreements cannot be opened on this machine
        """
        return bool(self._genuine(certificates, company, digits))

    def _genuine(self, certificates, company, digits):
        found = self.sudo().search(
            [
                ("certificate_id", "in", certificates.ids),
                ("company_id", "=", company.id),
                ("digits", "=", digits),
            ]
        )
        return found.filtered(lambda agreement: agreement._is_genuine())

    def _note_offline(self, wanted):
        """Note that a certificate for offline invoices is to be applied for, or no longer."""
        if self.offline_wanted != wanted:
            owner = self._owner()
            self.offline_wanted = wanted
            self._seal(owner)

    def _terms(self):
        certificate = self.certificate_id
        return agreed_terms(
            certificate.environment,
            certificate.id,
            self.company_id.id,
            self.digits,
            self.offline_wanted,
        )

    def _seal(self, owner):
        write_secrets(self, terms_secret=seal(owner, self._terms()))

    def _owner(self):
        """Return the digest of whose certificate was agreed to; empty for a row of nobody's."""
        try:
            owner, _comma, terms = read_secret(self, "terms_secret").partition(b",")
        except VaultCorrupt:
            return ""
        return owner.decode() if terms == self._terms() else ""

    def _is_genuine(self):
        """Return True if this row was written by an agreement and says what was agreed to."""
        owner = self._owner()
        return bool(owner) and self.certificate_id._may_be_owned_by(owner)

    def _follow_key(self):
        """Seal the owner's digest anew: the key is part of it."""
        digests = self.certificate_id._owner_digests()
        if self._owner() in digests:
            self._seal(digests[0])

    def _is_proof(self):
        """Return True if it came about by a login that had worked, not by somebody's word."""
        return self.how in ("signature", "earlier")

    def _move_to(self, certificate):
        """Hand the agreements to the certificate that stands in for theirs: same owner."""
        self.env["l10n_pl_ksef.office"]._follow(self.certificate_id, certificate)
        same = self.filtered(lambda one: one.certificate_id.environment == certificate.environment)
        for agreement in same.filtered(lambda one: one._is_genuine()):
            owner = agreement._owner()
            if certificate._may_be_owned_by(owner):
                agreement.certificate_id = certificate
                agreement._seal(owner)

    def _audit(self, **who):
        certificate = self.certificate_id
        self.env["l10n_pl_ksef.audit"]._record(
            self.company_id,
            "agreed" if certificate.usage == LOGIN else "agreed_offline",
            environment=certificate.environment,
            signer_name=certificate.owner_name,
            signer_masked=certificate.identity_masked,
            reference=certificate.serial_number,
            detail=f"{self.digits}: {self.how}",
            **who,
        )
