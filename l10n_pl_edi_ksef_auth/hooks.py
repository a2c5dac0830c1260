"""What moves when the addon comes and goes on a database that is in use."""

from odoo.tools import SQL

# Odoo keeps a field's column when an addon makes the field computed, and uses it again afterwards.
TOKENS = {
    "l10n_pl_edi_access_token": "l10n_pl_ksef_edi_access_token",
    "l10n_pl_edi_refresh_token": "l10n_pl_ksef_edi_refresh_token",
}
KEYS = ("l10n_pl_edi_session_key", "l10n_pl_edi_session_iv")


def post_init_hook(env):
    """Keep the tokens of companies that log in by themselves; no secret stays behind."""
    for column, field in TOKENS.items():
        _move_column(env, column, field)
    # The keys of online sessions change their place; sending opens a session of its own.
    _forget_online_sessions(env)
    env["ir.attachment"].sudo().search(
        [
            ("res_model", "=", "res.company"),
            ("res_field", "in", KEYS),
        ]
    ).unlink()


def uninstall_hook(env):
    """Give the tokens back to the fields that hold them without this addon."""
    for column, field in TOKENS.items():
        _move_column(env, field, column)
    _forget_online_sessions(env)
    # The sender keeps these in attachments; Odoo leaves the columns behind, as the fields stay.
    for field in KEYS:
        env.cr.execute(
            SQL("ALTER TABLE res_company DROP COLUMN IF EXISTS %s", SQL.identifier(field))
        )


def _move_column(env, source, target):
    env.flush_all()
    env.cr.execute(
        f"UPDATE res_company SET {target} = {source}, {source} = NULL WHERE {source} IS NOT NULL"
    )
    env.invalidate_all()


def _forget_online_sessions(env):
    companies = env["res.company"].sudo().with_context(active_test=False)
    open_ones = companies.search([("l10n_pl_edi_session_id", "!=", False)])
    open_ones._l10n_pl_ksef_edi_forget_online_session()
