from datetime import timedelta

from markupsafe import escape

from odoo import Command, models
from odoo.fields import Domain

from ..base import problems
from ..base.activities import leave_activity
from ..res_company import SIGNER
from .signing import same_name
from .states import ENDED

REMIND_BEFORE = timedelta(days=1)
# A link that lives no longer than this needs no reminder.
SHORT = timedelta(hours=30)
# After the end. The audit trail says who signed and to what, and never an address.
KEPT_NAMES = timedelta(days=90)
PEOPLE = ("signer_name", "signer_email", "signed_by", "refusal", "mail_problem")
BATCH = 200


class L10n_Pl_KsefRequestTending(models.Model):
    """What happens to requests by itself: their end, one reminder, and that they are forgotten."""

    # What a machine does is a subject of its own beside the fields.
    _inherit = "l10n_pl_ksef.request"  # pylint: disable=consider-merging-classes-inherited

    def _tend(self):
        """End what is done or over, send what is due, forget who was asked long ago."""
        if not self.search_count([], limit=1):
            # Most companies sign in their own Odoo: each run looks once.
            return
        now = self._now()
        signed, over = Domain("session_id", "!=", False), Domain("valid_until", "<=", now)
        due = signed | over | Domain("company_id.active", "=", False)
        for request in self.search(Domain("state", "=", "open") & due, limit=BATCH):
            request._end_if_due()
        self._end_void_ones()
        # What ended did so on cursors of its own.
        self.env["ir.cron"]._commit_progress()
        self._plan_reminders(now)
        self._deliver()
        self._forget_people(now)
        self._forget_at_companies(now)

    def _end_if_due(self):
        """End this request if it is done, or void, or if nobody has any use of it."""
        with self._exclusive(wait_seconds=0) as request:
            if not request or request.state != "open":
                return
            request._note_outcome()
            # KSeF may be checking what was signed in time.
            if request.state == "open" and not request._is_in_flight():
                if request._is_outdated():
                    request._make_void()
                elif not request._is_usable():
                    request._run_out()
            request.env.cr.commit()

    def _note_outcome(self):
        """Keep how the login that the last signed file began came out; under the lock."""
        session = self.session_id
        if self.state != "open" or not session:
            return
        progress = self._progress()
        if self._is_done_by(session):
            self._conclude()
        elif problem := self._failure_of(progress):
            self.refusal = {**problem, "signer": self.signed_by or ""}

    def _failure_of(self, progress):
        """Return as a problem why a login that KSeF has decided about did not do it, or False.

        :param dict progress: as of the login's _progress
        """
        if progress["result"] == "limited":
            return problems.local("signer_lacks_rights")
        decided = progress["is_back"] or progress["has_ended"]
        return decided and progress["problem"]

    def _tell_who_asked(self, what):
        """Leave an activity for who asked, or who is told instead: other_signer or void."""
        for user in self._who_is_told():
            reader = self.with_context(lang=user.lang)
            summary, note = getattr(reader, f"_about_{what}")()
            # The signer's name is what a file says, whoever made it.
            activity = leave_activity(self.env, user, summary, escape(note))
            # It names the signer, so it goes when the name goes.
            self.told_ids = [Command.link(activity.id)]

    def _who_is_told(self):
        """Return who asked; if that person may not act any more, whom a notice would reach."""
        notice = self.env["l10n_pl_ksef.alert"].sudo().new({"company_id": self.company_id.id})
        return self.user_id.filtered(notice._may_act) or notice._recipients()

    def _about_other_signer(self):
        return (
            self.env._("Somebody else signed for %(company)s", company=self.company_id.name),
            self.env._(
                "You asked %(asked)s. The file was signed by %(signer)s.",
                asked=self.signer_name,
                signer=self.signed_by,
            ),
        )

    def _about_void(self):
        if self._is_by_client():
            return (
                self.env._(
                    "The link for %(company)s is void: its NIP or environment has changed",
                    company=self.company_id.name,
                ),
                self.env._(
                    "You asked %(asked)s for a signature. Nothing was given or taken back: ask"
                    " once more.",
                    asked=self.signer_name,
                ),
            )
        return (
            self.env._(
                "The link for %(company)s is void: the office has changed",
                company=self.company_id.name,
            ),
            self.env._(
                "You asked %(asked)s for rights for %(whom)s. Nothing was given: ask once more.",
                asked=self.signer_name,
                whom=self.grant_id.to_whom,
            ),
        )

    def _plan_reminders(self, now):
        """Have one reminder sent on the day before the end to who got a mail and did not sign."""
        soon = Domain("valid_until", "<=", now + REMIND_BEFORE) & Domain("valid_until", ">", now)
        unsigned = Domain("state", "=", "open") & Domain("signed_at", "=", False)
        written = Domain("sent_at", "!=", False) & Domain("reminded_at", "=", False)
        # One that the mail server refused is told, and not tried in each run.
        written &= Domain("reminder_tried_at", "=", False)
        waiting = self.search(soon & unsigned & written & Domain("mail_due", "=", False))
        long = waiting.filtered(
            lambda one: one.valid_until - one.sent_at > SHORT and not one._is_held_up()
        )
        long.write({"mail_due": "reminder", "reminder_tried_at": now})
        # Mails are sent on a cursor of their own.
        self.env.cr.commit()

    def _forget_people(self, now):
        """Forget names and addresses of signers some time after the end, and who signed."""
        old = Domain("state", "in", ENDED) & Domain("ended_at", "<", now - KEPT_NAMES)
        known = Domain("signer_name", "!=", False) | Domain("signer_email", "!=", False)
        requests = self.search(old & known, limit=BATCH)
        # Those that were done, too.
        requests.with_context(active_test=False).told_ids.unlink()
        requests.write(dict.fromkeys(PEOPLE, False))
        self.env["l10n_pl_ksef.session"]._forget_signers(now - KEPT_NAMES, BATCH)
        over = Domain("state", "in", ENDED) & Domain("valid_until", "<", now)
        # By the links that are left: requests that ended long ago grow more and more.
        tokens = self.env["l10n_pl_ksef.request.token"].search([("request_ids", "any", over)])
        tokens._forget(tokens.request_ids.filtered_domain(over))

    def _forget_at_companies(self, now):
        """Forget whom companies know as their signers by requests that are forgotten.

        Who signed for a connection that lives is known for as long as it does.
        """
        old = ("l10n_pl_ksef_signer_asked_at", "<", now - KEPT_NAMES)
        # A former client's company is often archived.
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        for company in companies.search([old], limit=BATCH):
            principal = company._l10n_pl_ksef_principal()
            own, named = ("company_id", "=", principal.id), ("signer_name", "!=", False)
            signer, live = company.l10n_pl_ksef_signer_name, principal._l10n_pl_ksef_session()
            if self.search_count([own, named], limit=1) or same_name(signer, live.signer_name):
                # Looked at once more when as much time has passed.
                company.l10n_pl_ksef_signer_asked_at = now
            else:
                company.write(dict.fromkeys(SIGNER, False))
