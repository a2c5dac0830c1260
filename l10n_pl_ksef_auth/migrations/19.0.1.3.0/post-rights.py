from odoo import SUPERUSER_ID, Command, api


def migrate(cr, version):
    """Give who managed the connection the invoicing role, which that right implies no more."""
    env = api.Environment(cr, SUPERUSER_ID, {"active_test": False})
    manage = env.ref("l10n_pl_ksef_auth.group_ksef_connection")
    invoicing = env.ref("account.group_account_invoice")
    if invoicing not in manage.implied_ids:
        return
    manage.implied_ids = [Command.unlink(invoicing.id)]
    # A group that somebody made hands it on to its members, also to later ones.
    groups = manage.implied_by_ids.filtered(lambda group: invoicing not in group.all_implied_ids)
    groups.implied_ids = [Command.link(invoicing.id)]
    users = manage.user_ids.filtered(lambda user: invoicing not in user.all_group_ids)
    users.group_ids = [Command.link(invoicing.id)]
