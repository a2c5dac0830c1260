import time

from odoo.tests import tagged

from .common import OWNER, KsefCase

COMPANIES = 50
# To connect all others: the button, the password, its button.
CLICKS = 3


@tagged("post_install", "-at_install")
class TestFiftyCompanies(KsefCase):
    """An accounting office: fifty companies, one person who signs for all of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.companies = cls.company + cls.make_clients(COMPANIES - 1)

    def begin(self):
        began = time.monotonic()
        # The office's signer has rights in all of them, as ZAW-FA gives them.
        for company in self.companies[1:]:
            self.simulator.world.grant(OWNER.identity, company.vat.removeprefix("PL"))
        with self.counted("xades-signature") as signatures:
            self.certified()
        answers = len(self.connect_all_but_the_first())
        # KSeF had not judged all of them at once: the scheduled action finishes without a click.
        self.settle()
        type(self).measured = signatures["calls"], answers, time.monotonic() - began

    def test_fifty_companies_need_one_signature_and_one_certificate(self):
        signatures, answers, seconds = self.measured
        states = {company: self.panel(company=company)["state"] for company in self.companies}
        issued = len(self.simulator.state.certificates)
        applications = sum(self.simulator.state.enrollments_made.values())
        connected = list(states.values()).count("connected")
        self.figures(
            f"fifty companies: {connected} connected, {signatures} signature,"
            f" {issued} certificate, {applications} enrollment request, {CLICKS} clicks"
            f" after the first company ({seconds:.0f} s)"
        )
        self.assertEqual(answers, COMPANIES - 1)
        self.assertEqual(len(self.env["l10n_pl_ksef.agreement"].search([])), COMPANIES)
        found = (connected, signatures, issued, applications)
        self.assertEqual(found, (COMPANIES, 1, 1, 1))

    def connect_all_but_the_first(self):
        """Connect all other companies as the accountant does on the Account screen.

        One password for all: the agreement to their NIPs is one call.
        """
        others = self.companies[1:].with_user(self.accountant)
        self.agree(others)
        return others.l10n_pl_ksef_connect_with_certificate()

    def now(self):
        return self.env["l10n_pl_ksef.session"]._now()

    def test_each_of_fifty_companies_stays_connected_by_itself(self):
        self.settle(days=4, hours=23)
        renewed = self.companies.mapped(lambda company: company._l10n_pl_ksef_session().renew_at)
        self.assertTrue(all(moment > self.now() for moment in renewed))
        self.assertEqual(len(self.simulator.state.certificates), 1)
