import logging
from datetime import timedelta

from odoo import Command, models

from ...tools import grants, nip
from ...tools.errors import KsefError, KsefForbidden, KsefUnauthorized
from ...tools.grants import INVOICE_RIGHTS
from ...tools.meanings import order_status
from ..base import problems
from ..base.locks import under_lock
from ..certificate.certificate import OFFLINE
from ..office.grant import grantee_of
from ..vault.vault import read_secret
from .login import IN_PROGRESS, SUCCESS, UNCLEAR_REFUSALS, says_ended
from .statement import statement_of
from .states import LAG, LIVE, UNFINISHED

_logger = logging.getLogger(__name__)

# So long after its signature a login for one task is over, whatever else failed.
ERRAND_LIFE = timedelta(hours=24)
FIRST_POLL, LONGEST_POLL = timedelta(seconds=1), timedelta(seconds=10)
# An order whose answer was lost may still be worked on, and KSeF's lists lag (docs/ksef.md G2-9).
STILL_ARRIVING = timedelta(minutes=1)
LOOKS = 2
# So long after a grant a login may still be refused for want of rights (docs/ksef.md G2-6).
RIGHTS_MAY_COME = timedelta(minutes=2)
MAY_NOT_GIVE = 420
# What the office's first login waits for: invoices that are on their way by the login before it.
SENDING = timedelta(hours=1)


