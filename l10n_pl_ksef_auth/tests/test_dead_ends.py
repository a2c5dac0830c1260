from datetime import timedelta

from odoo.tests import tagged
from odoo.tools import format_time

from .common import KsefCase


@tagged("post_install", "-at_install")
class TestDeadEnds(KsefCase):
    """Whatever keeps the window from going on, it says so in one place, and where to go on."""

    def stop(self, view):
        """Return the one thing that keeps the attached file from being sent."""
        (finding,) = (one for one in view["reading"]["findings"] if one["level"] == "stop")
        return finding

    # ------------------------------------------------------------------
    # The attached file and the request
    # ------------------------------------------------------------------
    def test_a_new_download_detaches_the_file_that_was_signed_before(self):
        window = self.open_window()
        self.attach(window, self.signed(self.downloaded(window)), consent=True)
        self.travel(minutes=1)
        self.simulator.faults.add("challenge", "503")
        self.assertTrue(window.prepare_download()["document"])
        view = window.prepare_download()
        self.assertFalse(view["document"] or view["reading"] or view["answer"])

    def test_the_time_left_is_that_of_the_attached_file(self):
        window = self.open_window()
        signed = self.signed(self.downloaded(window))
        self.travel(minutes=4)
        self.downloaded(window)
        view = self.attach(window, signed)
        self.assertTrue(view["reading"]["can_send"])
        self.assertAlmostEqual(view["reading"]["challenge"]["seconds_left"], 360, delta=5)
        self.assertAlmostEqual(view["challenge"]["seconds_left"], 600, delta=5)

    def test_an_old_file_says_when_it_was_downloaded_and_which_one_to_choose(self):
        self.accountant.tz = "Europe/Warsaw"
        window = self.open_window()
        signed = self.signed(self.downloaded(window))
        begun = window.sudo().session_id.challenge_expires_at - timedelta(minutes=10)
        self.travel(minutes=11)
        stop = self.stop(self.attach(window, signed))
        self.assertTrue(stop["needs_download"])
        window.prepare_download()
        view = self.attach(window, signed)
        stop = self.stop(view)
        first, newest = (self.local(moment) for moment in (begun, begun + timedelta(minutes=11)))
        self.assertIn(first, stop["text"])
        self.assertIn(newest, stop["action"])
        self.assertFalse(stop["needs_download"])
        # Beside it no countdown of another file runs.
        self.assertEqual(view["reading"]["challenge"]["seconds_left"], 0)

    def local(self, moment):
        """Return a moment as the accountant's clock shows it."""
        return format_time(self.env(user=self.accountant), moment, time_format="short")

    # ------------------------------------------------------------------
    # Another company's file
    # ------------------------------------------------------------------
    def file_of_another(self, other, user=None):
        """Return our window, and its view with a file that was signed for another company."""
        theirs = self.open_window(user or self.manager, other)
        signed = self.signed(self.downloaded(theirs))
        window = self.open_window()
        self.downloaded(window)
        return window, self.attach(window, signed)

    def test_the_file_of_another_company_names_it_and_goes_on_there_in_one_click(self):
        other = self.make_company("Inna Sp. z o.o.", "1111111111")
        self.accountant.company_ids |= other
        window, view = self.file_of_another(other, self.accountant)
        stop = self.stop(view)
        self.assertEqual(stop["code"], "other_company")
        self.assertEqual(stop["switch_to"], {"id": other.id, "name": "Inna Sp. z o.o."})
        action = window.change_company()
        self.assertEqual(action["params"]["company_id"], other.id)
        there = window.browse(action["params"]["wizard_id"]).view()
        self.assertEqual((there["step"], there["company_name"]), ("upload", "Inna Sp. z o.o."))
        self.assertTrue(there["reading"]["can_send"])
        self.assertFalse(window.view()["document"])

    def test_a_company_of_others_is_not_named(self):
        other = self.make_company("Inna Sp. z o.o.", "1111111111")
        self.manager.company_ids |= other
        _window, view = self.file_of_another(other)
        stop = self.stop(view)
        self.assertNotIn("Inna", str(view))
        self.assertIn("(NIP 111-111-11-11)", stop["text"])
        self.assertFalse(stop.get("switch_to"))

    def test_beside_a_file_of_others_a_new_one_is_offered_once_no_other_can_be_signed(self):
        other = self.make_company("Inna Sp. z o.o.", "1111111111")
        self.manager.company_ids |= other
        window, view = self.file_of_another(other)
        self.assertFalse(self.stop(view).get("needs_download"))
        self.travel(minutes=11)
        stop = self.stop(window.view())
        self.assertTrue(stop["needs_download"])
        self.assertIn("Download a new file for this company", stop["action"])

    # ------------------------------------------------------------------
    # What the company or the signer lacks
    # ------------------------------------------------------------------
    def test_without_a_nip_the_window_opens_with_the_one_way_on(self):
        self.company.vat = False
        administrator = self.make_user("ksef_root", "base.group_system")
        administrator.write({"name": "Adam Nowak", "email": "adam@example.com"})
        view = self.open_window().view()
        self.assertTrue(view["blocked"])
        self.assertFalse(view["problem"]["opens_company"])
        self.assertEqual(
            view["problem"]["administrator"], {"name": "Adam Nowak", "email": "adam@example.com"}
        )
        with self.counted("challenge") as asked:
            self.open_window().prepare_download()
        self.assertEqual(asked["calls"], 0)
        self.accountant.group_ids |= self.env.ref("base.group_erp_manager")
        self.assertTrue(self.open_window().view()["problem"]["opens_company"])
        self.company.vat = "PL5265877635"
        self.assertFalse(self.open_window().view()["problem"])

    def test_who_lacks_rights_is_led_to_the_ministrys_pages(self):
        window = self.open_window()
        self.send_signed(window, "stranger")
        links = self.follow(window)["problem"]["links"]
        self.assertEqual(len(links), 2)
        self.assertIn("ZAW-FA", links[1]["label"])
        for link in links:
            self.assertRegex(link["url"], r"^https://(\w+\.)+gov\.pl/")
        self.assertEqual(self.panel()["problem"]["links"], links)

    def test_a_closed_window_opens_again_where_the_refusal_leads(self):
        window = self.open_window()
        self.send_signed(window, "stranger")
        self.run_scheduled_action()
        self.settle(days=0)
        again = self.open_window()
        view = again.view()
        self.assertEqual((again, view["step"]), (window, "download"))
        self.assertIn("no rights", view["problem"]["text"])

    def test_a_question_that_changes_nothing_at_ksef_is_not_said_to_have_arrived(self):
        self.simulator.faults.add("challenge", "reset")
        problem = self.open_window().prepare_download()["problem"]
        self.assertNotIn("may have received", problem["text"])
        self.simulator.faults.add("xades-signature", "lost")
        window = self.open_window()
        self.send_signed(window)
        self.assertIn("may have received", self.panel()["problem"]["text"])
