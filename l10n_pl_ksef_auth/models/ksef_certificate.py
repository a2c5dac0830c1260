from datetime import timedelta

from cryptography import x509

from odoo import fields, models
from odoo.fields import Domain

from ..tools import enrollment
from ..tools.identity import identity_of_certificate
from .ksef_session import ENVIRONMENT_LABELS

ON_THE_WAY = ("checking", "keyed", "requested", "issued")


class L10n_Pl_KsefCertificate(models.Model):
    """A KSeF certificate: of one identity in one environment, serving any number of companies.

    docs/design.md 5: a person may hold six in all, so one is shared by the companies that its
    owner signs for; ``company_ids`` says which ones may use it.
    """

    _name = "l10n_pl_ksef.certificate"
    _description = "KSeF certificate"
    _inherit = ["l10n_pl_ksef.step.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "taken_at desc, id desc"

    name = fields.Char(required=True, readonly=True)
    environment = fields.Selection(ENVIRONMENT_LABELS, required=True, readonly=True)
    company_ids = fields.Many2many("res.company", string="Companies it serves", readonly=True)
    state = fields.Selection(
        [
            ("checking", "Being prepared"),
            ("exists", "One exists already"),
            ("keyed", "Key made"),
            ("requested", "Being issued"),
            ("issued", "Being fetched"),
            ("trying", "Being tried out"),
            ("active", "Valid"),
            ("superseded", "Replaced"),
            ("expired", "Expired"),
            ("revoked", "Revoked"),
            ("blocked", "Blocked"),
            ("failed", "Failed"),
            ("foreign", "Belongs to the original database"),
        ],
        required=True,
        readonly=True,
        default="checking",
        index=True,
    )
    origin = fields.Selection(
        [("enrolled", "Issued for this Odoo"), ("loaded", "Loaded by hand")],
        required=True,
        readonly=True,
        default="enrolled",
    )
    identity_digest = fields.Char(groups=fields.NO_ACCESS, copy=False, index="btree_not_null")
    identity_kind = fields.Char(readonly=True, copy=False)
    identity_masked = fields.Char(string="Owner's identifier", readonly=True, copy=False)
    owner_name = fields.Char(string="Owner", readonly=True, copy=False)

    session_id = fields.Many2one(
        "l10n_pl_ksef.session",
        string="Asked for through",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    user_id = fields.Many2one("res.users", readonly=True)
    private_key_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)
    # The certificate is public at KSeF, but names its owner's PESEL.
    certificate_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)
    separate = fields.Boolean(string="Issued beside another one", readonly=True, copy=False)
    enrollment_remaining = fields.Integer(readonly=True, copy=False)
    certificate_remaining = fields.Integer(readonly=True, copy=False)
    send_started_at = fields.Datetime(readonly=True, copy=False)
    reference_number = fields.Char(readonly=True, copy=False)
    serial_number = fields.Char(readonly=True, copy=False, index="btree_not_null")
    # The newest one that came is the one to log in with: whoever signs anew takes over.
    taken_at = fields.Datetime(string="Taken into use", readonly=True, copy=False)
    valid_from = fields.Datetime(readonly=True, copy=False)
    valid_to = fields.Datetime(readonly=True, copy=False)

    def _lock_name(self):
        return f"ksef-certificate,{self.id}"

    def _client(self):
        """A client for this certificate's environment; used as a context manager."""
        return self.env["res.company"]._l10n_pl_ksef_client(self.environment)

    def _of_company(self, owner, *conditions, order=None, limit=None):
        """Return the certificates in a company's environment that serve it.

        :param owner: the company that owns the connection
        :param conditions: of a search domain
        :param str order: the model's by default
        :param int limit: how many at most
        """
        environment = ("environment", "=", owner.l10n_pl_ksef_environment)
        serving = ("company_ids", "in", owner.id)
        domain = [serving, environment, *conditions]
        return self.sudo().search(domain, order=order, limit=limit)

    def _is_on_the_way(self):
        self.ensure_one()
        return self.state in ON_THE_WAY

    def _usable(self):
        """Return the certificates of self that may log in now, not only later."""
        return self.filtered_domain(self._usable_domain())

    def _usable_domain(self):
        """Return the domain of certificates that may log in now (docs/ksef.md A2-28)."""
        now = self._now()
        begun = Domain("valid_from", "<=", now)
        lasts = Domain("valid_to", ">", now + timedelta(minutes=1))
        return Domain("state", "=", "active") & begun & lasts

    def _follow_key(self):
        """Renew the digest that finds the owner again: the key is part of it."""
        if self.certificate_secret:
            identity = identity_of_certificate(self._credentials()[1], issued_by_ksef=True)
            self.identity_digest = self._secret_digests(identity)[0]

    def _credentials(self):
        """The private key and the certificate, for signing.

        :return tuple: (private key, x509.Certificate)
        :raises vault.VaultError: the key cannot be decrypted here
        """
        self.ensure_one()
        key = enrollment.load_private_key(self._secret_read("private_key_secret"))
        return key, x509.load_der_x509_certificate(self._secret_read("certificate_secret"))

    def _signing_material(self):
        """What a login is signed with: the key as it is stored, which xades takes as it is.

        :return tuple: (private key in PKCS#8 DER, x509.Certificate)
        :raises vault.VaultError: the key cannot be decrypted here
        """
        self.ensure_one()
        vault, own = self._vault(), self.sudo()
        key, certificate = (
            vault.decrypt(own[name] or "", self._secret_context(name))
            for name in ("private_key_secret", "certificate_secret")
        )
        return key, x509.load_der_x509_certificate(certificate)
