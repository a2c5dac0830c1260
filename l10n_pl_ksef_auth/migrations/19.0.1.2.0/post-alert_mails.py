from odoo import SUPERUSER_ID, api
from odoo.tools import SQL, column_exists, convert_file

TEMPLATE = "l10n_pl_ksef_auth.mail_template_alert"


def migrate(cr, version):
    """Have the alerts' mails reach who is told, and say what happened and what to do.

    Odoo's default looks for a customer instead.
    """
    env = api.Environment(cr, SUPERUSER_ID, {})
    _write_anew(env)
    template = env.ref(TEMPLATE, raise_if_not_found=False)
    if template:
        template.use_default_to = False
    _keep_people(cr)


def _write_anew(env):
    """Replace the template that this addon brought; one that people have edited stays theirs."""
    template = env.ref(TEMPLATE, raise_if_not_found=False)
    if template and template.write_uid.id == SUPERUSER_ID:
        file = "data/mail_template_data.xml"
        convert_file(env, "l10n_pl_ksef_auth", file, None, mode="init")


def _keep_people(cr):
    """Take over who gets a company's notices, and who was told: now there may be several."""
    moved = (
        ("res_company", "l10n_pl_ksef_responsible_id", "l10n_pl_ksef_responsible_rel"),
        ("l10n_pl_ksef_alert", "user_id", "l10n_pl_ksef_alert_res_users_rel"),
        ("l10n_pl_ksef_alert", "activity_id", "l10n_pl_ksef_alert_mail_activity_rel"),
    )
    for table, column, relation in moved:
        if column_exists(cr, table, column):
            cr.execute(
                SQL(
                    "INSERT INTO %s SELECT id, %s FROM %s WHERE %s IS NOT NULL"
                    " ON CONFLICT DO NOTHING",
                    SQL.identifier(relation),
                    SQL.identifier(column),
                    SQL.identifier(table),
                    SQL.identifier(column),
                )
            )
