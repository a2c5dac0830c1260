import logging
from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models

from ..base import problems
from ..base.activities import TYPE
from ..base.const import ENVIRONMENT_LABELS
from ..res_company import CONNECT_GROUP
from . import alert_for_many, alert_texts
from .alert_texts import ON_CERTIFICATE, ON_GRANT, ON_KEY, ON_LOGIN, ON_RIGHTS

_logger = logging.getLogger(__name__)

TEMPLATE = "l10n_pl_ksef_auth.mail_template_alert"
# In the context, the user whom a text or a mail is for: several may be told.
READER = "l10n_pl_ksef_reader"
# And the alerts that one mail to this user is about, where it is about several.
TOGETHER = "l10n_pl_ksef_together"
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
            (ON_LOGIN, "Login"),
            (ON_RIGHTS, "Rights"),
            (ON_KEY, "Encryption key"),
            (ON_CERTIFICATE, "Certificate"),
            (ON_GRANT, "Rights for the office"),
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
    user_ids = fields.Many2many("res.users", string="Told", context={"active_test": False})
    mail_user_ids = fields.Many2many(
        "res.users",
        "l10n_pl_ksef_alert_mail_rel",
        string="Mail to come",
        context={"active_test": False},
        help="To them the run that told them has yet to send its mail.",
    )
    # One of them: templates and filters that people have made name it.
    user_id = fields.Many2one(
        "res.users", string="Reader", compute="_compute_user_id", search="_search_user_id"
    )
    closed_at = fields.Datetime()

    # Of all the user's companies, while the logins that they speak of are those of the active ones.
    subject = fields.Char(compute="_compute_texts", compute_sudo=True)
    summary = fields.Char(compute="_compute_texts", compute_sudo=True)
    explanation = fields.Char(compute="_compute_texts", compute_sudo=True, string="What happened")
    invoices = fields.Char(
        compute="_compute_texts", compute_sudo=True, string="What it means for invoices"
    )
    advice = fields.Char(compute="_compute_texts", compute_sudo=True, string="What to do")
    passed_over = fields.Char(compute="_compute_passed_over", string="Not told")
    button = fields.Char(compute="_compute_button")
    link = fields.Char(compute="_compute_link")
    body = fields.Html(compute="_compute_body", sanitize=False)

    _one_open = models.UniqueIndex(
        "(company_id, environment, reason, COALESCE(certificate_id, 0)) WHERE closed_at IS NULL",
        "This was told already.",
    )

    @api.depends("user_ids")
    @api.depends_context(READER)
    def _compute_user_id(self):
        for alert in self:
            reader = alert.env.context.get(READER)
            alert.user_id = alert.user_ids.browse(reader) if reader else alert.user_ids[:1]

    def _search_user_id(self, operator, value):
        return [("user_ids", operator, value)]

    @api.depends(
        "reason", "level", "problem", "company_id", "certificate_id", "session_id", "closed_at"
    )
    @api.depends_context("lang", "tz", TOGETHER)
    def _compute_texts(self):
        for alert in self:
            many = alert._together()
            texts = alert_for_many.of_alerts(many) if many else alert_texts.of_alert(alert)
            alert.update(texts)

    @api.depends("user_ids")
    @api.depends_context("lang", TOGETHER)
    def _compute_passed_over(self):
        for alert in self:
            alert.passed_over = alert_for_many.not_reached(alert._together() or alert)

    @api.depends(
        "reason", "problem", "company_id", "certificate_id", "session_id", "closed_at", "user_ids"
    )
    @api.depends_context("lang", READER, TOGETHER)
    def _compute_button(self):
        for alert in self:
            many = alert._together()
            alert.button = alert_for_many.button(many) if many else alert_texts.button(alert)

    @api.depends_context(READER, TOGETHER)
    def _compute_link(self):
        for alert in self:
            many = alert._together()
            page = alert_for_many.page(many) if many else f"/l10n_pl_ksef/alert/{alert.id}"
            alert.link = alert.get_base_url() + page

    @api.depends("subject", "passed_over", "button")
    @api.depends_context("lang", "tz", READER, TOGETHER)
    def _compute_body(self):
        for alert in self:
            alert.body = alert._render("l10n_pl_ksef_auth.alert_mail")

    def _render(self, template):
        companies = alert_for_many.companies(self._together().sudo())
        return self.env["ir.qweb"]._render(template, {"alert": self, "companies": companies})

    def _together(self):
        """Return the alerts that this one's mail is about, each by itself; none if it is alone."""
        ids = self.env.context.get(TOGETHER)
        # What a browser puts into the context is a list, and leads to nobody else's companies.
        return self.browse(ids if isinstance(ids, tuple) else ()).with_context(**{TOGETHER: ()})

    def _page(self, user):
        """Return the page that the link leads a user to."""
        return alert_texts.page(self.with_context(**{READER: user.id}))

    def _told_of_end(self, company):
        """Return why a company's login has ended, as people were told; False if they were not."""
        return self._told_of_ends(company).get(company, False)

    def _told_of_ends(self, companies):
        """Return why logins have ended, as people were told, by the companies that they were of."""
        told = self.sudo().search(
            [
                ("company_id", "in", companies.ids),
                ("reason", "=", ON_LOGIN),
                ("level", "=", 0),
                ("closed_at", "=", False),
                ("tell_at", "=", False),
            ]
        )
        # Of several the first one stays: they are sorted.
        return {
            one.company_id: one.problem or problems.local("renewal_late")
            for one in reversed(told)
            if one.environment == one.company_id.l10n_pl_ksef_environment
        }

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
            known = [] if self.tell_at or values["level"] != self.level else self.causes
            cause = problems.cause(values["problem"])
            self.write({**values, "tell_at": False, "causes": [*(known or ()), cause]})
            self._tell()
        elif not self.tell_at and self._has_lost_its_reader():
            self._tell()

    def _is_news(self, values):
        if self.tell_at:
            return not values["tell_at"] or self.tell_at <= self._now()
        if values["level"] != self.level:
            # Who knows of a connection that was gone does not know when it will end again.
            return values["level"] < self.level or not self.level
        cause = problems.cause(values["problem"])
        return bool(cause and self.causes) and cause not in self.causes

    def _has_lost_its_reader(self):
        """Return True if who was told can act no more, and somebody else can."""
        told = self.user_ids
        return not told.filtered(self._may_act) and self._recipients() != told

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
        """Plan an activity for each who is to know, in the reader's language, and a mail."""
        self.ensure_one()
        self.user_ids = self._recipients()
        if not self.user_ids:
            _logger.warning("KSeF alert %s: nobody is there to be told", self.id)
            return
        self._note_passed_over()
        self.activity_ids.unlink()
        for user in self.user_ids:
            self._read_by(user)._plan_activity()
        self._plan_mail(self.user_ids)

    def _read_by(self, user):
        """Return these alerts as one of their readers reads them."""
        # Who has not told Odoo where they live reads KSeF's own time.
        tz = user.tz or "Europe/Warsaw"
        return self.with_context(lang=user.lang, tz=tz, **{READER: user.id})

    def _plan_mail(self, users):
        """Note who gets a mail, unless this is a duplicate of the database.

        It is kept with what it tells, and sent when the run has seen all companies.
        """
        silent = problems.is_local(self.problem, SILENT_COPY)
        self.mail_user_ids = self.mail_user_ids.browse() if silent else users

    @api.model
    def _letters(self):
        """Return the mails to send: pairs of a reader and alerts that differ in company alone."""
        letters = defaultdict(self.browse)
        for alert in self.search([("mail_user_ids", "!=", False)], order="id"):
            for user in alert.mail_user_ids:
                letters[user, alert._matter()] |= alert
        return [(user, alerts) for (user, _matter), alerts in letters.items()]

    def _matter(self):
        """Return what an alert tells, whatever its company is."""
        kind = self.environment, self.reason, bool(self.closed_at)
        certificate, cause = self.certificate_id, (self.causes or [""])[-1]
        found = certificate.usage, certificate.state, self.session_id.purpose
        return kind if self.closed_at else (*kind, self.level, cause, *found)

    @api.model
    def _send_letter(self, letter):
        """Send a reader one mail about alerts, and note that it is sent: both or none."""
        user, alerts = letter
        for alert in alerts:
            alert.mail_user_ids -= user
        # The reader's own company first: the mail comes from it.
        alerts = alerts.filtered(lambda alert: alert._may_know(user)).sorted(
            lambda alert: (alert.company_id != user.company_id, alert.company_id.name)
        )
        template = self.env.ref(TEMPLATE, raise_if_not_found=False)
        # What people have written themselves into the template speaks of one company.
        body = template and template.with_context(lang=user.lang).body_html or ""
        for told in [alerts] if alerts and "object.body" in body else alerts:
            told._read_by(user)._send_mail(template)

    def _may_know(self, user):
        may_use = self.company_id in user.company_ids
        return user.active and (may_use or user.has_group("base.group_system"))

    def _send_mail(self, template):
        """Send one mail about these alerts."""
        first = self[:1]
        if not template:
            return
        if len(self) > 1:
            first = first.with_context(**{TOGETHER: tuple(self.ids)})
        try:
            with self.env.cr.savepoint():
                mail = template.with_env(first.env).send_mail(first.id)
                first._address(self.env["mail.mail"].browse(mail))
        except Exception:
            # People edit templates: the activity stays when one cannot be rendered.
            _logger.exception("KSeF alert %s: no mail could be written", self.ids)
            return
        queue = self.env.ref("mail.ir_cron_mail_scheduler_action", raise_if_not_found=False)
        if queue:
            queue._trigger()

    def _address(self, mail):
        """Send a mail to who is told, whatever a template that people edit says of recipients."""
        reader = self.user_id.partner_id
        if not mail.recipient_ids and not mail.email_to:
            mail.recipient_ids = reader
        if self._together():
            # Who may read the first company's alert need not know the others.
            mail.write({"model": False, "res_id": False})
        if not reader.email:
            _logger.warning("KSeF alert %s: user %s has no address", self.id, self.user_id.id)

    def _plan_activity(self):
        note = self._render("l10n_pl_ksef_auth.alert_note")
        # Our own mail says it: Odoo's "you were assigned" would be the second one.
        quiet = self.with_context(mail_activity_quick_update=True)
        quiet.activity_schedule(TYPE, summary=self.summary, note=note, user_id=self.user_id.id)

    def _recipients(self):
        """Return who is told: all whom the company named and who can act, else one who can.

        That is who connected it, or another; at last an administrator, who can make somebody able
        to act. One of them has an address for mails, if anybody has. Of rights that did not come
        who asked for them is told.
        """
        asked_by = self.session_id.user_id.filtered(self._may_act)
        if self.reason == ON_GRANT and asked_by.email:
            return asked_by
        named = self._named().filtered(self._may_act)
        if named.filtered("email"):
            return named
        connected_by = self.env["l10n_pl_ksef.session"].search(
            [("company_id", "=", self.company_id.id), ("user_id", "!=", False)], limit=1
        )
        # Only the first is told: candidates come in order of preference.
        candidates = connected_by.user_id | self.certificate_id.user_id
        able = (candidates | self._members(CONNECT_GROUP)).filtered(self._may_act)
        able = able or self._members("base.group_system").filtered("active")
        able = named | able
        return named | (able.filtered("email")[:1] or able[:1])

    def _named(self):
        """Return whom the company names for notices, those who have left too."""
        return self.company_id.with_context(active_test=False).l10n_pl_ksef_responsible_ids

    def _passed_over(self):
        """Return why no mail reaches some of the named people, by person: see WHY_NOT."""
        reasons = {user: self._why_not(user) for user in self._named()}
        return {user: why for user, why in reasons.items() if why}

    def _why_not(self, user):
        if not user.active:
            return "archived"
        if not self._may_act(user):
            return "may_not"
        return "" if user.email else "no_address"

    def _note_passed_over(self):
        """Leave a line about named people whom no mail reaches: others are told in their place."""
        detail = "; ".join(f"{user.id}={why}" for user, why in self._passed_over().items())
        if detail:
            audit = self.env["l10n_pl_ksef.audit"]
            audit._record(
                self.company_id, "passed_over", environment=self.environment, detail=detail
            )

    def _members(self, group):
        return self.env.ref(group).all_user_ids.sorted("id")

    def _may_act(self, user):
        return user.active and self.company_id in user.company_ids and user.has_group(CONNECT_GROUP)

    def _close(self):
        """Close it, and say so to who was told, if the connection works again."""
        self.activity_ids.unlink()
        if self.tell_at:
            # It has passed before anybody was told.
            self.unlink()
            return
        self.closed_at = self._now()
        works = self.reason != ON_CERTIFICATE and self._is_mended()
        self._plan_mail(self.user_ids if works else self.user_ids.browse())

    def _is_mended(self):
        if self.reason == ON_GRANT:
            return bool(self.env["l10n_pl_ksef.grant"]._of_client(self.company_id, "given"))
        session = self.company_id._l10n_pl_ksef_session()
        # In the archive it needs nobody, but nothing was mended.
        here = self.company_id.active and session.environment == self.environment
        return here and not session._has_ended()
