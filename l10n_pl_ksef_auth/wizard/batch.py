import logging

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..models.base import problems
from ..models.base.const import ENVIRONMENT_LABELS
from ..models.base.locks import fresh
from ..models.res_company import CONNECT_GROUP, OFFICE_GROUP
from ..screens.panel import label_of
from ..screens.sensitive import recently_confirmed
from ..tools.errors import KsefError
from ..tools.vault import VaultError

_logger = logging.getLogger(__name__)

KINDS = [
    ("ask", "Ask for signatures"),
    ("remind", "Remind the signers"),
    ("connect", "Connect with certificates or rights"),
    ("renew", "Renew the KSeF certificate"),
    ("environment", "Change the KSeF environment"),
    ("told", "Choose who is told"),
    ("sign", "Files to be signed"),
]
STATES = [
    ("todo", "To be done"),
    ("running", "Under way"),
    ("done", "Done"),
    ("failed", "Not done"),
]
# Whether KSeF has told which clients gave rights by themselves.
LOOKS = [("due", "To be asked"), ("known", "It has answered"), ("late", "It has not answered yet")]
KEPT_HOURS = 7 * 24


class L10n_Pl_KsefBatch(models.TransientModel):
    """One thing that a user does for many companies, and how it ended for each.

    The browser has one line done at a time, so that every result shows at once, one company's
    failure stops no other, and no request takes long. All of it is stored: a page that is loaded
    anew goes on where the other one was left.
    """

    _name = "l10n_pl_ksef.batch"
    _description = "KSeF: done for many companies"
    _order = "id desc"
    # Results are read after the weekend, too. The audit trail keeps what was done.
    _transient_max_hours = KEPT_HOURS

    kind = fields.Selection(KINDS, required=True, readonly=True)
    choice = fields.Json(readonly=True)
    strays = fields.Json(string="Files of no company", readonly=True)
    rights_look = fields.Selection(LOOKS, string="Rights from clients", readonly=True)
    line_ids = fields.One2many("l10n_pl_ksef.batch.line", "batch_id", readonly=True)

    @api.model
    def _open(self, companies, kind):
        """Return the screen on which a user does something for some companies.

        :param companies: those that were selected; branches have the connection above them
        :param str kind: of KINDS
        :return dict: an action
        """
        companies[:1]._l10n_pl_ksef_check_group(CONNECT_GROUP)
        decision = self.env["l10n_pl_ksef.unlock"]._open(companies[0])
        if decision:
            return decision
        principals = {}
        for company in companies:
            principals.setdefault(company._l10n_pl_ksef_principal(), company)
        lines = [
            Command.create({"company_id": company.id, "number": company._l10n_pl_ksef_number()})
            for company in principals.values()
        ]
        # Nobody is asked for what is there: KSeF may take seconds to tell it.
        rights_look = kind in ("ask", "connect") and "due"
        batch = self.sudo().create({"kind": kind, "line_ids": lines, "rights_look": rights_look})
        return batch._action()

    def _action(self):
        action = self.env["ir.actions.actions"]._for_xml_id("l10n_pl_ksef_auth.action_batch")
        return {**action, "target": "main", "params": {"batch_id": self.id}}

    # ------------------------------------------------------------------
    # Called by the browser
    # ------------------------------------------------------------------
    @api.model
    def latest(self):
        """Return the number of what the user did last for many companies; False if nothing."""
        self._check_group()
        return self.sudo().search([("create_uid", "=", self.env.uid)], limit=1).id

    def view(self):
        """Describe all that the screen shows.

        :return dict: kind, title, choice, choices, strays, asking, lines; is_to_look: look() comes
            first; and still_looking: what to read where KSeF did not answer it in time
        """
        batch = self._checked_sudo()
        is_late = batch.rights_look == "late"
        return {
            "id": batch.id,
            "kind": batch.kind,
            "title": label_of(batch, "kind"),
            "choice": batch.choice,
            "choices": batch._choices(),
            "strays": batch.strays or [],
            "asking": batch.kind == "ask" and batch._asking(),
            "signing_url": self.env["l10n_pl_ksef.authorization.view"]._signing_url(),
            "is_to_look": bool(batch._lines_to_look_at()),
            "still_looking": self.env["l10n_pl_ksef.office"]._still_looking() if is_late else "",
            "lines": [line._view() for line in batch.line_ids],
        }

    def look(self):
        """Hear from KSeF which clients gave rights by themselves, before anything is proposed.

        :return dict: view()
        """
        batch = self._checked_sudo()
        lines = batch._lines_to_look_at()
        if lines:
            principals = [company._l10n_pl_ksef_principal() for company in lines.company_id]
            is_known = batch.env["l10n_pl_ksef.office"]._look_anew(principals[0].union(*principals))
            for line in lines:
                line.write(batch._first_look(line.company_id))
            batch.rights_look = "known" if is_known else "late"
        return batch.with_env(self.env).view()

    def _lines_to_look_at(self):
        """Return the lines that nothing is known of yet, as long as KSeF has not answered."""
        is_due = self.rights_look in ("due", "late")
        lines = self.line_ids if is_due else self.line_ids.browse()
        return lines.filtered(lambda one: one.state == "todo" and not one.tried_text)

    def choose(self, choice):
        """Keep what is to be done, and say for each company what it would stop.

        :param choice: an environment, or a list of users' ids
        :return dict: view()
        """
        batch = self._checked_sudo()
        known = {one["id"] for one in batch._choices()}
        wanted = choice if isinstance(choice, list) else [choice]
        if not set(wanted) <= known or any(line.state != "todo" for line in batch.line_ids):
            raise UserError(self.env._("This cannot be chosen here."))
        batch.choice = choice
        for line in batch.line_ids:
            principal = line.company_id._l10n_pl_ksef_principal()
            stops = principal.with_env(self.env)._l10n_pl_ksef_what_stops(batch._settings())
            line.text = " ".join(stops)
        return batch.with_env(self.env).view()

    def confirm(self, line_ids=None):
        """Ask for the password, where what is to be done needs it: once for all companies.

        :param list line_ids: those that are tried before anybody is asked to sign; else all
        :return dict: empty; or ``confirm``, the action that asks: call again when its window has
            closed
        """
        batch = self._checked_sudo()
        lines = batch.line_ids
        if batch.kind == "ask":
            lines = lines.filtered(lambda one: one.is_there and one.id in (line_ids or ()))
        mine = lines.company_id.with_env(self.env) & self.env.user.company_ids
        companies = mine.filtered(lambda one: one._l10n_pl_ksef_principal() in mine)
        if companies and batch.kind in ("ask", "connect"):
            return batch._confirm_connection(companies)
        if batch.kind == "renew" and not recently_confirmed(self.env):
            return {"confirm": companies[:1].l10n_pl_ksef_confirm()}
        return {}

    def run(self, line_id):
        """Do for one company what is to be done for all.

        :param int line_id: a line of self that is not done yet
        :return dict: the line, as in view()
        """
        batch = self._checked_sudo()
        line = batch.line_ids.filtered(lambda one: one.id == line_id and one.state == "todo")
        if line:
            line._keep(*batch._outcome(line))
        return batch.line_ids.filtered(lambda one: one.id == line_id)._view()

    def follow(self, line_id):
        """Do the next due step for a company that waits for KSeF's answer.

        :param int line_id: a line of self that is under way
        :return dict: the line, as in view()
        """
        batch = self._checked_sudo()
        line = batch.line_ids.filtered(lambda one: one.id == line_id)
        if line.state == "running":
            line._keep(*batch._outcome(line, "follow"))
        return line._view()

    def _check_group(self):
        if not self.env.su and not self.env.user.has_group(CONNECT_GROUP):
            raise AccessError(self.env.company._l10n_pl_ksef_whom_to_ask(CONNECT_GROUP))

    def _checked_sudo(self):
        """Return self as superuser, if it is the user's and the user may connect.

        Companies that were taken from the user meanwhile leave the list.
        """
        self.ensure_one()
        self._check_group()
        batch = self.sudo()
        if self.env.su:
            return batch
        if batch.create_uid != self.env.user:
            raise AccessError(self.env._("This list belongs to another user."))
        mine = self.env.user.with_context(active_test=False).company_ids
        batch.line_ids.filtered(lambda line: line.company_id not in mine).unlink()
        return batch

    # ------------------------------------------------------------------
    # One company
    # ------------------------------------------------------------------
    def _outcome(self, line, what="do"):
        """Return how it ended for a company: a state, and a sentence. It never raises."""
        company = line.company_id.sudo(False)
        try:
            with self.env.cr.savepoint():
                principal = company._l10n_pl_ksef_managed()
                return getattr(self, f"_{what}_{self.kind}")(line, principal, company)
        except (AccessError, UserError) as error:
            return "failed", str(error)
        except (KsefError, VaultError) as error:
            return "failed", problems.texts(self.env, problems.of_request(error))["text"]
        except Exception:
            _logger.exception("KSeF: %s for company %s", self.kind, company.id)
            return "failed", problems.texts(self.env, problems.local("internal"))["text"]

    def _do_renew(self, line, principal, _company):
        certificate = principal._l10n_pl_ksef_certificate()
        if not certificate:
            return "failed", self.env._(
                "No KSeF certificate serves this company: somebody has to sign for it."
            )
        earlier = (self.line_ids - line).filtered(lambda one: one.certificate_id == certificate)
        line.certificate_id = certificate
        if earlier:
            return earlier[0].state, self.env._(
                "It has the same certificate as %(company)s: %(result)s",
                company=earlier[0].company_id.name,
                result=earlier[0].text,
            )
        actions = self.env["l10n_pl_ksef.account.actions"]
        problem = actions._renew_certificate(principal, certificate.serial_number)
        if problem:
            return "failed", problems.texts(self.env, problem)["text"]
        return "done", self.env._("The renewal has begun. Odoo finishes it by itself.")

    def _do_environment(self, _line, principal, _company):
        return self._save_settings(principal)

    def _do_told(self, _line, principal, _company):
        return self._save_settings(principal)

    def _save_settings(self, principal):
        if self.choice is False:
            raise UserError(self.env._("Choose first."))
        # What stops stood in the line when the user went on.
        options = self.env["l10n_pl_ksef.account.options"]
        refused = options._save(principal.with_env(self.env), self._settings(), confirmed=True)
        if refused:
            return "failed", " ".join(refused["invalid"].values())
        return "done", self.env._("Saved.")

    def _settings(self):
        """Return the settings of a company, as they are to be."""
        if self.kind == "environment":
            return {"l10n_pl_ksef_environment": self.choice}
        return {"l10n_pl_ksef_responsible_ids": [Command.set(self.choice)]}

    # ------------------------------------------------------------------
    # Connecting with what is there: certificates, and rights that clients gave
    # ------------------------------------------------------------------
    def _received(self, company):
        """Return the rights that a client gave by itself and nobody has accepted yet, read anew."""
        with fresh(company._l10n_pl_ksef_principal()) as principal:
            found = principal.env["l10n_pl_ksef.grant"]._of_client(principal, "received")
            return self.env["l10n_pl_ksef.grant"].browse(found.ids)

    def _confirm_connection(self, companies):
        """Ask for the password where somebody has to agree; see confirm."""
        clients = companies.filtered(self._received)
        accepts = bool(clients) and self.env.user.has_group(OFFICE_GROUP)
        if accepts and not recently_confirmed(self.env):
            return {"confirm": companies[:1].l10n_pl_ksef_confirm()}
        return self._agree(companies - clients)

    def _agree(self, companies):
        """Have the user agree, once, to the numbers of companies that no certificate may log in."""
        certificates = self.env["l10n_pl_ksef.certificate"].sudo(False)
        actions = self.env["l10n_pl_ksef.account.actions"].sudo(False)
        lacking = companies.filtered(
            lambda one: (
                not actions._is_agreed(one)
                and certificates._to_be_offered(one._l10n_pl_ksef_principal())
            )
        )
        numbers = {
            str(line.company_id.id): line.number
            for line in self.line_ids
            if line.company_id in lacking
        }
        return lacking.l10n_pl_ksef_agree(numbers) if lacking else {}

    def _do_connect(self, line, principal, company):
        received = self._received(company)
        if received:
            return self._accept(received, line, principal, company)
        result = self.env["l10n_pl_ksef.account.actions"]._connect(company)
        return self._of_connection(result["state"], result["color"]), result["text"]

    def _accept(self, grant, line, principal, company):
        """Accept what a client gave, and have the office's certificate log it in."""
        grant = grant.sudo(False)
        grant._checked(OFFICE_GROUP)
        if not recently_confirmed(self.env):
            raise UserError(self.env._("Your password was given too long ago: begin once more."))
        grant._accept_as_user()
        return self._follow_connect(line, principal, company)

    def _follow_connect(self, _line, _principal, company):
        panel = company.l10n_pl_ksef_follow()
        with fresh(company) as connected:
            actions = connected.env["l10n_pl_ksef.account.actions"]
            text = actions._connect_text(connected, panel)
        return self._of_connection(panel["state"], panel["color"]), text

    def _of_connection(self, state, color):
        if state == "verifying":
            return "running"
        return "failed" if color == "red" else "done"

    # ------------------------------------------------------------------
    # All companies
    # ------------------------------------------------------------------
    def _choices(self):
        """Return what can be chosen, each with its number and what people read."""
        if self.kind == "environment":
            field = self.env["res.company"]._fields["l10n_pl_ksef_environment"]
            labels = dict(field._description_selection(self.env))
            return [{"id": name, "label": labels[name]} for name, _label in ENVIRONMENT_LABELS]
        if self.kind == "told":
            people = self.env.ref(CONNECT_GROUP).all_user_ids
            here = people.filtered(lambda one: one.active and one.company_ids & self._companies())
            return [{"id": one.id, "label": one.name} for one in here.sorted("name")]
        return []

    def _companies(self):
        return self.line_ids.company_id


