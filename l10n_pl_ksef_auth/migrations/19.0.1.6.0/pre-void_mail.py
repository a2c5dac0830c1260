from odoo import SUPERUSER_ID, api

MAIL = "l10n_pl_ksef_auth.mail_template_void"


def migrate(cr, version):
    """Remove the former mail for a void request: it named the office only, never the company.

    The upgrade then brings this version's, with its translations. One that people have edited stays
    theirs.
    """
    env = api.Environment(cr, SUPERUSER_ID, {})
    template = env.ref(MAIL, raise_if_not_found=False)
    if template and template.write_uid.id == SUPERUSER_ID:
        template.unlink()
