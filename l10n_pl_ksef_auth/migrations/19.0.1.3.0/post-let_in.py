import logging

from odoo import SUPERUSER_ID, api

from odoo.addons.l10n_pl_ksef_auth.models.vault.vault import (
    read_secret,
    why_locked,
    write_secrets,
)
from odoo.addons.l10n_pl_ksef_auth.tools.vault import VaultCorrupt
from odoo.addons.l10n_pl_ksef_auth.tools.x509_support import digest_of

_logger = logging.getLogger(__name__)


def migrate(cr, version):
    """Keep of each certificate that KSeF has let it in: else a renewal on its way lends nothing."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    obstacle = why_locked(env)
    if obstacle:
        _logger.warning("KSeF: %s: a renewal waits for the certificate's next login", obstacle)
        return
    for certificate in env["l10n_pl_ksef.certificate"].search(
        [("certificate_secret", "!=", False)]
    ):
        _seal_last_login(certificate)


def _seal_last_login(certificate):
    opened = [("certificate_id", "=", certificate.id), ("activated_at", "!=", False)]
    login = certificate.env["l10n_pl_ksef.session"].search(opened, order="id desc", limit=1)
    try:
        digest = digest_of(read_secret(certificate, "certificate_secret"))
    except VaultCorrupt:
        return
    if login:
        write_secrets(login, opened_with_secret=digest)
