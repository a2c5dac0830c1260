import logging

from odoo import api, fields, models

from ..base import problems
from ..base.const import ENVIRONMENT_LABELS
from ..res_company import CONNECT_GROUP, SEE_GROUP

_logger = logging.getLogger(__name__)

ACTIVITY = "l10n_pl_ksef_auth.mail_activity_ksef"
TEMPLATE = "l10n_pl_ksef_auth.mail_template_alert"
ON_CERTIFICATE = "certificate"


class L10n_Pl_KsefAlert(models.Model):
    """What a human was told about a connection: once for each level of urgency (docs/design.md 16).

    The next scheduled run closes it, together with its activity, when the cause is gone.
    """

    _name = "l10n_pl_ksef.alert"
    _description = "KSeF alert"
    _order = "id desc"
    _rec_name = "summary"

    company_id = fields.Many2one("res.company", required=True, index=True, ondelete="cascade")
    environment = fields.Selection(ENVIRONMENT_LABELS, required=True)
    reason = fields.Selection(
        [
            ("login", "Login"),
            ("rights", "Rights"),
            ("key", "Encryption key"),
            (ON_CERTIFICATE, "Certificate"),
        ],
        required=True,
    )
    level = fields.Integer(string="Days left", help="The fewer days, the more urgent; 0 is now.")
    problem = fields.Json()
    session_id = fields.Many2one(
        "l10n_pl_ksef.session", index="btree_not_null", ondelete="set null"
    )
    certificate_id = fields.Many2one(
        "l10n_pl_ksef.certificate", index="btree_not_null", ondelete="cascade"
    )
    user_id = fields.Many2one("res.users", string="Told")
    activity_id = fields.Many2one("mail.activity", index="btree_not_null", ondelete="set null")
    closed_at = fields.Datetime()

    summary = fields.Char(compute="_compute_texts")
    explanation = fields.Char(compute="_compute_texts")
    advice = fields.Char(compute="_compute_texts")
    link = fields.Char(compute="_compute_link")

    _one_open = models.UniqueIndex(
        "(company_id, environment, reason, COALESCE(certificate_id, 0)) WHERE closed_at IS NULL",
        "This was told already.",
    )

    @api.depends("reason", "level", "problem", "company_id", "certificate_id", "session_id")
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

    def _summary(self):
        values = {"company": self.company_id.name, "days": self.level}
        if self.reason == "rights":
            return self.env._("%(company)s: a right is missing at KSeF", **values)
        if self.reason == "key":
            return self.env._("%(company)s: the key of the KSeF connection is missing", **values)
        if self.reason == ON_CERTIFICATE:
            return self._certificate_summary(values)
        if self.level:
            return self.env._(
                "%(company)s: the connection to KSeF ends in %(days)s days or less", **values
            )
        return self.env._("%(company)s: the connection to KSeF needs you", **values)

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

    def _raise(self, values):
        self.create(values)._tell()

    def _key(self):
        return (self.company_id.id, self.environment, self.reason, self.certificate_id.id)

    def _keep_or_close(self, values):
        if values is None:
            self._close()
        elif values["level"] < self.level:
            self.write(values)
            self._tell()

    def _tell(self):
        """Plan one activity and send one mail, in the recipient's language."""
        self.ensure_one()
        self.user_id = self._recipient()
        if not self.user_id:
            _logger.warning("KSeF alert %s: nobody is there to be told", self.id)
            return
        told = self.with_context(lang=self.user_id.lang, tz=self.user_id.tz)
        told._plan_activity()
        told._send_mail()

    def _send_mail(self):
        template = self.env.ref(TEMPLATE, raise_if_not_found=False)
        if not template:
            return
        try:
            with self.env.cr.savepoint():
                template.send_mail(self.id, email_layout_xmlid="mail.mail_notification_light")
        except Exception:
            # People edit templates: the activity stays when one cannot be rendered.
            _logger.exception("KSeF alert %s: no mail could be written", self.id)
            return
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _plan_activity(self):
        self.activity_id.unlink()
        record = self.certificate_id or self.session_id
        note = self.env["ir.qweb"]._render("l10n_pl_ksef_auth.alert_note", {"alert": self})
        # Our own mail says it: Odoo's "you were assigned" would be the second one.
        quiet = record.with_context(mail_activity_quick_update=True)
        self.activity_id = quiet.activity_schedule(
            ACTIVITY, summary=self.summary, note=note, user_id=self.user_id.id
        )

    def _recipient(self):
        """Return whom the company named, else who connected it, else somebody who may do so."""
        connected_by = self.env["l10n_pl_ksef.session"].search(
            [("company_id", "=", self.company_id.id), ("user_id", "!=", False)], limit=1
        )
        candidates = (
            self.company_id.l10n_pl_ksef_responsible_id
            | connected_by.user_id
            | self.certificate_id.user_id
        )
        group = self.env.ref(CONNECT_GROUP)
        # Only the first is told: candidates come in order of preference.
        return (candidates | group.all_user_ids.sorted("id")).filtered(self._may_be_told)[:1]

    def _may_be_told(self, user):
        return user.active and self.company_id in user.company_ids and user.has_group(SEE_GROUP)

    def _close(self):
        self.activity_id.unlink()
        self.closed_at = self.env["l10n_pl_ksef.session"]._now()