class L10n_Pl_KsefSessionErrand(models.Model):
    """A login for one task: it gives the office rights, takes them back, or looks round.

    It is closed and its secrets are forgotten as soon as that is decided. Nobody else gets its
    tokens, and no state of it is one of a connection (docs/design.md 21).
    """

    # A login for one task is a subject of its own beside the fields.
    _inherit = "l10n_pl_ksef.session"  # pylint: disable=consider-merging-classes-inherited

    # ------------------------------------------------------------------
    # What is due
    # ------------------------------------------------------------------
    def _errand_ends_at(self):
        if self._is_to_prove() and self.grant_id.sent_at:
            return self.grant_id.sent_at + 2 * ERRAND_LIFE
        return (self.send_started_at or self.create_date) + ERRAND_LIFE

    def _has_outlived(self):
        """Return True if a login for one task is a day old, or KSeF gives it no more tokens.

        The office's own login to a client begins only when that one ended.
        """
        if self.purpose == "connect" or (self.state == "waiting" and not self._is_to_prove()):
            return False
        if self._is_moot():
            return True
        ended = self.refresh_valid_until and self._has_ended()
        return ended or self._errand_ends_at() <= self._now()

    def _is_done(self):
        """Return True if the task is decided, or somebody wants the login closed."""
        return self.state == "closing" or self.revoke_requested

    def _awaits_lost_order(self):
        """Return True if an order was sent, and its answer is missing."""
        return self.purpose == "grant" and bool(self.grant_id.sent_at)

    def _is_to_give(self):
        return self.purpose == "grant"

    def _is_to_take_back(self):
        return self.purpose == "take_back"

    def _is_to_prove(self):
        """Return True for the office's own login to a client whose order's answer was lost."""
        return self.purpose == "office" and bool(self.grant_id)

    def _is_moot(self):
        """Return True if what a proof is about was decided elsewhere."""
        return self._is_to_prove() and self.state != "closing" and self.grant_id.state != "asked"

    # ------------------------------------------------------------------
    # Giving rights
    # ------------------------------------------------------------------
    def _step_give(self):
        """Give the office what it lacks; the marker is kept before KSeF hears of it."""
        if problem := self._not_as_signed() or self.grant_id._hindrance():
            self._conclude(problem)
            return
        lacking = self._lacking()
        if lacking is None:
            self._conclude(problems.of_order(MAY_NOT_GIVE))
        elif not lacking:
            self._conclude()
        else:
            self.grant_id._mark()
            self.env.cr.commit()
            reference = self._send_order(lacking)
            self.grant_id.reference_number = reference
            self._succeed(state="ordered", next_attempt=self._now() + FIRST_POLL)
            self._wake_cron_at(self.next_attempt)

    def _lacking(self):
        """Return the rights that the office does not have yet; None if the signer may give none."""
        with self._client() as client:
            own = client.personal_permissions(self._errand_token(), self._login_context())
            if not grants.may_give(own):
                return None
            number = grantee_of(self.grant_id).number
            return grants.missing(client.given_rights(self._errand_token(), number))

    def _send_order(self, lacking):
        """Send the one call that is not repeated; return the order's number."""
        try:
            with self._client() as client:
                return client.give_rights(
                    self._errand_token(),
                    grantee_of(self.grant_id),
                    lacking,
                    grants.description(self.grant_id.marker, "Odoo"),
                ).reference_number
        except KsefError as error:
            if not getattr(error, "sent", False):
                # It was certainly not taken: there is none to be looked for.
                self.grant_id.sent_at = False
                self.env.cr.commit()
            raise

    def _step_find_order(self):
        """Find out by KSeF's list if an order arrived whose answer was lost; never send two."""
        grant = self.grant_id
        age = self._now() - grant.sent_at
        if age < STILL_ARRIVING:
            self._postpone_for(STILL_ARRIVING - age)
            return
        lacking = self._lacking()
        if lacking is None:
            # The signer may look no more.
            self._leave_it_to_the_office()
        elif not lacking:
            self._conclude()
        elif age < STILL_ARRIVING * LOOKS:
            self._postpone_for(STILL_ARRIVING)
        else:
            # With the same marker: whichever arrives is known by it.
            grant.sent_at = False
            self._succeed()

    def _leave_it_to_the_office(self):
        """Close this login; whether its order arrived, the office's own login tells.

        Nothing counts as given until then (docs/ksef.md G2-9).
        """
        self._begin_proof()
        self._succeed(state="closing", problem=problems.local("order_unknown"))
        self._wake_cron_at(self._now())

    def _step_follow_order(self):
        """Ask how far KSeF is with the order."""
        with self._client() as client:
            reference = self.grant_id.reference_number
            status = client.order_status(self._errand_token(), reference)
        if status.code in IN_PROGRESS:
            self.attempts += 1
            self._postpone_for(min(FIRST_POLL * 2 ** min(self.attempts, 8), LONGEST_POLL))
        elif status.code == SUCCESS:
            self._conclude()
        elif order_status(status.code).advice.final:
            self._conclude(problems.of_order(status.code, status))
        else:
            # KSeF gave it up for reasons of its own: look, and order anew.
            self.grant_id.write({"sent_at": False, "reference_number": False})
            problem = problems.of_order(status.code, status)
            self.write({"state": "opened", "problem": problem, "restarts": self.restarts + 1})
            self._postpone_for(STILL_ARRIVING * 2 ** min(self.restarts, 6))

    # ------------------------------------------------------------------
    # Taking rights back
    # ------------------------------------------------------------------
    def _step_take_back(self):
        """Take back what the office has; safe to repeat, and KSeF's list decides."""
        if problem := self._not_as_signed():
            self._conclude(problem)
            return
        ordered = self._order_back()
        if ordered is None:
            self._conclude(problems.of_order(MAY_NOT_GIVE))
        elif ordered:
            # Its lists lag behind (docs/ksef.md G2-6).
            self.attempts += 1
            self._postpone_for(min(FIRST_POLL * 2 ** min(self.attempts, 8), STILL_ARRIVING))
        else:
            self._conclude()

    def _order_back(self):
        """Order that each of the office's rights ends; return how many there were, None for a no.

        A second order for one that is gone changes nothing (docs/ksef.md G2-13).
        """
        with self._client() as client:
            own = client.personal_permissions(self._errand_token(), self._login_context())
            if not grants.may_give(own):
                return None
            number = grantee_of(self.grant_id).number
            there = [
                right
                for right in client.given_rights(self._errand_token(), number)
                if right.is_active and right.scope in INVOICE_RIGHTS
            ]
            for right in there:
                client.take_right_back(self._errand_token(), right.id)
            return len(there)

    # ------------------------------------------------------------------
    # The office's own login
    # ------------------------------------------------------------------
    def _begin_check(self, office, user=None):
        """Have an office log in in its own context, unless it is about to; commit.

        :param office: an l10n_pl_ksef.office that other transactions see
        :param user: who asks, where it is no machine
        """
        company = office.company_id
        with under_lock(self.env, self._lock_name_of(company, office.environment), 5) as env:
            if env is None:
                return
            sessions, office = self.with_env(env), office.with_env(env)
            under_way = ("state", "in", UNFINISHED)
            if not sessions.search_count([("office_id", "=", office.id), under_way], limit=1):
                sessions._create_check(office, user)
                env.cr.commit()

    def _create_check(self, office, user):
        task = {"office_id": office.id, "user_id": user and user.id}
        certificate, context = office.certificate_id, office._context()
        return self._create_own(office.company_id, certificate, context, **task)

    def _create_own(self, company, certificate, context, **task):
        """Begin a login of the office's own for a task, with its certificate; return it."""
        own = {"company_id": company.id, "environment": certificate.environment}
        own |= {"purpose": "office", **task, **self._values_of(certificate, context)}
        login = self.create(own)
        login._wake_cron_at(self._now())
        return login

    def _step_look_round(self):
        """Tell the office that this login works, and which clients gave it rights."""
        with self._client() as client:
            token = self._errand_token()
            # Of what clients gave a person KSeF shows elsewhere only what was passed on.
            if self.office_id.kind == "nip":
                received = list(client.received_rights(token))
            else:
                received = list(client.rights_elsewhere(token, self._login_context()))
        self.office_id._has_logged_in(received)
        self._succeed(state="closing")

    # ------------------------------------------------------------------
    # What became of an order that nobody can look up for the client
    # ------------------------------------------------------------------
    def _begin_proof(self):
        """Have the office log in to the client, under the lock of the client's logins.

        The client's signer ordered its rights, so the office may try; nothing is agreed to for
        longer if KSeF does not let it in.
        """
        grant, company = self.grant_id, self.company_id
        certificate = grant.office_id.certificate_id
        problem = self._mistake()
        may_be_given = grant._is_of_today() and not grant._is_outdated() and grant.state != "left"
        if not certificate or not may_be_given:
            problem = problem or problems.local("order_unknown")
        if problem:
            grant._is_refused(problem)
            return
        grant._agree()
        proofs = self.search([("grant_id", "=", grant.id), ("purpose", "=", "office")])
        if not proofs.filtered(lambda one: one.state in LIVE):
            context = company._l10n_pl_ksef_context()
            task = {"grant_id": grant.id, "user_id": grant.user_id.id}
            self._create_own(company, certificate, context, **task)

    def _step_prove(self):
        """Find out by the office's own login to the client if it has the rights there."""
        with self._client() as client:
            own = client.personal_permissions(self._errand_token(), self._login_context())
        grant = self.grant_id
        if own >= set(INVOICE_RIGHTS) and self._is_to(grant):
            grant._is_given()
            # The signer's page told that nobody knew.
            errands = self.search([("grant_id", "=", grant.id), ("purpose", "=", "grant")])
            errands.write({"problem": False})
        elif not grant.sent_at or grant.sent_at + LAG > self._now():
            # Or the client's signer has signed again, and that order is still to come.
            self._postpone_for(STILL_ARRIVING)
            return
        else:
            grant._has_not_arrived(problems.local("order_lost"))
        self._succeed(state="closing")

    def _is_to(self, grant):
        """Return True if this login is the office's to the client of a grant."""
        here = self.company_id, nip.digits(self.context_value), self.certificate_id
        return here == (grant.company_id, grant.digits, grant.office_id.certificate_id)

    # ------------------------------------------------------------------
    # The end
    # ------------------------------------------------------------------
    def _conclude(self, problem=False):
        """Keep how the task ended; the login is closed next.

        :param dict problem: why it came to nothing, as kept on the record; False if it is done
        """
        problem = problem or self._mistake()
        if problem:
            (self.office_id or self.grant_id)._is_refused(problem)
        elif self.purpose == "grant":
            self.grant_id._is_given()
        else:
            self.grant_id._is_taken_back()
        self._succeed(state="closing", problem=problem)
        self._wake_cron_at(self._now())

    def _mistake(self):
        """Return a problem if what this login does is not what its file was signed for."""
        grant, said = self.grant_id, statement_of(self)
        if not grant or (said and said.is_for(grant, self.purpose)):
            return False
        _logger.error("%s was not signed for %s: refused", self, grant)
        return problems.local("internal")

    def _not_as_signed(self):
        """Return a problem if nothing may be ordered: it is not what was signed for, or too late.

        Asked before KSeF hears of an order: the client's NIP or environment may be another by now.
        """
        changed = not self.grant_id._is_of_today() and problems.local("client_changed")
        return self._mistake() or changed

    def _step_close(self):
        """Close this login at KSeF, and forget its secrets."""
        with self._client() as client:
            client.revoke_current_session(read_secret(self, "refresh_token_secret").decode())
        self._end("revoked", revoke_requested=False)

    def _on_close_refused(self, error):
        """One that was closed already is closed, too; what cannot be opened closes nothing.

        A 401 may be a firewall's: it is believed only after some in a row (docs/design.md 9).
        """
        count = self.unclear_refusals
        if not isinstance(error, KsefUnauthorized) or count >= UNCLEAR_REFUSALS:
            self._end("revoked", revoke_requested=False)
            return
        self.attempts = self.attempts if count else 0
        self._postpone(error)
        self.unclear_refusals = count + 1

    def _keep_problem(self, problem):
        """While it is being closed, keep how its task ended; refusals are counted in a row."""
        if self.state != "closing":
            return super()._keep_problem(problem)
        self.unclear_refusals = 0
        return None

    def _step_forget(self):
        """Forget the secrets of a login whose time is over, whatever else failed."""
        problem = self.problem if self.state == "closing" else self._give_up()
        self._end("revoked", revoke_requested=False, problem=problem)

    def _give_up(self):
        """Return the problem with which a task ends whose time is over; False if it is moot."""
        if self._awaits_lost_order():
            self._begin_proof()
            return problems.local("order_unknown")
        if self._is_moot():
            return False
        problem = problems.local("order_unknown" if self._is_to_prove() else "errand_too_late")
        if self.grant_id:
            self.grant_id._has_not_arrived(problem)
        return problem

    def _on_errand_refused(self, error):
        """Give the task up, unless only the access token was outdated."""
        if isinstance(error, KsefUnauthorized) and not says_ended(error):
            # The next try fetches another one.
            self.access_valid_until = False
            self._postpone(error)
        elif self.office_id and isinstance(error, KsefForbidden):
            # The login works all the same: its list is closed to this certificate's owner.
            self.office_id._has_logged_in(None, problems.of_error(error))
            self._succeed(state="closing")
        elif self._awaits_lost_order():
            self._leave_it_to_the_office()
        else:
            self._conclude(problems.of_error(error))

    def _tell_the_office(self):
        """Tell the offices whose own logins KSeF has refused, and who asked for rights in vain."""
        for session in self:
            if session.purpose != "office" or session.state != "failed":
                continue
            if session.office_id:
                session.office_id._is_refused(session.problem)
            elif not session._is_moot():
                denied = session._was_denied()
                problem = problems.local("order_lost") if denied else session.problem
                session.grant_id._has_not_arrived(problem)

    def _errand_token(self):
        """Return an access token of this login, for its one task alone."""
        if not self._token_outlives():
            self._refresh()
        return self._stored_token()

    # ------------------------------------------------------------------
    # The office's login to a client
    # ------------------------------------------------------------------
    def _begin_by_rights(self, grant):
        """Have the office's certificate log its client in; under the lock of the client's logins.

        What logged the client in before leaves it once that works (docs/ksef.md G2-12).
        """
        company, certificate = grant.company_id, grant.office_id.certificate_id
        if not grant._is_of_today():
            return
        login = self._certificate_login(company, certificate, asked_by=grant.user_id)
        if login.certificate_id != certificate:
            return
        standing = certificate._of_company(company, ("state", "=", "active"), usage=None)
        others = standing - certificate - certificate._of_same_owner(OFFLINE)
        login.write({"takes_over_ids": [Command.set(others.ids)], "next_attempt": False})
        self._wake_cron_at(self._now())

    def _waits_for_invoices(self):
        """Return True while invoices are on their way by the login that this one is to replace.

        Only who began to send them is told what became of them (docs/ksef.md G2-12).
        """
        company = self.company_id
        before = company._l10n_pl_ksef_session()
        replaces = before and before.certificate_id != self.certificate_id
        if self.purpose != "connect" or not replaces or not self._stands_on():
            return False
        young = self.create_date + SENDING > self._now()
        return young and company._l10n_pl_ksef_is_sending()

    def _stands_on(self):
        """Return what a client gave the office, if this login of the office's stands on that."""
        if self.method != "certificate" or self.purpose != "connect":
            return self.env["l10n_pl_ksef.grant"]
        return self.env["l10n_pl_ksef.grant"]._of(
            self.company_id, self.context_digits, self.environment, self.certificate_id
        )

    def _rights_may_come(self):
        """Return True if KSeF may let the office in in a moment: the grant is that new."""
        if self._is_to_prove() and self.restarts < LOOKS:
            return True
        given = self.grant_id.sent_at if self._is_to_prove() else self._stands_on().given_at
        return bool(given) and self._now() < given + RIGHTS_MAY_COME

    def _what_it_stood_on(self):
        """Return what a problem keeps of the rights that KSeF says are gone; tell the office."""
        grant = self._stands_on()
        if not grant:
            return {}
        grant._is_lost()
        # The panel is not to say that all is well until the next daily look.
        live = self.company_id._l10n_pl_ksef_session()
        live.write({"rights_checked_at": False, "next_attempt": False})
        return {"by_rights": True}

    def _try_rights(self, grant):
        """Have the office log in to a client soon: KSeF no longer lists what the client gave."""
        live = grant.company_id._l10n_pl_ksef_session()
        if live.certificate_id != grant.office_id.certificate_id:
            return
        with live._exclusive() as locked:
            if locked:
                locked.renew_at = locked._now()
                locked.env.cr.commit()

    def _close_logins_by(self, certificate, company):
        """Close the logins of a client by the office's certificate; under the client's lock."""
        logins = self._of_company(
            company, ("certificate_id", "=", certificate.id), ("state", "in", LIVE)
        )
        active = logins.filtered(lambda login: login.state == "active")
        (logins - active)._close_by_hand()
        active.write({"revoke_requested": True, "closed_by_user": True, "next_attempt": False})
