"""Scenarios of an office: a client gives it rights, by window or link, or takes them back."""

import base64
from datetime import timedelta
from functools import cached_property
from unittest.mock import patch

from odoo import Command

from odoo.addons.l10n_pl_ksef_auth.models.session.states import ENDED, ERRAND
from odoo.addons.l10n_pl_ksef_auth.screens import office as office_screen

from .common import DEMO_NIP, OWNER
from .own_database import OwnDatabaseCase, make_company

try:
    from ksef_simulator.identities import STRANGER
    from ksef_simulator.own_seals import OFFICE_NAME, OFFICE_NIP, sign_as_company
except ImportError:
    OFFICE_NAME = OFFICE_NIP = STRANGER = sign_as_company = None

BY_LINK, TAKEN_BACK = "rights by a link", "rights taken back"
# The order's answer was lost, and its signer may look no more: the office's own login proves it.
ORDER_LOST = "rights that nobody can look up"
# The office has no seal: clients name its accountant by the PESEL.
FOR_A_PERSON = "rights for a person"
# The office's daily login in its own context hears of what a client gave by itself.
LOOKED_ROUND = "rights that a client gave by itself"
OFFICE_BY_HAND = ("rights", BY_LINK, TAKEN_BACK, FOR_A_PERSON)
OFFICE = (*OFFICE_BY_HAND, ORDER_LOST, LOOKED_ROUND)
RIGHTS = ["InvoiceRead", "InvoiceWrite"]


