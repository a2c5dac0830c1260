import json
import time
from datetime import timedelta

from odoo import api, fields, models

from ...tools import clock, nip
from ...tools.auth_token_request import Context
from ...tools.deadline import Deadline
from ...tools.grantee import InvalidGrantee, grantee_of_certificate
from ...tools.grants import INVOICE_RIGHTS
from ..base import problems
from ..base.const import ENVIRONMENT_LABELS
from ..base.locks import fresh
from ..base.steps import LONGEST_RETRY, naive
from ..session.states import UNFINISHED
from ..vault.guard import refuse_typed_code
from ..vault.vault import encrypted
from .grant import grantee_of

EVERY_DAY = timedelta(hours=24)
# A login in its own context proves for so long that clients' rights would reach the office.
CONFIRMED_FOR = timedelta(days=3)
# KSeF's list of what clients gave is as good as new for so long.
LOOKED_LATELY = timedelta(minutes=1)
# Seconds between two looks at a login that somebody waits for.
PAUSE = 1
# Seconds that KSeF's answers may take where nobody waits any longer.
AT_ONCE = 5


class L10n_Pl_KsefOffice(models.Model):
    """The accounting office, as KSeF knows it: whom clients give rights (docs/design.md 21).

    Not a company's Tax ID: it is derived from the certificate that the office logs in with, and
    usable only while a login in its own context by that certificate works.
    """

    _name = "l10n_pl_ksef.office"
    _description = "KSeF office"
    _inherit = ["l10n_pl_ksef.vault.mixin"]
    _rec_name = "name"

    environment = fields.Selection(ENVIRONMENT_LABELS, required=True, readonly=True)
    # Whose accountants look after it; of a person's office, the company it logs in to.
    company_id = fields.Many2one(
        "res.company", string="Set in", required=True, readonly=True, ondelete="cascade"
    )
    certificate_id = fields.Many2one(
        "l10n_pl_ksef.certificate", readonly=True, index="btree_not_null", ondelete="set null"
    )
    kind = fields.Selection(
        [("nip", "NIP"), ("pesel", "PESEL"), ("fingerprint", "Fingerprint of the certificate")],
        string="KSeF knows it by",
        required=True,
        readonly=True,
    )
    name = fields.Char(required=True, readonly=True)
    number = fields.Char(required=True, readonly=True)
    grantee_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)
    user_id = fields.Many2one("res.users", string="Set by", readonly=True)
    set_at = fields.Datetime(string="Set on", readonly=True)
    confirmed_at = fields.Datetime(string="Last own login", readonly=True, copy=False)
    looked_at = fields.Datetime(string="Clients' rights looked up", readonly=True, copy=False)
    # The NIPs that companies here had at that moment.
    looked_for = fields.Json(readonly=True, copy=False)
    tried_at = fields.Datetime(readonly=True, copy=False)
    problem = fields.Json(readonly=True, copy=False)
    problem_text = fields.Char(string="What went wrong", compute="_compute_problem_text")
    is_usable = fields.Boolean(string="Usable", compute="_compute_is_usable")
    grant_ids = fields.One2many("l10n_pl_ksef.grant", "office_id", readonly=True)

    _one_of_each = models.UniqueIndex("(environment)", "There is an office already.")

    @api.depends("problem")
    @api.depends_context("lang")
    def _compute_problem_text(self):
        for office in self:
            problem, number = office.problem, office.number
            office.problem_text = problem and problems.paragraph(office.env, problem, nip=number)

    @api.depends("confirmed_at", "problem", "certificate_id.state")
    def _compute_is_usable(self):
        for office in self:
            office.is_usable = office.sudo()._is_usable()

    def _label(self):
        """Return its name and number for people; of a PESEL a part."""
        return f"{self.name}, {self.number}"

    def _now(self):
        return naive(clock.now())

    def _of_environment(self, principal):
        """Return the office of a company's environment, or nothing."""
        environment = ("environment", "=", principal.l10n_pl_ksef_environment)
        return self.sudo().search([environment], limit=1)

    def _is_usable(self):
        """Return True if a login in its own context by its certificate works."""
        confirmed = self.confirmed_at and self.confirmed_at + CONFIRMED_FOR > self._now()
        return bool(confirmed) and bool(self.certificate_id._usable())

    def _obstacle(self, principal):
        """Return what keeps a client from being asked for rights, or False."""
        office = self._of_environment(principal)
        if not office or not office._is_usable():
            return problems.local("office_missing")
        if principal.l10n_pl_ksef_context_type != "nip":
            return problems.local("office_unit")
        own = office.kind == "nip" and office._context().value == principal.l10n_pl_ksef_digits
        return problems.local("office_itself") if own else False

    def _context(self):
        """Return the context of its own login: its NIP, or the company that a person is set in."""
        if self.kind == "nip":
            return Context("Nip", grantee_of(self).number.value)
        return self.company_id._l10n_pl_ksef_context()

    # ------------------------------------------------------------------
    # Setting it
    # ------------------------------------------------------------------
    def _establish(self, principal, certificate, company_name):
        """Make who owns a certificate the office of its environment.

        The user has confirmed it by the password. Clients that were asked for the office before are
        asked anew: what they signed names another.

        :param principal: the company that the office is set in
        :param certificate: that the office logs in with
        :param str company_name: its full legal name, for an office with a NIP
        :return: False, or the problem
        """
        refuse_typed_code(self.env)
        try:
            values, subject = self._read_from(certificate, company_name)
        except InvalidGrantee as error:
            return problems.local(f"grantee_{error.reason}")
        office = self._of_environment(principal) or self.sudo()
        values |= {
            "company_id": principal.id,
            "certificate_id": certificate.id,
            "user_id": self.env.uid,
            "set_at": self._now(),
            "confirmed_at": False,
            "tried_at": False,
            "problem": False,
        }
        if office:
            office.write(values)
        else:
            office = office.create({**values, "environment": principal.l10n_pl_ksef_environment})
        office._keep(subject)
        office._agree_to_itself()
        return False

    def _read_from(self, certificate, company_name):
        """Return the columns and the sealed part of whom a certificate stands for."""
        grantee = grantee_of_certificate(
            certificate._stored_certificate(), company_name=company_name, issued_by_ksef=True
        )
        number = grantee.number
        columns = {"kind": number.kind, "name": grantee.name, "number": number.label}
        return columns, json.dumps(grantee.subject, sort_keys=True).encode()

    def _keep(self, subject):
        values = encrypted(self, grantee_secret=subject)
        del subject
        self.write(values)
        self.env["l10n_pl_ksef.audit"]._record(
            self.company_id, "office_set", environment=self.environment, detail=self._label()
        )

    def _agree_to_itself(self):
        """Keep that its certificate logs it in in its own context."""
        digits = self._context().value.replace("-", "")
        self.env["l10n_pl_ksef.agreement"]._agree(
            self.certificate_id, self.company_id, digits, "accepted"
        )

    def _follow(self, old, new):
        """Log in with the certificate that stands in for the one of now: same owner.

        :param old: certificates that agreements are moved from
        :param new: the one that they are moved to
        """
        self.sudo().search([("certificate_id", "in", old.ids)]).certificate_id = new

    # ------------------------------------------------------------------
    # Its own login
    # ------------------------------------------------------------------
    def _look_round(self):
        """Have each office log in once a day, and hear which clients gave it rights."""
        due = self._now() - EVERY_DAY
        for office in self.sudo().search(["|", ("tried_at", "=", False), ("tried_at", "<=", due)]):
            office.tried_at = self._now()
            self.env.cr.commit()
            if office.certificate_id:
                self.env["l10n_pl_ksef.session"]._begin_check(office)

    def _may_be_behind(self, principals):
        """Return True if clients may have given rights that nobody here has heard of.

        KSeF's list is looked up again after a moment, and at once for a NIP that no company had;
        one that KSeF keeps closed, or whose login it refuses, after an hour.

        :param principals: the clients that are asked about
        """
        if not self.certificate_id or self._was_refused_lately():
            return False
        looked = self.looked_at
        if not looked or looked + LOOKED_LATELY <= self._now():
            return True
        clients = principals.sudo().filtered_domain(self._of_clients())
        return not set(clients.mapped("l10n_pl_ksef_digits")) <= set(self.looked_for or [])

    def _was_refused_lately(self):
        """Return True if KSeF has just told nothing: it would say the same once more."""
        tried = self.problem and self.tried_at
        return bool(tried) and tried + LONGEST_RETRY > self._now()

    def _keys_to_clients(self, principal):
        """Return the certificates that open a company by rights that it gave, and by nothing else.

        Those on an office's NIP: what a person's may open, nobody knows beforehand.
        """
        offices = self.sudo().search([("kind", "=", "nip")])
        own = principal.l10n_pl_ksef_digits
        return offices.filtered(lambda one: nip.digits(one.number) != own).certificate_id

    def _check_now(self, user, wait_seconds=0):
        """Have it log in at once, as far as KSeF answers at once; other transactions see it.

        Who waits for it is kept no longer, but for one answer that KSeF gives only once.

        :param user: who asks
        :param float wait_seconds: how long the caller waits for KSeF's check of the login
        """
        self.tried_at = self._now()
        self.env.cr.commit()
        sessions, deadline = self.env["l10n_pl_ksef.session"], Deadline(wait_seconds)
        answers = Deadline(max(wait_seconds, AT_ONCE))
        sessions._begin_check(self, user)
        while True:
            self.env.cr.commit()
            self.env.invalidate_all()
            check = sessions.search([("office_id", "=", self.id)], limit=1)
            check.with_context(**answers.context())._advance()
            left = deadline.left
            with fresh(check) as seen:
                if seen.state not in UNFINISHED or left <= 0:
                    return
            time.sleep(min(left, PAUSE))

    def _has_logged_in(self, received, problem=False):
        """Keep that its own login works, and what clients gave it.

        :param received: of ReceivedRight; None where KSeF tells none
        :param dict problem: why KSeF tells none
        """
        now = self._now()
        self.write({"confirmed_at": now, "problem": problem})
        if received is not None:
            known = self.env["res.company"].search(self._of_clients())
            self.write({"looked_at": now, "looked_for": known.mapped("l10n_pl_ksef_digits")})
            self._compare(received)

    def _is_refused(self, problem):
        """Keep that its own login failed: no client is asked until it works again."""
        self.write({"problem": problem, "confirmed_at": False})

    # ------------------------------------------------------------------
    # What clients gave
    # ------------------------------------------------------------------
    def _compare(self, received):
        """Keep which companies of this Odoo gave it all it needs, and doubt what is not listed."""
        since = self._listed(received)
        standing = self.grant_ids.filtered(lambda one: one.state in ("given", "received"))
        known = standing | self._left_standing(since)
        for company in self._companies(set(since) - set(known.mapped("digits"))):
            self._receive(company, since[company.l10n_pl_ksef_digits])
        for grant in standing.filtered(lambda one: one.digits not in since):
            self._doubt(grant)

    def _listed(self, received):
        """Return since when it has all that it needs of a client, by the client's NIP."""
        rights, since = {}, {}
        for right in received:
            if right.context_type == "Nip" and right.scope in INVOICE_RIGHTS:
                rights.setdefault(right.context_value, set()).add(right.scope)
                moment = (right.since and naive(right.since)) or self._now()
                before = since.get(right.context_value, moment)
                since[right.context_value] = max(before, moment)
        return {nip: since[nip] for nip, scopes in rights.items() if scopes >= set(INVOICE_RIGHTS)}

    def _left_standing(self, since):
        """Return what it uses no more, and the client has neither taken back nor given anew.

        :param dict since: of _listed
        """
        left = self.grant_ids.filtered(lambda one: one.state == "left" and one._names(self))
        gone = left.filtered(lambda one: one.digits not in since and not one._is_new())
        for grant in gone if self.kind == "nip" else gone.browse():
            # It logs in there no more: nothing else has to end.
            grant.state = "returned"
            grant._audit("rights_returned", detail=grant.to_whom)
        return left.filtered(
            lambda one: one.state == "left" and one.ended_at >= since.get(one.digits, one.ended_at)
        )

    def _offer_again(self, principal):
        """Offer what it uses no more of a client and KSeF still lists: somebody asks for it."""
        grants = self.env["l10n_pl_ksef.grant"]
        left = grants._of_client(principal, "left")
        if (
            self.kind == "nip"
            and left._names(self)
            and not grants._of_client(principal, "given", "received")
        ):
            self._receive(principal, left.given_at)

    def _companies(self, numbers):
        """Return the companies of this Odoo that have one of some NIPs, in its environment."""
        return (
            self.env["res.company"]
            .search([("l10n_pl_ksef_digits", "in", list(numbers)), *self._of_clients()])
            .filtered(lambda company: company.l10n_pl_ksef_principal_id == company)
        )

    def _of_clients(self):
        """Return the domain of the companies that could be its clients."""
        return [
            ("l10n_pl_ksef_digits", "!=", False),
            ("l10n_pl_ksef_environment", "=", self.environment),
            ("l10n_pl_ksef_context_type", "=", "nip"),
        ]

    def _receive(self, company, since):
        """Keep that a client gave rights, which somebody has yet to accept."""
        grants = self.env["l10n_pl_ksef.grant"]
        asked = grants._of_client(company, "asked")
        if asked._is_being_given():
            return
        grant = asked._of_now() or grants._create_for(self, company, "received")
        grant.write({"state": "received", "given_at": since})
        grant._audit("rights_received", detail=grant.to_whom)

    def _doubt(self, grant):
        """Act on a grant that KSeF no longer lists: a login to the client decides."""
        if grant._is_new():
            return
        if grant.state == "received":
            grant._is_lost()
        elif self.kind == "nip":
            # What a client gave a person is in no list of another company's.
            self.env["l10n_pl_ksef.session"]._try_rights(grant)
