from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.models.session import signed_file

from .common import KsefCase


@tagged("post_install", "-at_install")
class TestUpload(KsefCase):
    """The window catches these files before it sends anything."""

    def setUp(self):
        super().setUp()
        self.window = self.open_window()
        self.document = self.downloaded(self.window)

    def assertStopped(self, document):
        """Check that the file is not sent, the findings say why, and the user stays on the step."""
        self.window.go("upload")
        with self.counted("xades-signature") as sent:
            self.attach(self.window, document)
            view = self.window.authenticate()
        self.assertEqual(sent["calls"], 0)
        self.assertEqual(view["step"], "upload")
        self.assertFalse(view["reading"]["can_send"])
        finding = view["reading"]["findings"][0]
        self.assertTrue(finding["text"] and finding["action"])
        return finding["code"]

    def readings(self, call):
        """Return how often a call of the window reads the attached file."""
        with patch.object(signed_file, "read", wraps=signed_file.read) as read:
            call()
        return read.call_count

    def test_the_file_is_read_once_for_each_look_at_it_and_never_while_ksef_checks_it(self):
        self.simulator.settings.auth_delay = 30
        self.attach(self.window, self.signed(self.document))
        self.assertEqual(self.readings(self.window.view), 1)
        self.assertEqual(self.readings(self.window.authenticate), 1)
        self.assertEqual(self.readings(self.window.follow), 0)
        self.assertEqual(self.readings(self.window.view), 0)

    def test_a_file_that_ksef_refuses_is_shown_with_its_reading_again(self):
        self.simulator.faults.add("xades-signature", "503")
        self.attach(self.window, self.signed(self.document))
        self.assertEqual(self.window.authenticate()["step"], "verify")
        self.simulator.faults.add("xades-signature", "refusal", code=21001)
        self.travel(minutes=2)
        shown = []
        self.assertEqual(self.readings(lambda: shown.append(self.window.follow())), 1)
        self.assertEqual(shown[0]["step"], "upload")
        self.assertTrue(shown[0]["reading"]["signer"])

    def test_a_file_for_a_company_without_a_nip_is_answered_by_what_is_missing(self):
        self.company.vat = False
        self.window.go("upload")
        view = self.attach(self.window, self.document)
        self.assertFalse(view["reading"])
        self.assertIn("NIP", view["problem"]["text"])

    def test_four_wrong_files_have_four_different_explanations(self):
        other_nip = self.signed(self.document.replace(b"5265877635", b"1111111111"))
        challenge = self.window.sudo().session_id.challenge.encode()
        another = challenge[:-2] + (b"00" if challenge[-2:] != b"00" else b"01")
        codes = {
            self.assertStopped(self.document),
            self.assertStopped(b"to nie jest XML"),
            self.assertStopped(other_nip),
            self.assertStopped(self.signed(self.document.replace(challenge, another))),
        }
        self.assertEqual(len(codes), 4)

    def test_a_file_may_have_any_name(self):
        for name in ("a\0b.xml", "pół znaku \ud83d.xml", "😀" * 300):
            with self.subTest(name=repr(name)):
                view = self.attach(self.window, self.document, name)
                self.env.flush_all()
                self.assertTrue(view["document"]["name"])

    def test_an_earlier_download_that_still_lives_is_accepted(self):
        signed = self.signed(self.document)
        self.travel(minutes=3)
        self.downloaded(self.window)
        self.attach(self.window, signed)
        self.window.authenticate()
        self.assertTrue(self.follow(self.window)["result"])

    def test_a_request_of_more_than_ten_minutes_is_stopped(self):
        signed = self.signed(self.document)
        self.travel(minutes=11)
        self.assertStopped(signed)

    def test_the_signer_is_named_before_anything_is_sent(self):
        view = self.attach(self.window, self.signed(self.document))
        signer = view["reading"]["signer"]
        self.assertIn("Róża", signer["name"])
        self.assertNotRegex(signer["masked"], r"\d{3}")

    def test_after_the_mistake_the_right_file_connects_with_the_same_challenge(self):
        self.assertStopped(self.document)
        self.attach(self.window, self.signed(self.document))
        with self.counted("challenge") as challenges:
            self.window.authenticate()
            self.assertTrue(self.follow(self.window)["result"])
        self.assertEqual(challenges["calls"], 0)

    def test_a_damaged_signature_is_stopped(self):
        signed = self.signed(self.document)
        damaged = signed.replace(b"SignatureValue>", b"SignatureValue>AAAA", 1)
        self.assertEqual(self.assertStopped(damaged), "bad_signature")