class OfficeScenarios(OwnDatabaseCase):
    """The company is a client; a second one is the office, with a certificate on its own NIP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Nobody waits here for the office's own login: the clocks stand still.
        patience = patch.object(office_screen, "PATIENCE", 0)
        patience.start()
        cls.addClassCleanup(patience.stop)

    def signature(self, document, signer):
        """Have somebody sign a document; "office" is the office's seal."""
        if signer == "office":
            return sign_as_company(document, at=self.simulator.clock.now())
        return super().signature(document, signer)

    def prepare_office(self, scenario):
        """Bring the world to where the client's signer has signed, or has a file to sign."""
        self.simulator.world.add_company(OFFICE_NIP, OFFICE_NAME)
        self.become_office("stranger" if scenario == FOR_A_PERSON else "office")
        if scenario == LOOKED_ROUND:
            self.simulator.world.grant(OFFICE_NIP, DEMO_NIP, RIGHTS)
            self.travel(timedelta(hours=25))
            return
        if scenario == TAKEN_BACK:
            self.begin_office("rights", self.signed_for("rights"))
            self.go_on(timedelta(hours=1), until=lambda: self.is_given_or_back("rights"))
            self.settle()
        if scenario == ORDER_LOST:
            self.lose_order()
            return
        self.signed = self.signed_for(scenario)

    def lose_order(self):
        """Have the rights ordered and the answer lost; the signer then sees and gives no more."""
        self.simulator.faults.add("permission-grant", "lost")
        self.begin_office("rights", self.signed_for("rights"))
        self.go_on(timedelta(minutes=1), until=self.is_ordered)
        world = self.simulator.world
        world.revoke(OWNER.identity, DEMO_NIP)
        world.people[OWNER.pesel].nips.clear()
        world.grant(OWNER.identity, DEMO_NIP, ["InvoiceRead"])

    def is_ordered(self):
        """Return True if the client's login has sent the order."""
        with self.environment() as env:
            return bool(env["l10n_pl_ksef.grant"].search([], limit=1).sent_at)

    @cached_property
    def bureau_id(self):
        """The office's own company, which only its scenarios need."""
        with self.environment() as env:
            bureau = make_company(env, OFFICE_NAME, OFFICE_NIP)
            env["res.users"].browse(self.user_id).company_ids = [Command.link(bureau.id)]
            return bureau.id

    def become_office(self, signer):
        """Connect the office's own company, and make it the office.

        :param str signer: office for its seal, or stranger for its accountant
        """
        if signer == "stranger":
            self.simulator.world.grant(STRANGER.identity, OFFICE_NIP)
        with self.environment(self.user_id) as env:
            bureau = env["res.company"].browse(self.bureau_id)
            action = bureau.l10n_pl_ksef_open_authorization()
            window = self.signed_in(env, action, consent=True, signer=signer)
        with self.environment(self.user_id) as env:
            env["l10n_pl_ksef.authorization"].browse(window).authenticate()
        self.settle()
        with self.environment() as env:
            certificate = env["l10n_pl_ksef.certificate"].search([("usage", "=", "login")])
            bureau = env["res.company"].browse(self.bureau_id)
            env["l10n_pl_ksef.office"]._establish(bureau, certificate, OFFICE_NAME)
        self.settle()

    def signed_for(self, scenario):
        """Have the client's signer sign: the window's id, or of a link the request's and a file."""
        with self.environment(self.user_id) as env:
            company = env["res.company"].browse(self.company_id)
            company = company.with_company(company)
            if scenario == BY_LINK:
                return self.signed_by_link(env, company)
            if scenario == TAKEN_BACK:
                action = env["l10n_pl_ksef.grant"].search([], limit=1).action_take_back()
            else:
                action = company.l10n_pl_ksef_ask_for_rights()
            return self.signed_in(env, action, consent=None)

    def signed_by_link(self, env, company):
        """Ask by a link, and have its file signed; return the request's id and the file."""
        asked = {"signer_name": "Róża Żółć-Źdźbło", "by": "link", "purpose": "grant"}
        request = env["l10n_pl_ksef.request"]._ask(company.sudo(), asked)
        env.cr.commit()
        file = env["l10n_pl_ksef.signer.page"].sudo()._download(request, False)["file"]
        return request.id, self.signature(base64.b64decode(file), "owner")

    def begin_office(self, scenario, signed):
        """Have what was signed be sent: in the accountant's window, or on the link's page."""
        if scenario == BY_LINK:
            request_id, document = signed
            with self.environment() as env:
                request = env["l10n_pl_ksef.request"].browse(request_id)
                env["l10n_pl_ksef.signer.page"]._send(request, document, None, True)
            return
        with self.environment(self.user_id) as env:
            env["l10n_pl_ksef.authorization"].browse(signed).authenticate()

    def time_for(self, scenario):
        """Return how long a scenario may take: what is done once a day is done again tomorrow."""
        return timedelta(hours=30 if scenario == LOOKED_ROUND else 6)

    def is_given_or_back(self, scenario):
        """Return True if the rights are given, or taken back, and the client's login is closed."""
        with self.environment() as env:
            company = env["res.company"].browse(self.company_id)
            grant = env["l10n_pl_ksef.grant"].search([], limit=1)
            session = company._l10n_pl_ksef_session()
            if env["l10n_pl_ksef.session"].search_count([("state", "in", ERRAND)]):
                return False
            if scenario == LOOKED_ROUND:
                return grant.state == "received"
            if scenario == TAKEN_BACK:
                return grant.state == "returned" and not session
            asked = env["l10n_pl_ksef.request"].search([])
            if scenario == BY_LINK and asked[:1].state != "succeeded":
                return False
            return grant.state == "given" and bool(session.rights_checked_at)

    def what_is_wrong_at_office(self, scenario):
        """Return what must not be: rights twice or left, a secret of the signer's, or None."""
        whom = STRANGER.pesel if scenario == FOR_A_PERSON else OFFICE_NIP
        given = sorted(
            one.scope
            for one in self.simulator.world.all_grants()
            if (one.who.value, one.context.value) == (whom, DEMO_NIP)
        )
        if given != ([] if scenario == TAKEN_BACK else RIGHTS):
            return f"rights at KSeF: {given}"
        with self.environment() as env:
            if env["l10n_pl_ksef.grant"].search_count([]) != 1:
                return "not one record of what the client gave"
            over = [("grant_id", "!=", False), ("state", "in", ENDED)]
            for errand in env["l10n_pl_ksef.session"].search(over):
                # Which certificate KSeF let in is no secret.
                kept = set(errand._secret_fields()) - {"opened_with_secret"}
                if any(errand[name] for name in kept):
                    return "a secret of a login for one task is left"
            session = env["res.company"].browse(self.company_id)._l10n_pl_ksef_session()
            office = env["l10n_pl_ksef.office"].search([])
            if session and session.certificate_id != office.certificate_id:
                return "connected with another certificate than the office's"
            if session:
                session._shared_token()
        return None
