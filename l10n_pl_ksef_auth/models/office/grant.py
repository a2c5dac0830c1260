import json
import secrets
from contextlib import suppress

from odoo import api, fields, models

from ...tools import clock
from ...tools import nip as nip_tools
from ...tools.grantee import grantee_of_subject
from ...tools.identity import Identity
from ...tools.vault import VaultCorrupt
from ..base import problems
from ..base.const import ENVIRONMENT_LABELS
from ..base.steps import naive
from ..session.states import LAG, LIVE
from ..vault.guard import refuse_typed_code
from ..vault.vault import encrypted, read_secret, secret_digests

# A marker that nobody writes by chance, in bytes.
MARKER = 12


def grantee_of(record):
    """Return whom clients name: the office's present data, or a grant's frozen copy of them.

    :param record: of the office or of a grant
    :return: a tools.grantee.Grantee; it may hold a PESEL
    """
    return grantee_of_subject(json.loads(read_secret(record, "grantee_secret")))


class L10n_Pl_KsefGrant(models.Model):
    """What one client gave the office at KSeF, or is asked to give (docs/design.md 21).

    It holds a frozen copy of whom the client names; what is given is built from that copy alone.
    """

    _name = "l10n_pl_ksef.grant"
    _description = "KSeF rights of the office"
    _inherit = ["l10n_pl_ksef.vault.mixin"]
    _order = "id desc"
    _rec_name = "company_id"

    office_id = fields.Many2one(
        "l10n_pl_ksef.office", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company",
        string="Client",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    digits = fields.Char(string="NIP of the client, in digits", required=True, readonly=True)
    nip = fields.Char(string="NIP of the client", compute="_compute_nip")
    environment = fields.Selection(ENVIRONMENT_LABELS, required=True, readonly=True)
    state = fields.Selection(
        [
            ("asked", "Waiting for the client's signature"),
            ("received", "Given, waits to be accepted"),
            ("given", "Given"),
            ("refused", "Not given"),
            ("lost", "Gone"),
            ("returned", "Taken back"),
            ("left", "The office serves the client no more"),
        ],
        required=True,
        readonly=True,
        default="asked",
    )
    to_whom = fields.Char(string="Given to", readonly=True)
    grantee_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)
    # In the order's description: people know the order by it in KSeF's lists.
    marker = fields.Char(readonly=True, copy=False)
    # Kept before the order is sent: if its answer is lost, KSeF's list tells whether it arrived.
    sent_at = fields.Datetime(readonly=True, copy=False)
    reference_number = fields.Char(string="Number of the order", readonly=True, copy=False)
    given_at = fields.Datetime(string="Since", readonly=True, copy=False)
    ended_at = fields.Datetime(string="Ended", readonly=True, copy=False)
    user_id = fields.Many2one("res.users", string="Asked for by", readonly=True)
    problem = fields.Json(readonly=True, copy=False)
    problem_text = fields.Char(string="What went wrong", compute="_compute_problem_text")

    _one_of_each = models.UniqueIndex(
        "(office_id, company_id, digits) WHERE (state IN ('asked', 'received', 'given'))",
        "The client was asked already.",
    )

    @api.depends("digits")
    def _compute_nip(self):
        for grant in self:
            grant.nip = nip_tools.formatted(grant.digits)

    @api.depends("problem")
    @api.depends_context("lang")
    def _compute_problem_text(self):
        for grant in self:
            number = problems.number(grant.env, "", nip_tools.formatted(grant.digits))
            problem = grant.problem
            grant.problem_text = problem and problems.paragraph(grant.env, problem, nip=number)

    # ------------------------------------------------------------------
    # Which one
    # ------------------------------------------------------------------
    def _of(self, company, digits, environment, certificate):
        """Return what a certificate's logins to a client stand on; nothing if on no rights."""
        return self.sudo().search(
            [
                ("company_id", "=", company.id),
                ("digits", "=", digits),
                ("environment", "=", environment),
                ("office_id.certificate_id", "=", certificate.id),
                ("state", "=", "given"),
            ],
            limit=1,
        )

    def _of_office(self, certificates):
        """Return what clients gave the office that logs in with one of some certificates."""
        return self.sudo().search(
            [("office_id.certificate_id", "in", certificates.ids), ("state", "=", "given")]
        )

    def _carries(self, session):
        """Return True if a login of the office's to this client stands on this grant."""
        login = (
            session.company_id,
            session.context_digits,
            session.environment,
            session.certificate_id,
        )
        own = self.company_id, self.digits, self.environment, self.office_id.certificate_id
        return session.method == "certificate" and login == own

    def _of_client(self, principal, *states):
        """Return the newest grant of a client's present NIP in its environment."""
        return self.sudo().search(
            [
                ("company_id", "=", principal.id),
                ("digits", "=", principal.l10n_pl_ksef_digits),
                ("environment", "=", principal.l10n_pl_ksef_environment),
                ("state", "in", states),
            ],
            limit=1,
        )

    def _there_already(self, principal):
        """Return what a client has given: nobody accepted it, or its connection stands on it."""
        session = principal._l10n_pl_ksef_session()
        there = self._of_client(principal, "received", "given")
        return there.filtered(lambda one: one.state == "received" or one._carries(session))

    def _is_of_today(self):
        """Return True if the client still has the NIP and the environment of this grant."""
        company = self.company_id
        present = company.l10n_pl_ksef_digits, company.l10n_pl_ksef_environment
        return (self.digits, self.environment) == present

    def _is_new(self):
        """Return True while KSeF's lists may lack what the client has just given."""
        return bool(self.given_at) and self.given_at + LAG > self._now()

    def _names(self, office):
        """Return True if the client named an office by the name and number that it has now."""
        return self.to_whom == office._label()

    def _is_outdated(self):
        """Return True if the office is another than when the client was asked."""
        return read_secret(self, "grantee_secret") != read_secret(self.office_id, "grantee_secret")

    def _hindrance(self):
        """Return the problem that keeps the client's rights from being ordered, or False."""
        if self.state == "left":
            return problems.local("service_ended")
        if self._is_outdated():
            return problems.local("office_changed")
        return not self.office_id._is_usable() and problems.local("office_held_up")

    # ------------------------------------------------------------------
    # Asking
    # ------------------------------------------------------------------
    def _ask(self, principal, user):
        """Return what a client is asked for: as it was if nothing changed, else a new copy.

        :param principal: the client; its office is usable
        :param user: who asks
        """
        office = self.env["l10n_pl_ksef.office"]._of_environment(principal)
        asked = self._of_client(principal, "asked", "received", "given")._of_now()
        return asked or self._create_for(office, principal, "asked", user_id=user.id)

    def _of_now(self):
        """Return self if it names the office of now; another one is over, and nothing comes back.

        What the client gives from now on names the office of now.
        """
        # What cannot be read gives nothing.
        with suppress(VaultCorrupt):
            if not self or not self._is_outdated():
                return self
        over = "refused" if self.state == "asked" else "left"
        self.write({"state": over, "ended_at": self._now()})
        # Before a new one, for the unique index.
        self.flush_recordset()
        return self.browse()

    def _create_for(self, office, principal, state, **values):
        grant = self.sudo().create(
            {
                "office_id": office.id,
                "company_id": principal.id,
                "digits": principal.l10n_pl_ksef_digits,
                "environment": office.environment,
                "state": state,
                "to_whom": office._label(),
                **values,
            }
        )
        grant.write(encrypted(grant, grantee_secret=read_secret(office, "grantee_secret")))
        return grant

    def _mark(self):
        """Keep that an order is about to be sent, and the marker in its description."""
        marker = self.marker or f"odoo-{secrets.token_hex(MARKER)}"
        self.write({"marker": marker, "sent_at": self._now(), "reference_number": False})

    def _now(self):
        return naive(clock.now())

    # ------------------------------------------------------------------
    # What became of it
    # ------------------------------------------------------------------
    def _is_given(self, since=None):
        """Keep that the client gave the rights, and have the office log it in by them.

        Not once the service has ended: the daily look at KSeF's list offers what came since.
        """
        if self.state == "left":
            return
        self._displace()
        self.write(
            {
                "state": "given",
                "given_at": since or (self.state == "given" and self.given_at) or self._now(),
                "ended_at": False,
                "sent_at": False,
                "problem": False,
            }
        )
        self._audit("rights_given", detail=self.to_whom)
        if self.office_id.certificate_id:
            self._agree()
            self.env["l10n_pl_ksef.session"]._begin_by_rights(self)

    def _displace(self):
        """End what else is open of this client: one of them stands for the rights at KSeF."""
        others = self.search(
            [
                ("id", "!=", self.id),
                ("office_id", "=", self.office_id.id),
                ("company_id", "=", self.company_id.id),
                ("digits", "=", self.digits),
                ("state", "in", ("asked", "received", "given")),
            ]
        )
        others.write({"state": "refused", "ended_at": self._now()})
        # Before self, for the unique index.
        others.flush_recordset()

    def _agree(self):
        """Keep that the office's certificate logs the client in for the NIP of this grant.

        Its owner is whom the client named: the frozen copy says so.
        """
        number = grantee_of(self).number
        named = secret_digests(self.env, Identity(number.kind, number.value, ""))
        del number
        self.env["l10n_pl_ksef.agreement"]._agree(
            self.office_id.certificate_id,
            self.company_id,
            self.digits,
            "rights",
            owner=named[0],
            user_id=self.user_id.id,
        )

    def _is_refused(self, problem):
        """Keep why the client's rights did not come, or could not be taken back."""
        self.problem = problem
        if self.state == "asked":
            self.state = "refused"
        self._audit("rights_refused", problem=problems.of_audit(problem, self.digits))

    def _has_not_arrived(self, problem):
        """Keep that no login of the office's shows the rights that the client's signer ordered."""
        self._is_refused(problem)
        if self.state == "refused":
            agreed = self.office_id.certificate_id._agreements_for(self.company_id, self.digits)
            agreed.filtered(lambda one: one.how == "rights").unlink()

    def _is_being_given(self):
        """Return True while a login of the client's gives them, or the office's looks for them."""
        live = [("grant_id", "in", self.ids), ("state", "in", LIVE)]
        at_it = ["|", ("state", "!=", "waiting"), ("purpose", "=", "office")]
        return bool(self.env["l10n_pl_ksef.session"].sudo().search_count(live + at_it, limit=1))

    def _is_lost(self):
        """Keep that KSeF no longer lets the office in."""
        self.write({"state": "lost", "ended_at": self._now()})
        self._audit("rights_lost", detail=self.to_whom)

    def _is_taken_back(self):
        """Keep that the client's rights for the office are gone from KSeF's list."""
        self.write({"state": "returned", "ended_at": self._now(), "problem": False})
        self._audit("rights_returned", detail=self.to_whom)
        certificate = self.office_id.certificate_id
        if certificate:
            certificate._serve_no_more(self.company_id, self.digits)
            self.env["l10n_pl_ksef.session"]._close_logins_by(certificate, self.company_id)

    # ------------------------------------------------------------------
    # What an accountant does
    # ------------------------------------------------------------------
    def _accept(self, user):
        """Have the office log clients in that gave it rights by themselves.

        :param user: holds the role, manages the clients, and gave the password
        """
        refuse_typed_code(self.env)
        for grant in self.filtered(lambda one: one.state == "received" and one._is_of_today()):
            grant.user_id = user
            grant._agree()
            grant._is_given(grant.given_at)

    def _end_service(self):
        """Serve a client no more: its links end, and nothing logs it in again.

        The keys of people's certificates that have served this client alone are forgotten.
        What it gave stands at KSeF until the client takes it back.

        :raises LockBusy: another worker is at the certificate, or somebody is signing just now
        """
        self.env["l10n_pl_ksef.request"]._revoke_all_of(self.company_id)
        self.env["l10n_pl_ksef.certificate"]._forget_keys_of(self.company_id)
        self.write({"state": "left", "ended_at": self._now()})
        self._audit("client_left", detail=self.to_whom)
        certificate = self.office_id.certificate_id
        if certificate:
            certificate._serve_no_more(self.company_id, self.digits)

    def _audit(self, event_name, **values):
        self.env["l10n_pl_ksef.audit"]._record(
            self.company_id,
            event_name,
            environment=self.environment,
            reference=self.reference_number,
            **({"user_id": self.user_id.id} if self.user_id else {}),
            **values,
        )
