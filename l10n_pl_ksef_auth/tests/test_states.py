from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.l10n_pl_ksef_auth.models.base.steps import UnlistedTransition

from .common import KsefCase

STEPS = "odoo.addons.l10n_pl_ksef_auth.models.base.steps"


@tagged("post_install", "-at_install")
class TestStates(KsefCase):
    """A state that the table does not lead to is refused, logged, and leaves the record alone."""

    def begin(self):
        self.connect()

    def setUp(self):
        super().setUp()
        self.session = self.company._l10n_pl_ksef_session()

    def misled(self, method, mistake):
        """Have a step of the session make a mistake, and run it."""
        self.session.rights_checked_at = False
        self.session.next_attempt = False
        self.env.flush_all()
        with patch.object(type(self.session), method, mistake):
            return self.session._advance()

    def test_a_step_that_stores_an_unlisted_state_leaves_the_record_as_it_was(self):
        token = self.session._stored_token()
        with self.assertLogs(STEPS, "ERROR") as logs:
            failure = self.misled("_step_check_rights", lambda own: own._end("expired"))
        self.env.invalidate_all()
        self.assertIsInstance(failure, UnlistedTransition)
        self.assertIn("_step_check_rights leads from active to expired", logs.output[0])
        self.assertEqual((self.session.state, self.session._stored_token()), ("active", token))

    @mute_logger(STEPS)
    def test_a_step_that_made_a_mistake_is_not_repeated_at_once(self):
        self.misled("_step_check_rights", lambda own: own._end("failed"))
        self.env.invalidate_all()
        self.assertGreater(self.session.next_attempt, self.session._now())

    def test_code_that_the_table_does_not_know_cannot_change_a_state(self):
        with self.assertRaisesRegex(UnlistedTransition, "nothing that the table knows"):
            self.session.write({"state": "revoked"})
        self.assertEqual(self.session.state, "active")

    def test_an_event_is_refused_in_a_state_that_its_row_does_not_name(self):
        with self.assertRaisesRegex(UnlistedTransition, "_give_way leads from active"):
            self.session._give_way()

    def test_the_row_of_one_model_allows_nothing_to_another(self):
        certificate = self.env["l10n_pl_ksef.certificate"].create(
            {"name": "x", "environment": "test", "state": "active"}
        )
        with self.assertRaises(UnlistedTransition):
            certificate.with_env(self.session._within("_step_expire").env).state = "expired"

    def test_a_state_may_always_be_written_as_it_is(self):
        self.session.write({"state": "active"})
        self.assertEqual(self.session.state, "active")
