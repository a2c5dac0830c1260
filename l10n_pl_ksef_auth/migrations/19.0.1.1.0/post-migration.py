from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Leave one scheduled action, which belongs to a model of its own."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    second = env.ref("l10n_pl_ksef_auth.ir_cron_keep_alive_helper", raise_if_not_found=False)
    if second:
        action = second.ir_actions_server_id
        second.unlink()
        action.unlink()
    first = env.ref("l10n_pl_ksef_auth.ir_cron_keep_alive", raise_if_not_found=False)
    if first:
        first.model_id = env["ir.model"]._get("l10n_pl_ksef.keep_alive")
