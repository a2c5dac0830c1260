import base64
from datetime import timedelta
from itertools import count
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.tools.transport import Transport

from .common import put
from .office_case import OFFICE_NIP, OfficeCase

try:
    from ksef_simulator.identities import OWNER
except ImportError:
    OWNER = None

RIGHTS = ["InvoiceRead", "InvoiceWrite"]


class Killed(BaseException):
    """The process ends here: nothing handles it."""


class Dying:
    """Kills the process before or after one of the requests about rights, or of the closing.

    :param int point: twice the request's number, and one more for after it
    """

    def __init__(self, point):
        self.left, self.is_dead = point, False

    def __enter__(self):
        original = Transport.request

        def request(transport, method, path, *args, **kwargs):
            counts = "permissions" in path or method == "DELETE"
            self._pass(counts)
            answer = original(transport, method, path, *args, **kwargs)
            self._pass(counts)
            return answer

        self.patch = patch.object(Transport, "request", request)
        self.patch.start()
        return self

    def __exit__(self, kind, *_error):
        self.patch.stop()
        return kind is Killed

    def _pass(self, counts):
        if counts and not self.is_dead and not self.left:
            self.is_dead = True
            raise Killed
        self.left -= counts


@tagged("post_install", "-at_install")
class TestLostOrders(OfficeCase):
    """Whatever is lost on the way, the client gives its rights once."""

    def test_an_order_whose_answer_was_lost_is_found_in_the_list(self):
        self.simulator.faults.add("permission-grant", "lost")
        with self.counted("permission-grant") as orders:
            grant = self.given()
        self.assertEqual((orders["calls"], grant.state), (1, "given"))
        self.assertEqual(self.rights_at_ksef(), RIGHTS)

    def test_an_order_that_never_arrived_is_sent_once_more_after_two_looks(self):
        self.simulator.faults.add("permission-grant", "reset")
        grant = self.given()
        self.assertEqual((grant.state, self.rights_at_ksef()), ("given", RIGHTS))

    def test_an_order_that_ksef_cancelled_is_ordered_anew(self):
        self.simulator.settings.force_permission_status = {"code": 550, "times": 1}
        grant = self.given()
        self.assertEqual((grant.state, self.rights_at_ksef()), ("given", RIGHTS))

    def test_an_order_that_ksef_refused_is_told(self):
        self.simulator.settings.force_permission_status = {"code": 430, "times": 1}
        view = self.sign_in(self.asked())
        self.assertIn("cannot give such rights", view["problem"]["text"])
        self.settle()
        errand = self.env["l10n_pl_ksef.session"].search([("purpose", "=", "grant")], limit=1)
        self.assertEqual((errand.state, errand.refresh_token_secret), ("revoked", False))

    def test_wherever_odoo_dies_the_rights_are_given_once_and_the_login_is_forgotten(self):
        """Odoo dies before or after each request of the login for a grant, then goes on."""
        for point in count():
            with self.subTest(point=point), self.counted("permission-grant") as orders:
                died = self.errand_dying_at(point)
                self.settle(minutes=1)
            errand = self.errand()
            self.assertEqual((self.rights_at_ksef(), orders["calls"]), (RIGHTS, 1))
            self.assertEqual((errand.state, errand.refresh_token_secret), ("revoked", False))
            self.simulator.world.remove(lambda one: one.who.value == OFFICE_NIP)
            if not died:
                break
        self.assertGreater(point, 9)

    def errand(self):
        """Return the newest login for a grant."""
        self.env.invalidate_all()
        return self.env["l10n_pl_ksef.session"].search([("purpose", "=", "grant")], limit=1)

    def errand_dying_at(self, point):
        """Have the client sign, and Odoo die at a point of the errand; return whether it did."""
        window = self.asked()
        signed = self.signed(self.downloaded(window))
        window.attach("x.xml", base64.b64encode(signed).decode())
        # On a slow machine the errand would begin in the same call, before the block.
        with patch.object(self.simulator.settings, "auth_delay", 10):
            window.authenticate()
        with Dying(point) as dying:
            for _step in range(4):
                self.travel(seconds=12)
                self.errand()._advance()
        return dying.is_dead

    def lost(self, arrives=True):
        """Have an order be sent whose answer is lost, and its signer see and give no more."""
        self.simulator.faults.add("permission-grant", "lost" if arrives else "reset")
        window = self.asked()
        self.sign_in(window)
        self.simulator.world.revoke(OWNER.identity, "5265877635")
        self.simulator.world.people[OWNER.pesel].nips.clear()
        self.simulator.world.grant(OWNER.identity, "5265877635", ["InvoiceRead"])
        return window

    def test_an_order_that_nobody_can_look_up_counts_when_the_office_is_let_in(self):
        with self.counted("permission-grant") as orders:
            window = self.lost()
            self.settle(minutes=30)
        self.assertEqual((orders["calls"], self.grant().state), (1, "given"))
        self.assertEqual(window.sudo().session_id.state, "revoked")
        session = self.company._l10n_pl_ksef_session()
        self.assertEqual(session.certificate_id, self.office.certificate_id)

    def test_an_order_that_never_arrived_and_nobody_can_look_up_is_not_given(self):
        with self.counted("permission-grant") as orders:
            self.lost(arrives=False)
            self.settle(minutes=30)
        self.assertEqual((orders["calls"], self.rights_at_ksef()), (1, []))
        self.assert_not_given()

    def assert_not_given(self):
        """Check that nothing counts as given or agreed to, and that who asked was told."""
        grant = self.grant()
        self.assertEqual(grant.state, "refused")
        self.assertIn("did not arrive", grant.problem_text)
        self.assertFalse(self.env["l10n_pl_ksef.audit"].search([("event", "=", "rights_given")]))
        self.assertFalse(self.office.certificate_id._agreements_for(self.company, grant.digits))
        self.assertFalse(self.company._l10n_pl_ksef_session())
        told = [("company_id", "=", self.company.id), ("reason", "=", "grant")]
        (alert,) = self.env["l10n_pl_ksef.alert"].search(told)
        self.assertEqual((alert.user_ids, alert.closed_at), (self.accountant, False))

    def test_a_login_whose_tokens_died_before_an_order_arrived_gives_nothing(self):
        self.simulator.faults.add("permission-grant", "reset")
        window = self.asked()
        self.sign_in(window)
        errand = window.sudo().session_id
        put(errand, refresh_valid_until=errand._now())
        self.settle(minutes=30)
        self.assertEqual((errand.state, self.rights_at_ksef()), ("revoked", []))
        self.assert_not_given()

    def test_an_order_whose_office_changed_meanwhile_is_not_given(self):
        window = self.lost()
        self.set_office(name="Inne Biuro Sp. z o.o.")
        self.settle(minutes=30)
        self.assertEqual(self.grant().state, "refused")
        self.assertEqual(window.sudo().session_id.state, "revoked")
        self.assertFalse(self.company._l10n_pl_ksef_session())

    def test_a_signer_who_signs_again_orders_nothing_twice(self):
        with self.counted("permission-grant") as orders:
            self.lost()
            self.simulator.world.grant(OWNER.identity, "5265877635", ["CredentialsManage"])
            self.sign_in(self.asked())
            self.settle(minutes=30)
        self.assertEqual((orders["calls"], self.grant().state), (1, "given"))
        self.assertEqual(self.rights_at_ksef(), RIGHTS)

    def test_the_offices_login_waits_while_a_second_signature_orders_anew(self):
        # The office is let in, but lacks a right: its login alone decides nothing yet.
        self.simulator.world.grant(OFFICE_NIP, "5265877635", ["InvoiceRead"])
        self.lost(arrives=False)
        self.go_on(timedelta(minutes=3))
        proof = self.env["l10n_pl_ksef.session"].search([("grant_id", "!=", False)], limit=1)
        self.assertEqual((proof.purpose, proof.state), ("office", "opened"))
        self.simulator.world.grant(OWNER.identity, "5265877635", ["CredentialsManage"])
        self.simulator.settings.force_permission_status = {"code": 550, "times": 1}
        self.sign_in(self.asked())
        self.assertFalse(self.grant().sent_at)
        self.travel(minutes=1)
        self.advance(proof)
        self.assertEqual((proof.state, self.grant().state), ("opened", "asked"))
        self.settle()
        self.assertEqual((self.grant().state, self.rights_at_ksef()), ("given", RIGHTS))

    def test_a_login_whose_tokens_died_leaves_the_decision_to_the_office(self):
        self.simulator.settings.permission_delay = 30
        self.simulator.faults.add("permission-grant", "lost")
        window = self.asked()
        self.sign_in(window)
        errand = window.sudo().session_id
        put(errand, refresh_valid_until=errand._now())
        self.settle(minutes=2)
        self.assertEqual((errand.state, self.grant().state), ("revoked", "given"))
        self.assertTrue(self.company._l10n_pl_ksef_session())
