import logging

from odoo import SUPERUSER_ID, api

from odoo.addons.l10n_pl_ksef_auth.models.certificate.agreement import seal
from odoo.addons.l10n_pl_ksef_auth.models.session.statement import keep_former_statement
from odoo.addons.l10n_pl_ksef_auth.models.vault.vault import read_secret, why_locked, write_secrets
from odoo.addons.l10n_pl_ksef_auth.tools.vault import VaultCorrupt

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
    signed = [("method", "=", "signature"), ("send_started_at", "!=", False)]
    living = ("state", "in", ("submitted", "authorized", "active", "opened", "ordered"))
    for login in env["l10n_pl_ksef.session"].search([*signed, living]):
        keep_former_statement(login)


def _seal_anew(agreement):
    certificate = agreement.certificate_id
    more = ",offline" if agreement.offline_wanted else ""
    numbers = f"{certificate.id},{agreement.company_id.id},{agreement.digits}{more}"
    try:
        genuine = read_secret(agreement, "terms_secret") == numbers.encode()
    except VaultCorrupt:
        return
    digests = certificate._owner_digests()
    if genuine and digests:
        write_secrets(agreement, terms_secret=seal(digests[0], agreement._terms()))
