from odoo.tests import tagged

from .common import KsefCase


@tagged("post_install", "-at_install")
class TestLostRequests(KsefCase):
    """Odoo replays a request or its worker dies: KSeF has the file, the window knows nothing."""

    def lose_request(self, window, method):
        """Call a method, then undo its own changes, but not those that it committed beside."""
        names = ("step", "session_id", "document_name", "document_secret", "problem")
        self.env.flush_all()
        kept = {name: window.sudo()[name] for name in names}
        getattr(window, method)()
        window.sudo().write({**kept, "session_id": kept["session_id"].id})
        self.env.invalidate_all()

    def test_a_login_goes_on_when_odoo_replays_the_request_that_sent_it(self):
        window = self.open_window()
        self.attach(window, self.signed(self.downloaded(window)))
        self.lose_request(window, "authenticate")
        with self.counted("xades-signature") as sent:
            self.assertEqual(window.authenticate()["step"], "verify")
        self.assertEqual(sent["calls"], 0)
        self.assertTrue(self.follow(window)["result"])

    def test_a_window_opened_after_its_worker_died_goes_on_with_the_login(self):
        self.simulator.settings.auth_delay = 30
        window = self.open_window()
        signed = self.signed(self.downloaded(window))
        self.travel(minutes=1)
        self.downloaded(window)
        self.attach(window, signed)
        self.lose_request(window, "authenticate")
        self.travel(minutes=11)
        self.assertEqual(self.open_window().view()["step"], "verify")
        self.assertTrue(self.follow(window)["result"])

    def lose_refused_login(self):
        """Return a window that lost its request, and whose login KSeF has refused since."""
        window = self.open_window()
        self.attach(window, self.signed(self.downloaded(window), "stranger"))
        self.lose_request(window, "authenticate")
        self.travel(seconds=5)
        self.advance(window.sudo().session_id)
        return window

    def assertToldOfNoRights(self, view):
        self.assertEqual(view["step"], "download")
        self.assertIn("no rights", view["problem"]["text"])

    def test_a_replayed_request_tells_why_ksef_refused_the_login_meanwhile(self):
        window = self.lose_refused_login()
        with self.counted("xades-signature") as sent:
            self.assertToldOfNoRights(window.authenticate())
        self.assertEqual(sent["calls"], 0)

    def test_a_window_opened_after_its_worker_died_tells_why_ksef_refused_the_login(self):
        self.lose_refused_login()
        self.assertToldOfNoRights(self.open_window().view())
