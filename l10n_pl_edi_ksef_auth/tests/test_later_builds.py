from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.l10n_pl_edi.models.account_move import AccountMove
from odoo.addons.l10n_pl_edi.models.res_company import ResCompany
from odoo.addons.l10n_pl_edi.tools.ksef_api_service import KsefApiService

from .common import EdiCase


def _login_cron(companies):
    """Stand in for later builds' scheduled action that logs in every six days."""
    for company in companies.search([("l10n_pl_edi_certificate", "!=", False)]):
        values = {
            "company_id": company.id,
            "l10n_pl_edi_certificate": company.l10n_pl_edi_certificate.id,
        }
        companies.env["res.config.settings"].new(values)._l10n_pl_edi_ksef_authenticate()


def _bills_cron(moves):
    """Stand in for later builds' scheduled action that fetches vendor bills."""
    found = moves.env["res.company"].search([("l10n_pl_edi_access_token", "!=", False)])
    headers = {company: KsefApiService(company)._make_headers for company in found}
    return {company: make(company.l10n_pl_edi_access_token) for company, make in headers.items()}


@tagged("post_install", "-at_install")
class TestLaterBuilds(EdiCase):
    def test_without_their_crons_nothing_is_missing(self):
        self.assertIsNone(self.env["account.move"]._cron_l10n_pl_edi_download_bills())

    def test_the_bills_cron_finds_our_companies_with_a_fresh_token(self):
        self.connect()
        self.travel(minutes=16)
        with (
            patch.object(AccountMove, "_cron_l10n_pl_edi_download_bills", _bills_cron, create=True),
            self.counted("refresh") as refreshes,
        ):
            headers = self.env["account.move"]._cron_l10n_pl_edi_download_bills()
        self.assertEqual(refreshes["calls"], 1)
        self.env.invalidate_all()
        token = self.company.l10n_pl_ksef_access_token()
        self.assertEqual(headers[self.company]["Authorization"], f"Bearer {token}")

    def test_the_login_cron_leaves_our_companies_as_they_are(self):
        self.connect()
        self.company.l10n_pl_edi_certificate = self.env["certificate.certificate"].create(
            {"name": "x", "content": b"eA==", "company_id": self.company.id}
        )
        with (
            patch.object(ResCompany, "_cron_l10n_pl_edi_refresh_tokens", _login_cron, create=True),
            self.counted("challenge") as logins,
        ):
            self.env["res.company"]._cron_l10n_pl_edi_refresh_tokens()
        self.assertEqual(logins["calls"], 0)
        self.assertTrue(self.fields_of_sender()["l10n_pl_edi_access_token"])
