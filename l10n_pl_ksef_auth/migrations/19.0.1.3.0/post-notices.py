from odoo import SUPERUSER_ID, api
from odoo.tools import SQL, convert_file
from odoo.tools.sql import column_exists

MAIL = "l10n_pl_ksef_auth.mail_template_alert"
# Of a column that held one person, and the relation that may hold several.
PEOPLE = (
    ("res_company", "l10n_pl_ksef_responsible_id", "l10n_pl_ksef_responsible_rel"),
    ("l10n_pl_ksef_alert", "user_id", "l10n_pl_ksef_alert_res_users_rel"),
)


def migrate(cr, version):
    """Have notices go to several people, and say what happened and what to do."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    env.flush_all()
    for table, column, relation in PEOPLE:
        if column_exists(cr, table, column):
            statement = SQL(
                "INSERT INTO %s SELECT id, %s FROM %s WHERE %s IS NOT NULL ON CONFLICT DO NOTHING",
                *map(SQL.identifier, (relation, column, table, column)),
            )
            cr.execute(statement)
    _move_activities(env)
    env.invalidate_all()
    _write_mail_anew(env)


def _move_activities(env):
    """Put what people have to do on the alert itself, where the way on is."""
    if column_exists(env.cr, "l10n_pl_ksef_alert", "activity_id"):
        model = env["ir.model"]._get("l10n_pl_ksef.alert")
        env.cr.execute(
            """
            UPDATE mail_activity SET res_model = %s, res_model_id = %s, res_id = alert.id
              FROM l10n_pl_ksef_alert AS alert
             WHERE alert.activity_id = mail_activity.id
            """,
            [model.model, model.id],
        )


def _write_mail_anew(env):
    """Replace the mail that this addon brought; one that people have edited stays theirs."""
    template = env.ref(MAIL, raise_if_not_found=False)
    if template and template.write_uid.id == SUPERUSER_ID:
        file = "data/mail_template_data.xml"
        convert_file(env, "l10n_pl_ksef_auth", file, None, mode="init")
