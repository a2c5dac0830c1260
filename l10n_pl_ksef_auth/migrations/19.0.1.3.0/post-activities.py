from odoo import SUPERUSER_ID, api

FORMER = ("l10n_pl_ksef.session", "l10n_pl_ksef.certificate")


def migrate(cr, version):
    """Move what people have to do from logins and certificates to the alerts that tell of it.

    Logins and certificates have no chatter any more: all that stood there was "created".
    """
    env = api.Environment(cr, SUPERUSER_ID, {})
    for alert in env["l10n_pl_ksef.alert"].search([("activity_id", "!=", False)]):
        alert._for_its_reader()._plan_activity()
    env.flush_all()
    # The reminder of the key's backup is left: it is of no record.
    cr.execute(
        "UPDATE mail_activity SET res_model = NULL, res_model_id = NULL, res_id = NULL"
        " WHERE res_model IN %s",
        [FORMER],
    )
    cr.execute("DELETE FROM mail_message WHERE model IN %s", [FORMER])
    cr.execute("DELETE FROM mail_followers WHERE res_model IN %s", [FORMER])
    env.invalidate_all()
