import logging
import random
from datetime import timedelta

from odoo import models

from ...tools import clock, meanings, nip, xades
from ...tools.const import CHALLENGE_LIFETIME
from ...tools.errors import KsefGone, KsefRefused, KsefUnauthorized
from ...tools.vault import VaultCorrupt
from ..base import problems
from ..base.locks import under_lock
from ..base.steps import LONGEST_RETRY, naive
from ..certificate.states import WORKING
from ..vault.vault import encrypted, read_secret, write_secrets
from .session import CONNECT, NO_RIGHTS_THERE
from .statement import keep_statement
from .states import ERRAND, IN_FLIGHT, LOGGING_IN

_logger = logging.getLogger(__name__)

FIRST_POLL = timedelta(seconds=1)
LONGEST_POLL = timedelta(minutes=2)
# Wrong challenge, and a challenge that KSeF no longer takes (docs/ksef.md A1-21111).
CHALLENGE_REFUSED = 21111
ALREADY_REDEEMED = 21301
# There is no such login any more, or it is closed (docs/ksef.md A1-redeem and A1-refresh).
LOGIN_ENDED = (21301, 21304, 21308)
# KSeF reports an ended login as 400. A 401 may be a firewall's or a hiccup: it is believed after so
# many in a row, whose growing distances make five minutes.
UNCLEAR_REFUSALS, REFUSED_FOR_NOW = 6, "refused_for_now"
OPERATION_LIFE = timedelta(minutes=45)
IN_PROGRESS, SUCCESS = range(100, 200), 200
CERTIFICATE_REFUSED = 460
NOT_VALID = "Nieważny certyfikat"
# A new certificate may be "not yet valid" for a while (docs/ksef.md A2-28).
YOUNG = timedelta(hours=24)
# Until the next look whether invoices on their way have arrived.
FIRST_LOOK = timedelta(minutes=1)