class L10n_Pl_KsefBatchLine(models.TransientModel):
    """How something that is done for many companies stands with one of them."""

    _name = "l10n_pl_ksef.batch.line"
    _description = "KSeF: done for one company of many"
    _rec_name = "company_id"
    _transient_max_hours = KEPT_HOURS

    batch_id = fields.Many2one(
        "l10n_pl_ksef.batch", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    number = fields.Char(string="NIP or unit", readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="todo")
    text = fields.Char(readonly=True)
    # A certificate or rights may connect the company: tried before anybody is asked to sign.
    is_there = fields.Boolean(string="Can connect without a signature", readonly=True)
    tried_text = fields.Char(string="Why it did not", readonly=True)
    certificate_id = fields.Many2one("l10n_pl_ksef.certificate", readonly=True, ondelete="set null")
    window_id = fields.Many2one(
        "l10n_pl_ksef.authorization", readonly=True, ondelete="set null", index="btree_not_null"
    )

    def _keep(self, state, text):
        """Store how it stands."""
        self.write({"state": state, "text": text})

    def _view(self):
        """Describe the line for the screen."""
        return {
            "id": self.id,
            "company_id": self.company_id.id,
            "name": self.company_id.name,
            "number": self.number,
            "state": self.state,
            "state_label": label_of(self, "state"),
            "text": self.text or "",
            "is_there": self.is_there and self.state == "todo",
            **self._signer(),
            **self._file(),
        }
