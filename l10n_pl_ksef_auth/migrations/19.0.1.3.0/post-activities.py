from odoo import SUPERUSER_ID, api

FORMER = ("l10n_pl_ksef.session", "l10n_pl_ksef.certificate")


def migrate(cr, version):
    """Remove the chatter of logins and certificates: all that stood there was "created".

    What people have to do is moved to the alerts that tell of it by the script of the notices.
    """
    env = api.Environment(cr, SUPERUSER_ID, {})
    env.flush_all()
    # The reminder of the key's backup is of no record.
    cr.execute(
        "UPDATE mail_activity SET res_model = NULL, res_model_id = NULL, res_id = NULL"
        " WHERE res_model IN %s",
        [FORMER],
    )
    cr.execute("DELETE FROM mail_message WHERE model IN %s", [FORMER])
    cr.execute("DELETE FROM mail_followers WHERE res_model IN %s", [FORMER])
    env.invalidate_all()
