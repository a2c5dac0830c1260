"""An accounting office and its client, whose signer gives the office rights."""

import base64
from unittest.mock import patch

from odoo.addons.l10n_pl_ksef_auth.wizard import office_setup

from .common import KsefCase

try:
    from ksef_simulator.identities import STRANGER
    from ksef_simulator.own_seals import OFFICE_NAME, OFFICE_NIP, sign_as_company
except ImportError:
    OFFICE_NAME = OFFICE_NIP = sign_as_company = STRANGER = None


class OfficeCase(KsefCase):
    """An office with a certificate on its own NIP, set and confirmed; the company is its client."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bureau = cls.make_company(OFFICE_NAME, OFFICE_NIP)
        for user in (cls.accountant, cls.manager):
            user.company_ids |= cls.bureau

    def begin(self):
        self.simulator.world.add_company(OFFICE_NIP, OFFICE_NAME)
        type(self).office = self.make_office()

    def make_office(self):
        """Connect the office's own company with its seal, set it as the office, and return that."""
        self.connect_by_seal(self.bureau)
        return self.set_office()

    def connect_by_seal(self, company):
        """Connect a company with its own seal, and have its certificate issued."""
        window = self.open_window(company=company)
        whose = {"nip": company.l10n_pl_ksef_digits, "name": company.name}
        signed = sign_as_company(self.downloaded(window), at=self.simulator.clock.now(), **whose)
        self.attach(window, signed, consent=True)
        window.authenticate()
        self.follow(window)
        self.settle()

    def set_office(self, company=None, name=OFFICE_NAME, user=None):
        """Have a user set the office by a company's certificate, and return it."""
        company = company or self.bureau
        setup = self.env["l10n_pl_ksef.office.setup"].with_user(user or self.accountant)
        setup = setup.with_company(company).create(
            {
                "certificate_id": company._l10n_pl_ksef_certificate().id,
                "company_name": name,
            }
        )
        self.env.flush_all()
        # The scheduled action follows that login here, by the moved clock.
        with self.confirmed(), patch.object(office_setup, "PATIENCE", 0):
            setup.action_set()
        self.settle()
        return self.env["l10n_pl_ksef.office"]._of_environment(company)

    def asked(self, user=None):
        """Ask the client for rights, and return the window for its signer."""
        company = self.company.with_user(user or self.accountant)
        action = company.with_company(company).l10n_pl_ksef_ask_for_rights()
        # As at the end of the request: what KSeF decides next is done on other cursors.
        self.env.flush_all()
        return company.env["l10n_pl_ksef.authorization"].browse(action["params"]["wizard_id"])

    def sign_in(self, window, signer="owner"):
        """Sign what a window for one task wants, send it, and return the view at its end."""
        window.attach(
            "x.xml", base64.b64encode(self.signed(self.downloaded(window), signer)).decode()
        )
        window.authenticate()
        return self.follow(window)

    def given(self, signer="owner"):
        """Have the client's signer give the rights, and everything take its course."""
        self.sign_in(self.asked(), signer)
        self.settle()
        self.assertEqual(self.grant().state, "given", self.grant().problem)
        return self.grant()

    def grant(self):
        """Return the newest of what the client gave the office."""
        self.env.invalidate_all()
        return self.env["l10n_pl_ksef.grant"].search(
            [("company_id", "=", self.company.id)], limit=1
        )

    def rights_at_ksef(self, number=OFFICE_NIP):
        """Return the rights that the office has in the client's company, at KSeF."""
        world = self.simulator.world
        return sorted(
            one.scope
            for one in world.all_grants()
            if one.who.value == number and one.context.value == self.company.l10n_pl_ksef_digits
        )
