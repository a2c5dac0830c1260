import logging
from datetime import timedelta

from odoo import api, fields, models

from ..base import problems
from ..base.const import ENVIRONMENT_LABELS
from ..res_company import CONNECT_GROUP

_logger = logging.getLogger(__name__)

ACTIVITY = "l10n_pl_ksef_auth.mail_activity_ksef"
TEMPLATE = "l10n_pl_ksef_auth.mail_template_alert"
ON_CERTIFICATE = "certificate"
# The key, or the database's identity: one alert for all companies of the database.
ON_KEY = "key"
# So long after a server without the key was last at work, there is none any more.
FORGOTTEN = timedelta(days=1)
# A duplicate sends no mails: the original's people would take them for the original's.
SILENT_COPY = "copy_duplicated"


class L10n_Pl_KsefAlert(models.Model):
    """What a human was told about a connection (docs/design.md 16 and 26).

    Once for each cause and level of urgency. The next scheduled run closes it, together with its
    activity, when nobody is needed any more, and says so.
    """

    _name = "l10n_pl_ksef.alert"
    # What people see beside the clock: this is what needs them.
    _description = "KSeF connection that needs you"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "summary"

    company_id = fields.Many2one("res.company", required=True, index=True, ondelete="cascade")
    environment = fields.Selection(ENVIRONMENT_LABELS, required=True)
    reason = fields.Selection(
        [
            ("login", "Login"),
            ("rights", "Rights"),
            (ON_KEY, "Encryption key"),
            (ON_CERTIFICATE, "Certificate"),
        ],
        required=True,
    )
    level = fields.Integer(string="Days left", help="The fewer days, the more urgent; 0 is now.")
    problem = fields.Json()
    causes = fields.Json(help="What was told at this level, so that it is not told again.")
    tell_at = fields.Datetime(help="Until then it may pass by itself; empty once it was told.")
    seen_at = fields.Datetime(help="When a server without the key was last at work.")
    session_id = fields.Many2one(
        "l10n_pl_ksef.session", index="btree_not_null", ondelete="set null"
    )
    certificate_id = fields.Many2one(
        "l10n_pl_ksef.certificate", index="btree_not_null", ondelete="cascade"
    )
    user_id = fields.Many2one("res.users", string="Told")
    activity_id = fields.Many2one("mail.activity", index="btree_not_null", ondelete="set null")
    closed_at = fields.Datetime()

    # Of all the user's companies, while the logins that they speak of are those of the active ones.
    summary = fields.Char(compute="_compute_texts", compute_sudo=True)
    explanation = fields.Char(compute="_compute_texts", compute_sudo=True)
    advice = fields.Char(compute="_compute_texts", compute_sudo=True)
    link = fields.Char(compute="_compute_link")

    _one_open = models.UniqueIndex(
        "(company_id, environment, reason, COALESCE(certificate_id, 0)) WHERE closed_at IS NULL",
        "This was told already.",
    )

    @api.depends(
        "reason", "level", "problem", "company_id", "certificate_id", "session_id", "closed_at"
    )
    @api.depends_context("lang")
    def _compute_texts(self):
        for alert in self:
            told = alert.problem and problems.texts(
                alert.env,
                alert.problem,
                nip=alert.company_id._l10n_pl_ksef_number(),
                signer=alert.session_id.signer_name or alert.certificate_id.owner_name or "",
            )
            alert.summary = alert._summary()
            alert.explanation = told["text"] if told else ""
            alert.advice = told["action"] if told else alert._advice()
            if alert.closed_at:
                alert.explanation = alert.env._("You have nothing to do any more.")
                alert.advice = ""

    def _summary(self):
        values = {"company": self.company_id.name, "days": self.level}
        if self.closed_at:
            return self.env._("%(company)s: the connection to KSeF is in order again", **values)
        if self.reason == "rights":
            return self.env._("%(company)s: a right is missing at KSeF", **values)
        if self.reason == ON_KEY:
            return self._key_summary(values)
        if self.reason == ON_CERTIFICATE:
            return self._certificate_summary(values)
        if self.level:
            return self.env._(
                "%(company)s: the connection to KSeF ends in %(days)s days or less", **values
            )
        if problems.cause(self.problem) == "wait":
            return self.env._(
                "%(company)s: the connection to KSeF has ended, Odoo goes on trying", **values
            )
        return self.env._("%(company)s: the connection to KSeF needs you", **values)

    def _key_summary(self, values):
        host = (self.problem or {}).get("values", {}).get("host", "")
        if (self.problem or {}).get("code", "").startswith("copy_"):
            return self.env._(
                "%(company)s: all KSeF connections of this database stand still", **values
            )
        return self.env._(
            "%(company)s: the key of the KSeF connection is missing on the server %(host)s",
            host=host,
            **values,
        )

    def _certificate_summary(self, values):
        if self.level:
            return self.env._(
                "%(company)s: the KSeF certificate ends in %(days)s days or less, not renewed",
                **values,
            )
        return {
            "exists": self.env._("%(company)s: choose how Odoo gets a KSeF certificate", **values),
            "revoked": self.env._("%(company)s: the KSeF certificate was revoked", **values),
            "blocked": self.env._("%(company)s: the KSeF certificate was blocked", **values),
            "expired": self.env._("%(company)s: the KSeF certificate has ended", **values),
        }.get(
            self.certificate_id.state,
            self.env._("%(company)s: no KSeF certificate could be issued", **values),
        )

    def _advice(self):
        if self.reason == "rights":
            return self.env._("Have the right granted in KSeF to whoever signed.")
        if self.reason == ON_CERTIFICATE and self.certificate_id.state == "exists":
            return self.env._(
                "The signer has a certificate at KSeF that this Odoo does not hold:"
                " load it in the Account tab, or have a separate one issued for Odoo."
            )
        return self.env._("Sign once more: the connection then keeps itself alive again.")

    def _compute_link(self):
        for alert in self:
            alert.link = f"{alert.get_base_url()}/l10n_pl_ksef/alert/{alert.id}"

    def _page(self):
        """Return the page that the link leads to."""
        account = self.reason == ON_CERTIFICATE and self.certificate_id.state != "expired"
        return "/odoo/ksef-account" if account else "/odoo/ksef"

    def _told_of_end(self, company):
        """Return why a company's login has ended, as people were told; False if they were not."""
        told = self.sudo().search(
            [
                ("company_id", "=", company.id),
                ("environment", "=", company.l10n_pl_ksef_environment),
                ("reason", "=", "login"),
                ("level", "=", 0),
                ("closed_at", "=", False),
                ("tell_at", "=", False),
            ],
            limit=1,
        )
        return told and (told.problem or problems.local("renewal_late"))

    def _raise(self, values):
        # It has no chatter that could say that it was created.
        quiet = self.with_context(mail_create_nolog=True)
        alert = quiet.create({**values, "causes": [problems.cause(values["problem"])]})
        if not alert.tell_at:
            alert._tell()

    def _key(self):
        return (self.company_id.id, self.environment, self.reason, self.certificate_id.id)

    def _keep_or_close(self, values):
        """Close an alert without values; else tell what is new of it, or tell it to somebody new.

        :param dict values: what people should know now, or None
        """
        if values is None:
            self._close()
        elif self._is_news(values):
            known = [] if self.tell_at or values["level"] < self.level else self.causes
            cause = problems.cause(values["problem"])
            self.write({**values, "tell_at": False, "causes": [*(known or ()), cause]})
            self._tell()
        elif not self.tell_at and self._has_lost_its_reader():
            self._tell()

    def _is_news(self, values):
        if self.tell_at:
            return not values["tell_at"] or self.tell_at <= self._now()
        if values["level"] != self.level:
            return values["level"] < self.level
        cause = problems.cause(values["problem"])
        return bool(cause and self.causes) and cause not in self.causes

    def _has_lost_its_reader(self):
        """Return True if who was told can act no more, and somebody else can."""
        return not self._may_act(self.user_id) and self._recipient() != self.user_id

    def _now(self):
        return self.env["l10n_pl_ksef.session"]._now()

    def _note_seen(self):
        """Note that a server without the key is still at work; not at each of its runs."""
        if not self.seen_at or self.seen_at + FORGOTTEN / 4 < self._now():
            self.seen_at = self._now()

    def _close_if_over_at(self, place):
        """Close the alert of a missing key, seen from a server that has it.

        Another server may lack it still.

        :param dict place: host and key file, as the server without the key wrote them
        """
        for alert in self:
            here = place.items() <= (alert.problem or {}).get("values", {}).items()
            if here or not alert.seen_at or alert.seen_at + FORGOTTEN < alert._now():
                alert._close()

    def _tell(self):
        """Plan one activity and send one mail, in the recipient's language."""
        self.ensure_one()
        self.user_id = self._recipient()
        if not self.user_id:
            _logger.warning("KSeF alert %s: nobody is there to be told", self.id)
            return
        told = self._for_its_reader()
        told._plan_activity()
        told._send_mail()

    def _for_its_reader(self):
        return self.with_context(lang=self.user_id.lang, tz=self.user_id.tz)

    def _send_mail(self):
        """Send one mail, unless this is a duplicate of the database."""
        if (self.problem or {}).get("code") == SILENT_COPY:
            return
        template = self.env.ref(TEMPLATE, raise_if_not_found=False)
        if not template:
            return
        try:
            with self.env.cr.savepoint():
                mail_id = template.send_mail(
                    self.id, email_layout_xmlid="mail.mail_notification_light"
                )
                self._address(self.env["mail.mail"].browse(mail_id))
        except Exception:
            # People edit templates: the activity stays when one cannot be rendered.
            _logger.exception("KSeF alert %s: no mail could be written", self.id)
            return
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _address(self, mail):
        """Send a mail to who is told, whatever a template that people edit says of recipients."""
        reader = self.user_id.partner_id
        if not mail.recipient_ids and not mail.email_to:
            mail.recipient_ids = reader
        if not reader.email:
            _logger.warning("KSeF alert %s: user %s has no address", self.id, self.user_id.id)

    def _plan_activity(self):
        self.activity_id.unlink()
        note = self.env["ir.qweb"]._render("l10n_pl_ksef_auth.alert_note", {"alert": self})
        # Our own mail says it: Odoo's "you were assigned" would be the second one.
        quiet = self.with_context(mail_activity_quick_update=True)
        self.activity_id = quiet.activity_schedule(
            ACTIVITY, summary=self.summary, note=note, user_id=self.user_id.id
        )

    def _recipient(self):
        """Return who can act: whom the company named, else who connected it, else another.

        Best one who has an address for mails; at last an administrator, who can make somebody
        able to act.
        """
        connected_by = self.env["l10n_pl_ksef.session"].search(
            [("company_id", "=", self.company_id.id), ("user_id", "!=", False)], limit=1
        )
        candidates = (
            self.company_id.l10n_pl_ksef_responsible_id
            | connected_by.user_id
            | self.certificate_id.user_id
        )
        # Only the first is told: candidates come in order of preference.
        able = (candidates | self._members(CONNECT_GROUP)).filtered(self._may_act)
        able = able or self._members("base.group_system").filtered("active")
        return able.filtered("email")[:1] or able[:1]

    def _members(self, group):
        return self.env.ref(group).all_user_ids.sorted("id")

    def _may_act(self, user):
        return user.active and self.company_id in user.company_ids and user.has_group(CONNECT_GROUP)

    def _close(self):
        """Close it, and say so to who was told, if the connection works again."""
        self.activity_id.unlink()
        if self.tell_at:
            # It has passed before anybody was told.
            self.unlink()
            return
        self.closed_at = self._now()
        if self.user_id.active and self.reason != ON_CERTIFICATE and self._is_mended():
            self._for_its_reader()._send_mail()

    def _is_mended(self):
        session = self.company_id._l10n_pl_ksef_session()
        return session.environment == self.environment and not session._has_ended()
