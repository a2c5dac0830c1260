from contextlib import contextmanager
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import email_normalize

from ...tools.vault import VaultError
from ..base import problems
from ..base.locks import LockBusy, under_lock
from ..base.steps import event
from ..session.states import WORKED_ON
from ..vault.vault import why_locked
from .address import link_address
from .states import REQUEST, SHOWN

# What a signature is asked for; what a login of a request does stands in _is_done_by.
PURPOSES = [
    ("connect", "Connect the company to KSeF"),
    ("grant", "Give the office rights"),
    ("take_back", "Take the office's rights back"),
]
LANGUAGES = [("pl_PL", "Polish"), ("en_US", "English")]
DEFAULT_HOURS, MOST_HOURS = 72, 30 * 24
LONGEST_NAME = 120
# Seconds that a call of the page waits for another one of the same request.
PATIENCE = 10


class L10n_Pl_KsefRequest(models.Model):
    """A signature that is asked for by a link: one signer, one company, one purpose.

    Whoever has the link can do this one thing and nothing else (docs/design.md 22).
    """

    _name = "l10n_pl_ksef.request"
    _description = "KSeF request for a signature"
    _inherit = ["l10n_pl_ksef.states.mixin"]
    _order = "id desc"
    _rec_name = "signer_name"
    _machine = REQUEST

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    user_id = fields.Many2one("res.users", string="Asked by", readonly=True, ondelete="set null")
    # Whom the signer deals with: the office's company, or the one of who asked.
    office_id = fields.Many2one("res.company", readonly=True, ondelete="set null")
    purpose = fields.Selection(PURPOSES, required=True, readonly=True, default="connect")
    # The frozen copy of whom the signer gives rights, or from whom they are taken back.
    grant_id = fields.Many2one("l10n_pl_ksef.grant", readonly=True, ondelete="cascade")
    state = fields.Selection(
        REQUEST.selection, required=True, readonly=True, default="open", index=True
    )
    signer_name = fields.Char(string="Signer", readonly=True)
    signer_email = fields.Char(string="Signer's e-mail", readonly=True)
    lang = fields.Selection(
        LANGUAGES, string="Language", required=True, readonly=True, default="pl_PL"
    )
    valid_until = fields.Datetime(required=True, readonly=True, index=True)
    ended_at = fields.Datetime(readonly=True, index="btree_not_null")

    mail_due = fields.Selection(
        [("mail", "Mail"), ("reminder", "Reminder"), ("void", "Notice that it is void")],
        readonly=True,
        index="btree_not_null",
    )
    mail_problem = fields.Char(string="Mail not sent", readonly=True)
    sent_at = fields.Datetime(string="Mail sent", readonly=True)
    reminded_at = fields.Datetime(string="Reminded", readonly=True)
    reminder_tried_at = fields.Datetime(readonly=True)
    opened_at = fields.Datetime(string="Opened", readonly=True)
    downloaded_at = fields.Datetime(string="File downloaded", readonly=True)
    signed_at = fields.Datetime(string="Signed file sent", readonly=True)
    # The finding of a file, or KSeF's answer, in the words that a screen translates.
    refusal = fields.Json(readonly=True)
    refusal_text = fields.Char(string="Refused", compute="_compute_refusal_text")
    signed_by = fields.Char(string="Signed by", readonly=True)
    is_other_signer = fields.Boolean(string="Signed by somebody else", readonly=True)

    told_ids = fields.Many2many("mail.activity", readonly=True)

    challenges = fields.Integer(readonly=True)
    wrong_files = fields.Integer(readonly=True)
    wrong_since = fields.Datetime(readonly=True)
    paused_until = fields.Datetime(readonly=True)

    session_ids = fields.One2many(
        "l10n_pl_ksef.session", "request_id", string="Downloaded files", readonly=True
    )
    # The login that the last signed file began.
    session_id = fields.Many2one(
        "l10n_pl_ksef.session", readonly=True, index="btree_not_null", ondelete="set null"
    )

    @api.depends("refusal")
    @api.depends_context("lang")
    def _compute_refusal_text(self):
        for request in self:
            request.refusal_text = request._refusal_sentence()

    def _refusal_sentence(self):
        kept = self.refusal
        if not kept:
            return False
        if "kind" in kept:
            return problems.texts(self.env, kept)["text"]
        return problems.sentence(self.env, kept["text"], kept["values"])

    # ------------------------------------------------------------------
    # Its life
    # ------------------------------------------------------------------
    @contextmanager
    def _exclusive(self, wait_seconds=PATIENCE):
        """Read this request anew in a transaction of its own, under its lock.

        Yield it as superuser; nothing when somebody else is at it longer than one waits. What the
        caller did not commit is given up at the end.
        """
        self.ensure_one()
        with under_lock(self.env, f"ksef-request,{self.id}", wait_seconds) as env:
            yield self.with_env(env).search([("id", "=", self.id)]) if env else self.browse()

    def _is_usable(self):
        """Return True if its link may still do something: nothing for a company in the archive."""
        is_wanted = self.state == "open" and self.company_id.active
        return is_wanted and self.valid_until > self._now()

    def _shown(self):
        """Return the domain of the requests of _is_shown."""
        return [("valid_until", ">", self._now()), ("state", "in", SHOWN)]

    def _is_shown(self):
        """Return True if its page tells its signer something: also that it is done, or void."""
        return self.valid_until > self._now() and self.state in SHOWN

    def _is_done_by(self, session):
        """Return True if a login has done what this request is for; each purpose says it here."""
        if self.purpose == "connect":
            # A login that lacks a right connects the company, and sends no invoice.
            checked = session.activated_at and session.rights_checked_at
            return bool(checked) and not session._missing_rights() and session._is_of_today()
        return session._progress()["result"] in ("given", "taken_back")

    def _progress(self):
        """Return how its last login stands; one of a former NIP or environment connects nobody.

        What a client gave or took back there is given or taken back.
        """
        progress = self.session_id._progress()
        connects = self.purpose == "connect" and progress["result"]
        if not connects or self.session_id._is_of_today():
            return progress
        problem = problems.local("connected_as_before")
        return {**progress, "result": False, "has_ended": True, "problem": problem}

    def _who_asks(self):
        """Return for whom the signer is asked: the office as it was then, or a company's name."""
        return self.grant_id.to_whom or self.office_id.name

    def _is_outdated(self):
        """Return True if the office, or the client that it is about, is another by now."""
        return bool(self._voided_by())

    def _voided_by(self):
        """Return the problem that voids a request about rights; False if nothing has changed."""
        if self.grant_id and not self.grant_id._is_of_today():
            return problems.local("client_changed")
        try:
            outdated = self.purpose == "grant" and self.grant_id._is_outdated()
        except VaultError:
            # Nothing is given by what cannot be read; other requests go on.
            return False
        return outdated and problems.local("office_changed")

    def _is_by_client(self):
        """Return True if what has changed is the client, and not the office."""
        problem = self.refusal if self.state == "void" else self._voided_by()
        return bool(problem) and problem["code"] == "client_changed"

    def _is_held_up(self):
        """Return True if the office that it asks rights for cannot log in at the moment."""
        return self.purpose == "grant" and not self.grant_id.office_id._is_usable()

    def _is_in_flight(self):
        """Return True while KSeF works on what its last signed file began."""
        return self.session_id.state in WORKED_ON

    @event
    def _conclude(self):
        """End requests that have done what they were for; their page still says so."""
        self.write({"state": "succeeded", **self._end()})

    @event
    def _run_out(self):
        """End requests whose time is over."""
        self.write({"state": "over", **self._end()})
        self.env["l10n_pl_ksef.request.token"]._forget(self)

    @event
    def _revoke_by_hand(self):
        """End requests because a person wants it; all their links end."""
        self.write({"state": "revoked", **self._end()})
        self.env["l10n_pl_ksef.request.token"]._forget(self)
        for request in self:
            request._audit("link_revoked")

    @event
    def _make_void(self):
        """End requests whose office or client has changed; signer and who asked get word of it."""
        for request in self:
            reached = request.signer_email or request._who_is_told().filtered("email")
            told = {"mail_due": "void" if reached else False}
            void = {"state": "void", "refusal": request._voided_by()}
            request.write({**void, **request._end(), **told})
            request._audit("link_void")
            request._tell_who_asked("void")

    def _end_void_ones(self):
        """End the open requests that something voids; each on a cursor of its own.

        One that somebody is at just now ends when it is next looked at.
        """
        asked = self.search([("state", "=", "open"), ("grant_id", "!=", False)])
        for request in asked.filtered(lambda one: one._is_outdated()):
            request._end_if_due()

    def _revoke(self):
        """End the open ones of these requests, all their links, and what a signature has begun.

        What KSeF has already been ordered goes on there: the request then says so.

        :raises LockBusy: somebody is signing just now
        """
        for request in self:
            with request._exclusive() as locked:
                if not locked:
                    raise LockBusy()
                locked._note_outcome()
                if locked.state == "open":
                    too_late = locked.session_id._stop()
                    locked._revoke_by_hand()
                    locked.refusal = too_late or locked.refusal
                locked.env.cr.commit()

    def _revoke_all_of(self, company):
        """End the open requests of a company that is served no more, and all their links.

        :raises LockBusy: somebody is signing just now
        """
        self.search([("company_id", "=", company.id), ("state", "=", "open")])._revoke()

    def _end(self):
        return {"ended_at": self._now(), "mail_due": False}

    def _audit(self, event_name):
        """Leave a line without the signer's name and address: these are forgotten sooner."""
        self.env["l10n_pl_ksef.audit"]._record(
            self.company_id,
            event_name,
            environment=self.company_id.l10n_pl_ksef_environment,
            detail=self._as_detail(),
        )

    def _as_detail(self):
        """Return how the audit trail names a request; nothing for none."""
        return self.env._("request for a signature no. %s", self.id) if self else False

    def _default_end(self, hours):
        """Return until when a request of some hours lives, naive UTC; of 30 days at most."""
        return self._now() + timedelta(hours=min(max(hours, 1), MOST_HOURS))

    # ------------------------------------------------------------------
    # Asking somebody, and again
    # ------------------------------------------------------------------
    def _obstacle(self, company, asked):
        """Return why nobody can be asked to sign for a company, in a sentence; else nothing.

        :param company: the one that owns the connection
        :param dict asked: signer_name, signer_email (not needed for a link that is copied), lang,
            hours, purpose, by: mail or link
        """
        locked = why_locked(self.env)
        problem = problems.local(locked) if locked else problems.of_company(company)
        if problem:
            return problems.texts(self.env, problem)["text"]
        if not link_address(self.env):
            return self.env._("An administrator has not set yet where the links point.")
        if problem := self._errand_obstacle(company, asked.get("purpose")):
            number = company._l10n_pl_ksef_number()
            return problems.texts(self.env, problem, nip=number)["text"]
        if not (asked.get("signer_name") or "").strip():
            return self.env._("The name of whoever signs is missing.")
        if asked.get("by") != "link" and not _address(asked.get("signer_email") or ""):
            return self.env._("The signer's e-mail address is missing or wrong.")
        return ""

    def _errand_obstacle(self, company, purpose):
        """Return the problem that keeps a company's rights from being asked for, or False."""
        if purpose == "grant":
            there = self.env["l10n_pl_ksef.grant"]._there_already(company)
            obstacle = self.env["l10n_pl_ksef.office"]._obstacle(company)
            return obstacle or (bool(there) and problems.local("rights_there"))
        if purpose == "take_back" and not self._grant_for(company, purpose):
            return problems.local("nothing_to_take_back")
        return False

    def _grant_for(self, company, purpose):
        """Return what a company is to give the office or to take back; empty for a connection."""
        grants = self.env["l10n_pl_ksef.grant"]
        if purpose == "grant":
            return grants._ask(company, self.env.user)
        if purpose == "take_back":
            return grants._of_client(company, "given", "received", "left")
        return grants

    def _ask(self, company, asked):
        """Ask somebody to sign for a company; a link of the same person for it ends.

        :param company: the one that owns the connection
        :param dict asked: as of _obstacle
        :return: the request, whose mail is due unless the link is copied
        :raises LockBusy: the same person is signing for it just now
        """
        values = self._asked(company, asked)
        same = ("company_id", "purpose", "signer_name", "signer_email")
        former = [(name, "=", values[name]) for name in same]
        self.sudo().search([("state", "=", "open"), *former])._revoke()
        request = self.sudo().create(values)
        request._audit("asked")
        return request

    def _asked(self, company, asked):
        by_mail = asked.get("by") != "link"
        name = " ".join(asked["signer_name"].split())
        purpose = _one_of(PURPOSES, asked.get("purpose"))
        grant = self._grant_for(company, purpose)
        own = grant.office_id.company_id or self.env.user.company_id
        return {
            "company_id": company.id,
            "user_id": self.env.uid,
            "office_id": own.id,
            "purpose": purpose,
            "grant_id": grant.id,
            "signer_name": name[:LONGEST_NAME],
            "signer_email": _address(asked.get("signer_email") or ""),
            "lang": _one_of(LANGUAGES, asked.get("lang")),
            "valid_until": self._default_end(int(asked.get("hours") or DEFAULT_HOURS)),
            "mail_due": by_mail and "mail",
        }

    def _write_again(self, kind):
        """Have a mail with a new link sent: the first one once more, or a reminder."""
        usable = self.filtered(lambda request: request._is_usable() and request.signer_email)
        usable.write({"mail_due": kind, "mail_problem": False})


def _one_of(selection, wanted):
    """Return a value of a selection: the wanted one, or the first."""
    return wanted if wanted in dict(selection) else selection[0][0]


def _address(text):
    """Return the one e-mail address of a text; False if it holds none, or a space splits it."""
    # Of "jan kowalski@firma.pl" Odoo takes the end, which may be somebody else's.
    is_whole = len(text.split()) == 1 or "<" in text
    return is_whole and email_normalize(text)
