from datetime import timedelta

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import enrollment, nip, qr_picture, verification_links
from ..tools.identity import identity_of_certificate
from ..tools.nip import InvalidNip
from ..tools.vault import VaultError
from ..tools.x509_support import read_certificate
from .base import problems
from .certificate.agreement import agreed_terms, seal
from .certificate.certificate import OFFLINE
from .res_company import PRINCIPAL_FIELDS
from .vault.guard import for_modules, refuse_typed_code
from .vault.vault import open_vault, place_of, secret_digests

CERTIFICATE, AGREEMENT = "l10n_pl_ksef.certificate", "l10n_pl_ksef.agreement"
STORED = "certificate_secret"
# What a login needs at KSeF, so that its owner's codes are valid (docs/ksef.md F-3).
WRITE = "InvoiceWrite"
RIGHTS_FIELDS = ("rights", "signer_masked", "context_digits", "activated_at")


class ResCompany(models.Model):
    """The codes on an invoice's picture, for other addons; made without a network.

    Whoever issues an invoice calls once and stores the links: reports print what is stored.
    """

    # What other addons call stands apart from the settings.
    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    @api.private
    def l10n_pl_ksef_invoice_link(self, issue_date, sha256):
        """Return the link of code I, where anybody sees whether KSeF has an invoice.

        It names self's NIP as the seller and self's environment; it costs no query.

        :param date issue_date: the day in the invoice's P_1
        :param bytes sha256: SHA-256 of the invoice's file, 32 bytes
        :return str: to be stored with the invoice
        :raises tools.verification_links.InvalidLink: a ValueError: one of them is none
        :raises UserError: self has no NIP
        :raises AccessError: the user may not use this company
        """
        self.ensure_one()
        self._l10n_pl_ksef_check_company()
        principal = self._l10n_pl_ksef_principal()
        environment = principal.l10n_pl_ksef_environment
        try:
            return verification_links.invoice_link(environment, principal.vat, issue_date, sha256)
        except InvalidNip as error:
            raise self._l10n_pl_ksef_no_code(problems.of_nip(error)) from error

    @api.private
    @for_modules
    def l10n_pl_ksef_certificate_link(self, seller_nip, sha256):
        """Return the link of code II, signed with self's certificate for offline invoices.

        It needs neither KSeF nor a login; it costs two queries, and leaves a line in the audit.
        Each call gives another link, so it is made once, when the invoice is issued.

        :param str seller_nip: in the invoice's Podmiot1: self's own NIP, or one that was agreed to
        :param bytes sha256: SHA-256 of the invoice's file, 32 bytes
        :return str: to be stored with the invoice
        :raises tools.verification_links.InvalidLink: a ValueError: the hash is none
        :raises UserError: no code can be made, in the user's language: there is no valid
            certificate, nobody agreed to this seller, the owner may not write invoices at KSeF
        :raises AccessError: the user may not use this company; or the caller is no code of a module
            that names this method
        """
        self.ensure_one()
        self._l10n_pl_ksef_check_company()
        refuse_typed_code(self.env)
        try:
            context = self._l10n_pl_ksef_context()
        except InvalidNip as error:
            raise self._l10n_pl_ksef_no_code(problems.of_nip(error)) from error
        try:
            seller = nip.normalise(seller_nip)
        except InvalidNip as error:
            raise self._l10n_pl_ksef_no_code(problems.local("offline_seller")) from error
        try:
            return self._l10n_pl_ksef_sign_code(context, seller, sha256)
        except VaultError as error:
            raise self._l10n_pl_ksef_no_code(problems.of_error(error)) from error

    @api.private
    @api.model
    def l10n_pl_ksef_code_picture(self, link, label):
        """Return a code as a PNG picture with its label under it.

        :param str link: of code I or II
        :param str label: of code I the invoice's KSeF number, or ``OFFLINE`` before it has one; of
            code II ``CERTYFIKAT``
        :return bytes: of the picture
        :raises ValueError: the text or label cannot be drawn
        """
        return qr_picture.png(link, label)

    def _l10n_pl_ksef_sign_code(self, context, seller, sha256):
        principal = self._l10n_pl_ksef_principal()
        found = self._l10n_pl_ksef_signing_row(principal, nip.digits(context.value), seller)
        key, certificate = found["key"], found["certificate"]
        try:
            link = verification_links.certificate_link(
                principal.l10n_pl_ksef_environment, context, seller, sha256, key, certificate
            )
        except verification_links.InvalidLink as error:
            if error.reason == "digest":
                raise
            raise self._l10n_pl_ksef_no_code(problems.local("offline_none")) from error
        finally:
            # Lines are written while typed code may look on.
            del key, found
        self.env["l10n_pl_ksef.audit"]._record(
            principal,
            "code_made",
            environment=principal.l10n_pl_ksef_environment,
            reference=f"{certificate.serial_number:016X}",
            detail=f"{seller}: {sha256.hex()}",
        )
        return link

    def _l10n_pl_ksef_signing_row(self, principal, digits, seller):
        """Return the key and the certificate that may sign for a company and a seller.

        :return dict: ``key`` and ``certificate``
        :raises UserError: there is none, with the reason
        :raises VaultError: they cannot be opened on this machine
        """
        box, refusal = open_vault(self.env), None
        for row in self._l10n_pl_ksef_signing_rows(principal, digits):
            certificate = self.env[CERTIFICATE].browse(row["id"])
            agreed = self._l10n_pl_ksef_agreed_numbers(box, principal, certificate, row)
            if digits not in agreed:
                continue
            if seller not in (nip.digits(principal.vat), *agreed):
                refusal = "offline_seller"
            elif row["rights"] and WRITE not in row["rights"].split(","):
                refusal = "offline_rights"
            else:
                key = _opened(box, certificate, row, "private_key_secret")
                return {
                    "key": enrollment.load_private_key(key),
                    "certificate": read_certificate(_opened(box, certificate, row, STORED)),
                }
        raise self._l10n_pl_ksef_no_code(problems.local(refusal or _why_none(principal)))

    def _l10n_pl_ksef_agreed_numbers(self, box, principal, certificate, row):
        """Return the NIPs and units whose agreements with a company are genuine, in digits."""
        owner = identity_of_certificate(
            read_certificate(_opened(box, certificate, row, STORED)), issued_by_ksef=True
        )
        owners = secret_digests(self.env, owner)
        del owner
        numbers = set()
        environment = principal.l10n_pl_ksef_environment
        for agreement_id, digits, secret in row["agreed"] or ():
            place = place_of(self.env[AGREEMENT].browse(agreement_id), "terms_secret")
            terms = agreed_terms(environment, certificate.id, principal.id, digits)
            if any(_opens_to(box, secret, place, seal(one, terms)) for one in owners):
                numbers.add(digits)
        return numbers

    def _l10n_pl_ksef_signing_rows(self, principal, digits):
        """SELECT what may sign for a company now, the newest first, by one query.

        Of rights KSeF tells the login's owner: of whoever else owns the certificate none is known.
        """
        certificates = self.env[CERTIFICATE].sudo()
        self.flush_model(PRINCIPAL_FIELDS)
        certificates.flush_model()
        self.env[AGREEMENT].flush_model()
        self.env["l10n_pl_ksef.session"].flush_model(RIGHTS_FIELDS)
        # Signing takes no time: it needs no exchange with KSeF.
        usable = certificates._usable_domain(takes=timedelta()) & Domain("usage", "=", OFFLINE)
        self.env.cr.execute(
            SQL(
                """
                SELECT certificate.id, certificate.private_key_secret,
                       certificate.certificate_secret, login.rights,
                       (SELECT json_agg(json_build_array(
                                   agreement.id, agreement.digits, agreement.terms_secret))
                          FROM l10n_pl_ksef_agreement AS agreement
                         WHERE agreement.certificate_id = certificate.id
                           AND agreement.company_id = %(company)s) AS agreed
                  FROM l10n_pl_ksef_certificate AS certificate
                  JOIN l10n_pl_ksef_certificate_res_company_rel AS served
                    ON served.l10n_pl_ksef_certificate_id = certificate.id
             LEFT JOIN LATERAL (
                       SELECT CASE WHEN session.signer_masked = certificate.identity_masked
                                   THEN session.rights END AS rights
                         FROM l10n_pl_ksef_session AS session
                        WHERE session.company_id = %(company)s
                          AND session.environment = certificate.environment
                          AND session.context_digits = %(digits)s
                          AND session.activated_at IS NOT NULL
                     ORDER BY session.activated_at DESC, session.id DESC LIMIT 1) AS login ON TRUE
                 WHERE served.res_company_id = %(company)s
                   AND certificate.environment = %(environment)s
                   AND certificate.id IN %(usable)s
              ORDER BY certificate.taken_at DESC, certificate.id DESC
                """,
                company=principal.id,
                digits=digits,
                environment=principal.l10n_pl_ksef_environment,
                usable=certificates._search(usable).subselect(),
            )
        )
        return self.env.cr.dictfetchall()

    def _l10n_pl_ksef_no_code(self, problem):
        """Return the exception that says why no code can be made."""
        number = self._l10n_pl_ksef_number()
        return UserError(problems.paragraph(self.env, problem, nip=number))


def _why_none(principal):
    """Return the code of the problem that no certificate may sign for a company now."""
    newest = principal.env[CERTIFICATE]._of_company(
        principal, usage=OFFLINE, order="id desc", limit=1
    )
    return "offline_ended" if newest._is_past_its_end() else "offline_none"


def _opened(box, certificate, row, name):
    return box.decrypt(row[name] or "", place_of(certificate, name))


def _opens_to(box, secret, place, terms):
    try:
        return box.decrypt(secret or "", place) == terms
    except VaultError:
        return False
