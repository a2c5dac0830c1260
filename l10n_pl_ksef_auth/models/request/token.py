from datetime import timedelta

from odoo import Command, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools import signing_link
from ..vault.guard import refuse_typed_code
from .address import link_address

# Of one request; the oldest makes place for the next.
MOST_TOKENS = 5
# A page that waits for KSeF asks every three seconds. Who signs for several companies chooses all
# files at once, and sends one after the other.
CALLS, CALLS_WITHIN = 90, timedelta(minutes=1)
CALLS_FOR_ANOTHER = 5


class L10n_Pl_KsefRequestToken(models.Model):
    """What a link is known by: a digest, and the requests that whoever has the link can serve.

    The link itself is nowhere: not in the database, not in a log (docs/design.md 22).
    """

    _name = "l10n_pl_ksef.request.token"
    _description = "KSeF link for a signature"
    _order = "id desc"

    request_ids = fields.Many2many(
        "l10n_pl_ksef.request",
        "l10n_pl_ksef_request_token_rel",
        "token_id",
        "request_id",
        readonly=True,
    )
    kind = fields.Selection(
        [("mail", "Mail"), ("reminder", "Reminder"), ("copy", "Copied, or on the screen")],
        required=True,
        readonly=True,
    )
    digest = fields.Char(
        groups=fields.NO_ACCESS, copy=False, prefetch=False, index="btree_not_null"
    )
    calls = fields.Integer(readonly=True)
    calls_since = fields.Datetime(readonly=True)

    def _find(self, token):
        """Return the row of a token whose page still tells something; else nothing.

        One query, the same for a wrong token, an outdated one and a revoked one: the time that the
        answer takes tells them apart no more than the answer does.

        :param str token: whatever a browser sent
        """
        requests = self.env["l10n_pl_ksef.request"]
        is_one = isinstance(token, str) and signing_link.is_token(token)
        known = Domain("digest", "=", signing_link.digest(token if is_one else "")) & Domain(
            "request_ids", "any", requests._shown()
        )
        return self.sudo().search(known, limit=1)

    def _count_call(self, now):
        """Count a call at once, and return True if the link may be used for it.

        In PostgreSQL, on a transaction of its own: calls at the same time count each other.

        :param datetime now: naive UTC
        """
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    """
                    UPDATE l10n_pl_ksef_request_token
                       SET calls = CASE WHEN calls_since > %(begin)s THEN calls + 1 ELSE 1 END,
                           calls_since = CASE WHEN calls_since > %(begin)s
                                              THEN calls_since ELSE %(now)s END
                     WHERE id = %(id)s
                 RETURNING calls
                    """,
                    begin=now - CALLS_WITHIN,
                    now=now,
                    id=self.id,
                )
            )
            counted = cr.fetchone()
        most = CALLS + CALLS_FOR_ANOTHER * (len(self.request_ids) - 1)
        return bool(counted) and counted[0] <= most

    def _forget(self, requests):
        """Let no link lead to some requests any more; a link to nothing goes."""
        tokens = self.sudo().search([("request_ids", "in", requests.ids)])
        tokens.write({"request_ids": [Command.unlink(request.id) for request in requests]})
        tokens.filtered(lambda token: not token.request_ids).unlink()


def new_link(requests, kind):
    """Return a new link to some requests of one signer, and its row; only a digest is stored.

    Nothing is written by the ORM while the token is in anybody's hands: what runs then, such as
    automation rules, would see it.

    :param requests: of one signer, on the cursor that keeps the link
    :param str kind: mail, reminder or copy
    :return tuple: the link or "" without an address, and the token's row
    :raises AccessError: code that was typed into Odoo gets none
    """
    env = requests.env
    refuse_typed_code(env)
    rows = env["l10n_pl_ksef.request.token"].sudo()
    address = link_address(env)
    if not address:
        return "", rows
    for request in requests:
        older = rows.search([("request_ids", "in", request.id)])[MOST_TOKENS - 1 :]
        older.write({"request_ids": [Command.unlink(request.id)]})
        older.filtered(lambda token: not token.request_ids).unlink()
    row = rows.create({"kind": kind, "request_ids": [Command.set(requests.ids)]})
    env.flush_all()
    token = signing_link.new_token()
    env.cr.execute(
        SQL(
            "UPDATE l10n_pl_ksef_request_token SET digest = %s WHERE id = %s",
            signing_link.digest(token),
            row.id,
        )
    )
    row.invalidate_recordset(["digest"])
    return signing_link.link(address, token), row
