import logging

from odoo import SUPERUSER_ID, api
from odoo.fields import Domain

from odoo.addons.l10n_pl_ksef_auth.models.vault.vault import why_locked
from odoo.addons.l10n_pl_ksef_auth.tools.vault import VaultError

_logger = logging.getLogger(__name__)


def migrate(cr, version):
    """Keep as agreed what companies log in for already, and forget keys that nothing signs with."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    _forget_units_of_others(env)
    env["l10n_pl_ksef.certificate"].search(
        ["|", ("state", "=", "superseded"), ("state", "=", "failed"), ("replaces_id", "!=", False)]
    ).private_key_secret = False
    _agree(env)


def _forget_units_of_others(env):
    """Compute anew for whom a unit's logins are: nobody if another company's NIP begins it."""
    companies = env["res.company"].with_context(active_test=False)
    units = companies.search([("l10n_pl_ksef_context_type", "=", "internal_id")])
    env.add_to_compute(units._fields["l10n_pl_ksef_digits"], units)
    env.flush_all()


def _agree(env):
    """Keep as agreed what companies log in for already; nobody is asked again.

    That is the number that a company has now, if a login for it was made with the certificate, one
    it replaces or a successor; or was signed with the consent to it; or if the certificate was
    loaded by hand for this company alone.
    """
    obstacle = why_locked(env)
    if obstacle:
        # Written down without the key it would prove nothing.
        _logger.warning("KSeF: %s: somebody has to agree to each NIP in KSeF, Account", obstacle)
        return
    stored = [("company_ids", "!=", False), ("certificate_secret", "!=", False)]
    for certificate in env["l10n_pl_ksef.certificate"].search(stored):
        if not _is_readable(certificate):
            _logger.warning("KSeF: %s cannot be read: nobody agrees to it", certificate)
            continue
        for company in certificate.with_context(active_test=False).company_ids:
            if _logs_in_for(certificate, company):
                env["l10n_pl_ksef.agreement"]._agree(
                    certificate,
                    company,
                    company.l10n_pl_ksef_digits,
                    "earlier",
                    user_id=certificate.user_id.id,
                )


def _is_readable(certificate):
    """Return False of what another key has encrypted: the other certificates are agreed to."""
    try:
        return bool(certificate._owner_digest())
    except VaultError:
        return False


def _logs_in_for(certificate, company):
    if certificate.origin == "loaded" and certificate._served_and_archived() == company:
        return True
    logins = Domain(
        [
            ("company_id", "=", company.id),
            ("environment", "=", certificate.environment),
            ("activated_at", "!=", False),
            ("context_digits", "=", company.l10n_pl_ksef_digits),
        ]
    )
    logins &= _with_it_or_for_it(certificate, _family(certificate))
    return bool(certificate.env["l10n_pl_ksef.session"].search_count(logins, limit=1))


def _with_it_or_for_it(certificate, family):
    """Return the domain of logins with a family's certificate, or with the consent to one."""
    began = Domain("id", "in", family.session_id.ids)
    # Who signs for a second company joins the certificate that is there.
    joined = Domain("signer_masked", "=", certificate.identity_masked or "")
    joined &= Domain("signer_name", "=", certificate.owner_name or "")
    agreed = Domain("consent_at", "!=", False) & (began | joined)
    return Domain("certificate_id", "in", family.ids) | agreed


def _family(certificate):
    """Return a certificate, all that it stands in for, and all that stand in for it."""
    before = after = certificate
    while before.replaces_id - before:
        before |= before.replaces_id
    while certificates := after.search([("replaces_id", "in", after.ids)]) - after:
        after |= certificates
    return before | after
