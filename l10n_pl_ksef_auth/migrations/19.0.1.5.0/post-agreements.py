import logging

from odoo import SUPERUSER_ID, api
from odoo.fields import Domain

from odoo.addons.l10n_pl_ksef_auth.models.certificate.agreement import seal
from odoo.addons.l10n_pl_ksef_auth.models.session.statement import keep_former_statement
from odoo.addons.l10n_pl_ksef_auth.models.vault.vault import read_secret, why_locked, write_secrets
from odoo.addons.l10n_pl_ksef_auth.tools.vault import VaultError

_logger = logging.getLogger(__name__)


def migrate(cr, version):
    """Seal with each agreement its owner and environment, with each login what was signed."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    obstacle = why_locked(env)
    if obstacle:
        _logger.warning("KSeF: %s: somebody has to agree to each NIP in KSeF, Account", obstacle)
        return
    for agreement in env["l10n_pl_ksef.agreement"].search([("terms_secret", "!=", False)]):
        _seal_anew(agreement)
    sent = Domain("state", "in", ("submitted", "authorized", "active", "opened", "ordered"))
    unsent = Domain("state", "=", "waiting") & Domain("document_secret", "!=", False)
    signed = Domain("method", "=", "signature") & (sent | unsent)
    for login in env["l10n_pl_ksef.session"].search(signed):
        keep_former_statement(login)


def _seal_anew(agreement):
    certificate = agreement.certificate_id
    more = ",offline" if agreement.offline_wanted else ""
    numbers = f"{certificate.id},{agreement.company_id.id},{agreement.digits}{more}"
    try:
        genuine = read_secret(agreement, "terms_secret") == numbers.encode()
        # Of one that is being issued KSeF has told the owner: no other's certificate is stored.
        owner = certificate._owner_digest() or certificate.identity_digest
    except VaultError as error:
        # What one row lacks keeps no other from its seal.
        _logger.warning("KSeF: %s: %s: somebody has to agree to it anew", agreement, error)
        return
    if genuine and owner:
        write_secrets(agreement, terms_secret=seal(owner, agreement._terms()))