class L10n_Pl_KsefSessionLogin(models.Model):
    """The steps of a login, each with at most one call that cannot be repeated."""

    # The steps of logging in are a subject of their own beside the fields.
    _inherit = "l10n_pl_ksef.session"  # pylint: disable=consider-merging-classes-inherited

    def _lacks_signature(self):
        """Return True if the certificate has to sign a fresh challenge."""
        outdated = not self.challenge_expires_at or self.challenge_expires_at <= self._now()
        return self.method == "certificate" and (outdated or not self.document_secret)

    # ------------------------------------------------------------------
    # Logging in with the certificate
    # ------------------------------------------------------------------
    def _log_in(self, principal, certificate=None, wait_seconds=0, if_due=False, asked_by=None):
        """Log a company in with a KSeF certificate, as far as KSeF answers at once.

        :param certificate: one that is to be tried out; the company's own when omitted
        :param bool if_due: only if the company's login ends soon or has ended
        :param asked_by: the user who asks: now, even if an earlier login waits to be tried again
        :return tuple: the login, committed, or nothing if there is no certificate or another worker
            is logging in; the failure that it ended with, or None
        """
        name = self._lock_name_of(principal, principal.l10n_pl_ksef_environment)
        with under_lock(self.env, name, wait_seconds) as env:
            if env is None or (if_due and not env["l10n_pl_ksef.due"]._wants_login(principal)):
                return self.browse(), None
            sessions, company = self.with_env(env), principal.with_env(env)
            login = sessions._certificate_login(company, certificate, asked_by)
            env.cr.commit()
            failure = login._run_due_steps() if login else None
            return login.with_env(self.env), failure

    def _certificate_login(self, principal, certificate=None, asked_by=None):
        """Return the certificate's login that is on its way, or a new one; under the lock."""
        certificate = certificate or principal._l10n_pl_ksef_certificate()._usable()
        on_its_way = self._of_company(
            principal, ("method", "=", "certificate"), ("state", "in", LOGGING_IN)
        )
        rightful = on_its_way._of_present_context()
        if asked_by:
            rightful = rightful.filtered(lambda login: login.state in IN_FLIGHT)
        if rightful or not certificate:
            return rightful
        context = principal._l10n_pl_ksef_context()
        on_its_way._give_way()
        # Before the new one, for the unique index.
        on_its_way.flush_recordset()
        return self.create(
            {
                "company_id": principal.id,
                "environment": principal.l10n_pl_ksef_environment,
                "user_id": asked_by and asked_by.id,
                "address": asked_by and self.env["l10n_pl_ksef.audit"]._address(),
                **self._values_of(certificate, context),
            }
        )

    def _values_of(self, certificate, context):
        """Return what any login with a KSeF certificate keeps of it."""
        return {
            "method": "certificate",
            "certificate_id": certificate.id,
            "context_type": context.type,
            "context_value": context.value,
            "signer_name": certificate.owner_name,
            "signer_kind": "ksef_certificate",
            "signer_masked": certificate.identity_masked,
        }

    # ------------------------------------------------------------------
    # From the file to the operation
    # ------------------------------------------------------------------
    def _submit_signed(self, document, reading, company, **values):
        """Take a signed request, and send its bytes to KSeF untouched (docs/design.md 6).

        :param bytes document: as it was signed
        :param reading: what the document says
        :param company: the one that it was signed for
        :param values: to be kept on this login
        """
        self.ensure_one()
        with self._exclusive(wait_seconds=15) as locked:
            if locked and locked.state == "waiting":
                write_secrets(locked, document_secret=document)
                locked._succeed(**values)
                keep_statement(locked, reading, company)
                locked.env.cr.commit()
                locked._run_due_steps()

    def _step_sign(self):
        """Sign a fresh challenge with the company's KSeF certificate."""
        lacking = xades.available()
        if lacking:
            # Packages that do not fit: a visible state, tried again (docs/design.md 13).
            self.problem = problems.local(f"xmlsec_{lacking}")
            self._postpone_for(LONGEST_RETRY)
            return
        if not self._take_certificate():
            self._end("failed", problem=problems.local("certificate_gone"))
            return
        if not self._is_agreed_to():
            self._end("failed", problem=problems.local("not_agreed"))
            return
        if self._waits_for_invoices():
            self._postpone_for(FIRST_LOOK)
            return
        asked_at = clock.now()
        with self._client() as client:
            challenge = client.challenge()
        self.write(
            {
                "challenge": challenge.challenge,
                "challenge_expires_at": naive(asked_at + CHALLENGE_LIFETIME),
                "send_started_at": False,
            }
        )
        self.write(encrypted(self, document_secret=self._signed_request()))

    def _signed_request(self):
        return xades.sign(self._request_document(), *self.certificate_id._signing_material())

    def _take_certificate(self):
        """Return the certificate that this login began with, or what replaced it meanwhile."""
        if self.certificate_id.state not in WORKING:
            held = self.company_id._l10n_pl_ksef_certificate()._usable()
            # The company may have gone over to another environment meanwhile.
            self.certificate_id = held.filtered_domain([("environment", "=", self.environment)])
        return self.certificate_id

    def _is_agreed_to(self):
        """Return True if this certificate may log this company in for this NIP or unit.

        Whoever began this login: nothing is signed without an agreement (docs/design.md 5).
        """
        agreements, certificate = self.env["l10n_pl_ksef.agreement"], self.certificate_id
        terms = self.company_id, nip.digits(self.context_value)
        return agreements._covers(certificate, *terms) or agreements._covers(
            certificate._rightful_forerunner(), *terms
        )

    def _step_submit(self):
        """Send the signed request; after a lost answer once more, within the challenge's life."""
        if self.challenge_expires_at <= self._now() and self.send_started_at:
            code = "answer_lost" if self._may_have_arrived() else "not_taken"
            self._end("failed", problem=problems.local(code))
            return
        # What cannot be opened was not sent.
        document = read_secret(self, "document_secret")
        self.send_started_at = self._now()
        self.env.cr.commit()
        with self._client() as client:
            operation = client.submit_signed_request(document)
        token = operation.authentication_token.token
        sealed = b" ".join((token.encode(), self._signed_with(document)))
        values = {
            "problem": self._problem_so_far(),
            "reference_number": operation.reference_number,
            "warning": operation.warning,
            **encrypted(self, authentication_token_secret=sealed),
        }
        del document, operation, token, sealed
        self._succeed(state="submitted", next_attempt=self._now() + FIRST_POLL, **values)
        self._wake_cron_at(self.next_attempt)

    def _signed_with(self, document):
        """Return the digest of the certificate that a machine signed with; empty for a person."""
        return xades.signer_digest(document) if self.method == "certificate" else b""

    def _authentication(self):
        """Return the token of the operation, and the digest of what a machine signed with."""
        token, _space, digest = read_secret(self, "authentication_token_secret").partition(b" ")
        return token.decode(), digest

    def _may_have_arrived(self):
        """Return True if KSeF may have taken the document at the last try."""
        return not self.problem or problems.may_have_arrived(self.problem)

    def _problem_so_far(self):
        """Return why this login had to begin again: it is no success to get as far once more."""
        return self.problem if self.restarts else False

    def _fail(self, problem):
        """Have the certificate begin again later; a signature cannot be repeated by a machine."""
        if self.method == "certificate":
            self._start_over(problem)
        else:
            self._end("failed", problem=problem)

    def _start_over(self, problem):
        """Have the certificate sign a new challenge, later."""
        distance = timedelta(minutes=min(2**self.restarts, 60)) * random.uniform(0.75, 1.25)
        self.write(
            {
                "state": "waiting",
                "problem": problem,
                "restarts": min(self.restarts + 1, 10),
                "document_secret": False,
                "authentication_token_secret": False,
                "access_token_secret": False,
                "refresh_token_secret": False,
                "reference_number": False,
                "send_started_at": False,
                "redeem_started_at": False,
            }
        )
        self._postpone_for(distance)

    # ------------------------------------------------------------------
    # From the operation to the tokens
    # ------------------------------------------------------------------
    def _step_poll(self):
        """Ask KSeF how far its check of the signature is."""
        with self._client() as client:
            status = client.auth_status(self.reference_number, self._authentication()[0])
        if status.code in IN_PROGRESS:
            distance = min(FIRST_POLL * 1.5 ** min(self.attempts, 20), LONGEST_POLL)
            self.write({"attempts": self.attempts + 1, "problem": self._problem_so_far()})
            self._postpone_for(distance)
        elif status.code == SUCCESS:
            self._succeed(state="authorized", document_secret=False)
        else:
            self._on_final_status(status)

    def _on_final_status(self, status):
        problem = problems.of_auth_status(status)
        if self.method == "certificate" and self._is_temporary(status):
            self._start_over(problem)
            return
        if self.method == "certificate" and status.code == NO_RIGHTS_THERE:
            problem = {**problem, **self._what_it_stood_on()}
            self._leave_the_certificate()
        self._end("failed", problem=problem)
        self._wake_cron_at(self._now())
        if status.code == CERTIFICATE_REFUSED and self.certificate_id:
            self.env.cr.commit()
            self.certificate_id._look_at_once()

    def _leave_the_certificate(self):
        """Have the certificate serve the company no more; what it was to renew is planned anew."""
        # One that is tried out fails as a successor; its forerunner stays as it is.
        if self.certificate_id.state != "active" or self.purpose != CONNECT:
            return
        self.certificate_id._serve_no_more(self.company_id, self.context_digits)
        self._see_what_others_did()
        self.company_id._l10n_pl_ksef_session()._plan_renewal()

    def _join_the_certificate(self):
        """Have the certificate serve the company from now on: KSeF has let it in."""
        certificate = self.certificate_id
        joins = self.method == "certificate" and certificate.state == "active"
        if joins and self.company_id not in certificate.company_ids:
            certificate._serve_too(self.company_id)
            self._see_what_others_did()

    def _see_what_others_did(self):
        """Begin a new transaction: what other cursors committed is not in this one's snapshot."""
        self.env.cr.commit()
        self.env.invalidate_all()

    def _is_temporary(self, status):
        """Return True if KSeF may let the same certificate in later, in spite of this status."""
        if not meanings.auth_status(status.code, status.details).advice.final:
            return True
        if status.code == NO_RIGHTS_THERE and self._rights_may_come():
            return True
        young = self.certificate_id.valid_from + YOUNG > self._now()
        return young and NOT_VALID in status.details

    def _step_redeem(self):
        """Begin to use the tokens; after a failure, such as a locked row, the step is repeated."""
        if not self.refresh_token_secret:
            self._redeem()
        if self._has_ended():
            self._fail(problems.local("clock_wrong"))
            return
        if self.purpose != CONNECT:
            self._succeed(state="opened")
            return
        self._join_the_certificate()
        self._succeed(state="active", activated_at=self._now(), rights_checked_at=False)
        self._plan_renewal()
        self._after_activation()

    def _redeem(self):
        """Fetch the tokens: KSeF gives them once, so they are committed before all else."""
        # What cannot be opened was not sent. Nobody holds it while something is written.
        self._authentication()
        self.redeem_started_at = self.redeem_started_at or self._now()
        self.env.cr.commit()
        token, digest = self._authentication()
        with self._client() as client:
            tokens = client.redeem(token)
        values = {
            "access_valid_until": naive(tokens.access.valid_until),
            "refresh_valid_until": naive(tokens.refresh.valid_until),
            **encrypted(
                self,
                access_token_secret=tokens.access.token.encode(),
                refresh_token_secret=tokens.refresh.token.encode(),
                authentication_token_secret=b"",
                opened_with_secret=digest,
            ),
        }
        del token, tokens, digest
        self.write(values)
        self.env.cr.commit()

    # ------------------------------------------------------------------
    # Failures
    # ------------------------------------------------------------------
    def _end_of_use(self):
        """Return when what waits for KSeF is of no use any more, naive UTC; None for never."""
        if self.state in ERRAND:
            return self._errand_ends_at()
        if self.state == "waiting" and self.method == "signature":
            return self.challenge_expires_at
        if self.state in IN_FLIGHT and self.send_started_at:
            return self.send_started_at + OPERATION_LIFE
        return None

    def _on_submit_refused(self, error):
        """Keep the challenge, so that the user can attach another file."""
        refused = isinstance(error, KsefRefused) and error.has(CHALLENGE_REFUSED)
        # A challenge refused at the second try was used up by the first, whose answer was lost.
        lost = refused and self.attempts and self._may_have_arrived()
        problem = problems.local("answer_lost") if lost else problems.of_error(error)
        if self.method == "certificate":
            # Even 21115 was seen as an outage (docs/ksef.md A2-2); a human is told if it stays so.
            self._start_over(problem)
        elif refused:
            self._end("failed", problem=problem)
        else:
            self.write({"document_secret": False, "send_started_at": False, "problem": problem})

    def _on_operation_lost(self, error):
        """Begin again: KSeF does not know the operation, or gives its tokens no more."""
        if self._may_be_asked_again(error):
            self._postpone(error)
            return
        redeemed = isinstance(error, KsefRefused) and error.has(ALREADY_REDEEMED)
        lost = isinstance(error, KsefGone) or (redeemed and self.redeem_started_at)
        self._fail(problems.local("answer_lost") if lost else problems.of_error(error))

    def _may_be_asked_again(self, error):
        """Return True while the operation lives and the error does not say that it has ended.

        Giving up costs the user a signature.
        """
        if isinstance(error, KsefGone) or says_ended(error):
            return False
        begun = self.send_started_at
        return bool(begun) and self._now() < begun + OPERATION_LIFE

    def _on_active_refused(self, error):
        """End the login if KSeF certainly accepts it no longer (docs/ksef.md A2-16).

        Or if its tokens cannot be read here any more.
        """
        unclear = isinstance(error, KsefUnauthorized)
        if unclear and not problems.is_local(self.problem, REFUSED_FOR_NOW):
            self.attempts = 0
        if says_ended(error) or (unclear and self.attempts >= UNCLEAR_REFUSALS):
            # One that was to be closed has come to the end that somebody wanted.
            wanted = unclear and self.revoke_requested
            problem = not wanted and problems.of_error(error)
            self._end("revoked", revoke_requested=False, problem=problem)
            return
        is_due = not self.next_attempt or self.next_attempt <= self._now()
        moment = self._now() + self._note(error)
        if unclear:
            self.write({"refresh_retry_at": moment, "problem": problems.local(REFUSED_FOR_NOW)})
        # A caller's refusal does not bring the next step forward: it would find nothing to do.
        if is_due:
            self._postpone_for(moment - self._now())


def says_ended(error):
    """Return True if a login is over: KSeF named it so, or its secrets are unreadable."""
    if isinstance(error, VaultCorrupt):
        return True
    named = isinstance(error, KsefRefused) and any(error.has(code) for code in LOGIN_ENDED)
    return named and meanings.of_error(error).advice.final
