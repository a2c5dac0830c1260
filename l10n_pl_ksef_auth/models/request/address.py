from odoo import fields, models

from ...tools.vault import VaultError
from ..vault.vault import read_secret, write_secrets


class L10n_Pl_KsefLinkAddress(models.Model):
    """Where the links for signers begin, and where the office's words on their data are.

    A signer follows a link to where it leads, and signs what is there. So no system parameter holds
    the address, which code that was typed into Odoo can write: it is kept encrypted, and a row that
    was written past this code is no address (docs/design.md 22). There is one row at most.
    """

    _name = "l10n_pl_ksef.link.address"
    _description = "KSeF address of links"
    _inherit = ["l10n_pl_ksef.vault.mixin"]

    address_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)
    privacy_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)


def link_address(env):
    """Return the address at which links begin; empty while there is none that can be trusted.

    :param env: of the database
    :return str: as tools.signing_link.check_address returns it
    """
    return _read(env, "address_secret")


def privacy_page(env):
    """Return the address of the office's page on the data of signers, or nothing.

    :param env: of the database
    """
    return _read(env, "privacy_secret")


def set_link_address(env, address, privacy):
    """Have links begin at another address from now on.

    :param env: of the administrator who confirmed it
    :param str address: as tools.signing_link.check_address returns it
    :param str privacy: the address of the office's page on the data of signers, or nothing
    :raises AccessError: code that was typed into Odoo may not
    :raises VaultError: this machine cannot keep secrets of this database
    """
    rows = env["l10n_pl_ksef.link.address"].sudo()
    row = rows.search([], limit=1) or rows.create({})
    write_secrets(
        row,
        address_secret=address.encode(),
        privacy_secret=(privacy or "").encode() or False,
    )


def _read(env, name):
    row = env["l10n_pl_ksef.link.address"].sudo().search([], limit=1)
    try:
        return read_secret(row, name).decode() if row else ""
    except VaultError:
        return ""
