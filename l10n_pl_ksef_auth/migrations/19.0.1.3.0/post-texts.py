from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Show this version's names of rights, menus, fields and states in every installed language.

    Odoo keeps a translation that is there, also where its English text has changed.
    """
    env = api.Environment(cr, SUPERUSER_ID, {})
    languages = [code for code, _name in env["res.lang"].get_installed()]
    env["ir.module.module"]._load_module_terms(["l10n_pl_ksef_auth"], languages, overwrite=True)
