from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Have the alerts' mails reach who is told: Odoo's default looks for a customer instead."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    template = env.ref("l10n_pl_ksef_auth.mail_template_alert", raise_if_not_found=False)
    if template:
        template.use_default_to = False
