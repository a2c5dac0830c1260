from contextlib import contextmanager
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.l10n_pl_edi.models.res_company import ResCompany
from odoo.addons.l10n_pl_edi.tools.ksef_api_service import KsefApiService
from odoo.addons.l10n_pl_ksef_auth.tests.common import put

from .common import EdiCase

BILLS = "_cron_l10n_pl_edi_download_bills"
OFFLINE = "_cron_l10n_pl_edi_send_offline"


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
    for company in moves.env["res.company"].search([("l10n_pl_edi_access_token", "!=", False)]):
        KsefApiService(company).open_ksef_session()


def _offline_cron(moves):
    """Stand in for the scheduled action of l10n_pl_edi_qr_code, which sends without a window."""
    waiting = [("l10n_pl_edi_status", "in", ("offline_pending", "offline_failed"))]
    for move in moves.search(waiting):
        service = KsefApiService(move.company_id)
        service.open_ksef_session()
        answer = service.send_invoice(move._l10n_pl_edi_render_xml().encode())
        values = {"l10n_pl_edi_status": "sent", "l10n_pl_edi_ref": answer["referenceNumber"]}
        move.write(values)


@tagged("post_install", "-at_install")
class TestLaterBuilds(EdiCase):
    @contextmanager
    def run_cron(self, method, double):
        """Run a scheduled action that an addon loaded after ours brings along.

        The block gets the number of requests that KSeF refused for their token.
        """
        action = self.env["ir.cron"].create(
            {
                "name": method,
                "model_id": self.env["ir.model"]._get_id("account.move"),
                "state": "code",
                "code": f"model.{method}()",
                "interval_number": 1,
                "interval_type": "days",
            }
        )
        before = self.simulator.requests.count(status=401)
        with patch.object(self.registry["account.move"], method, double, create=True):
            self.assertIs(action.method_direct_trigger(), True)
        self.env.invalidate_all()
        yield self.simulator.requests.count(status=401) - before

    def offline(self, status="offline_pending"):
        """Post an invoice that was issued offline, and return it."""
        move = self.invoice()
        move.flush_recordset()
        # This build does not know the status.
        self.env.cr.execute(
            "UPDATE account_move SET l10n_pl_edi_status = %s WHERE id = %s", (status, move.id)
        )
        move.invalidate_recordset()
        return move

    def test_the_bills_cron_finds_our_companies_with_a_fresh_token(self):
        self.connect()
        self.travel(minutes=16)
        with self.counted("refresh") as refreshes, self.run_cron(BILLS, _bills_cron) as refused:
            self.assertEqual(refused, 0)
        self.assertEqual(refreshes["calls"], 1)
        self.assertTrue(self.fields_of_sender()["l10n_pl_edi_session_id"])

    def test_the_bills_cron_goes_on_when_one_company_can_get_no_token(self):
        other = self.make_company("Druga Sp. z o.o.", "1234563218")
        self.accountant.company_ids += other
        owner = next(iter(self.simulator.world.people))
        self.simulator.world.grant(owner, "1234563218")
        put(self.connect(company=other), state="expired")
        self.connect()
        self.travel(minutes=16)
        with self.counted("refresh") as refreshes, self.run_cron(BILLS, lambda moves: None):
            pass
        self.assertEqual(refreshes["calls"], 1)

    def test_the_offline_cron_finds_a_fresh_token(self):
        self.connect()
        move = self.offline()
        self.travel(minutes=16)
        with self.counted("refresh") as refreshes, self.run_cron(OFFLINE, _offline_cron) as refused:
            self.assertEqual(refused, 0)
        self.assertEqual(refreshes["calls"], 1)
        self.assertEqual(move.l10n_pl_edi_status, "sent")

    def test_the_offline_cron_follows_a_login_with_the_certificate(self):
        self.certified()
        move = self.offline()
        with self.company._l10n_pl_ksef_client() as client:
            client.revoke_current_session(self.company.l10n_pl_ksef_access_token())
        self.travel(minutes=16)
        with self.run_cron(OFFLINE, _offline_cron) as refused:
            self.assertEqual(refused, 0)
        self.assertEqual(move.l10n_pl_edi_status, "sent")

    def test_after_a_failure_the_offline_cron_opens_another_online_session(self):
        self.connect()
        self.sent()
        self.simulator.interrupt_sessions()
        move = self.offline("offline_failed")
        with self.run_cron(OFFLINE, _offline_cron):
            self.assertEqual(move.l10n_pl_edi_status, "sent")

    def test_the_offline_cron_renews_nothing_while_no_invoice_waits(self):
        self.connect()
        self.travel(minutes=16)
        with self.counted("refresh") as refreshes, self.run_cron(OFFLINE, _offline_cron):
            pass
        self.assertEqual(refreshes["calls"], 0)

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
