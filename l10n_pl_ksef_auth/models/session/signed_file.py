from datetime import timedelta, timezone

from odoo import fields, models
from odoo.tools import format_time
from odoo.tools.misc import format_datetime

from ...tools import clock
from ...tools.const import CHALLENGE_LIFETIME
from ...tools.signed_document import Expected, KnownChallenge, read
from ..base import problems
from ..base.locks import LockBusy
from ..base.steps import naive
from ..certificate.states import SPOKEN_FOR
from ..vault.guard import refuse_typed_code
from .session import CONNECT
from .statement import keep_consent
from .states import ENDED, ERRAND_OR_CLOSED, LOGGING_IN, UNDECIDED, UNFINISHED

# KSeF was seen to say "in progress" for half an hour (docs/ksef.md A1-100).
LONG_VERIFICATION = timedelta(minutes=2)
# What a login keeps of who signed.
SIGNER = ("signer_name", "signer_masked", "consent_text")
# Seconds that who revokes a request waits for a step of its login.
STOP_PATIENCE = 10
# Each names what it was an answer to: what was not named is not applied for.
ANSWERS = [
    ("once", "Sign only once"),
    ("both", "Sign only once, with a certificate for offline invoices"),
    ("weekly", "Sign every 7 days"),
]


class L10n_Pl_KsefSessionSignedFile(models.Model):
    """A login by a signature, from the file that a person signs to the outcome that people see.

    With what its signer agreed to, beside the login, or who confirmed it for whom. The window
    "Account authorization" and the page behind a link both stand on it.
    """

    # What a person signs is a subject of its own beside the fields.
    _inherit = "l10n_pl_ksef.session"  # pylint: disable=consider-merging-classes-inherited

    def _begin_signature(self, company, environment, **values):
        """Fetch a challenge from KSeF, so that the file's ten minutes begin now.

        :param company: the one that owns the connection
        :param str environment: production, demo or test
        :return: a new login that waits for its signature
        :raises KsefError: KSeF gave no challenge
        :raises nip.InvalidNip: the company's number is missing or wrong
        """
        context = company._l10n_pl_ksef_context()
        asked_at = clock.now()
        with company._l10n_pl_ksef_client(environment) as client:
            challenge = client.challenge()
        return self.create(
            {
                "company_id": company.id,
                "environment": environment,
                "context_type": context.type,
                "context_value": context.value,
                "subject_type": company.l10n_pl_ksef_subject_type,
                "challenge": challenge.challenge,
                # Counted from the moment before we asked: a wrong clock here does not matter.
                "challenge_expires_at": naive(asked_at + CHALLENGE_LIFETIME),
                **values,
            }
        )

    def _has_just_begun(self, pause):
        """Return True if this login's file is as new as can be, and still the one to be signed.

        :param timedelta pause: how long after its challenge was fetched
        """
        if self.method != "signature" or not self.challenge_expires_at:
            return False
        begun = self.challenge_expires_at - CHALLENGE_LIFETIME
        return (
            self.state == "waiting"
            and not self.sudo().document_secret
            and self._login_context() == self.company_id._l10n_pl_ksef_context()
            and self.subject_type == self.company_id.l10n_pl_ksef_subject_type
            and self._now() < begun + pause
        )

    def _read_signed(self, content, company, environment):
        """Return what a file says that may be the signed request of one of these logins.

        :raises nip.InvalidNip: the company's number is missing or wrong
        """
        challenges = [
            KnownChallenge(one.challenge, one.challenge_expires_at.replace(tzinfo=timezone.utc))
            for one in self
        ]
        context = company._l10n_pl_ksef_context()
        return read(content, Expected(clock.now(), challenges, context, environment))

    def _with_challenge_of(self, reading):
        """Return the login of self whose challenge a document signs; empty without one."""
        return self.filtered(lambda one: one.challenge == reading.challenge)[:1]

    def _signer_values(self, reading):
        """Return what a login keeps of whoever signed its file."""
        if not reading.signer:
            return {}
        identity = reading.signer.identity
        return {
            "signer_name": reading.signer.name,
            "signer_kind": reading.signer.kind,
            "signer_masked": identity.label if identity else False,
        }

    # ------------------------------------------------------------------
    # That KSeF may issue certificates in the signer's name
    # ------------------------------------------------------------------
    def _consent_of(self, name, masked, offline, request=None):
        """Return what a login keeps of a consent: who agreed or clicked, for whom, and to what.

        Nothing here proves that a user is the signer, or who opened a link. So only a signer of
        the name that the link was made for is said to have agreed.

        :param str name: the signer's, as the signature has it
        :param str masked: the signer's identifier, or nothing
        :param bool offline: the words named a certificate for offline invoices, too
        :param request: whose link was opened; None in Odoo, where a user confirms for the signer
        """
        signer = ", ".join(filter(None, (name, masked))) or self.env._("not named in the file")
        if not request:
            who = self._by_user(signer)
        elif request._is_asked(name):
            who = self.env._("The signer, %s, agreed on the page behind the link:", signer)
        else:
            who = self.env._(
                "On the page behind the link for %(asked)s it was confirmed for the signer,"
                " %(signer)s:",
                asked=request.signer_name,
                signer=signer,
            )
        text = f"{who} {self._named_certificates(offline)}"
        return {"consent_at": self._now(), "consent_text": text, "consent_offline": offline}

    def _by_user(self, signer):
        user = self.env.user.name
        return self.env._(
            "User %(user)s confirmed for the signer, %(signer)s:", user=user, signer=signer
        )

    def _named_certificates(self, offline):
        if offline:
            return self.env._(
                "KSeF issues two certificates in the signer's name. With one Odoo logs in, with the"
                " other it signs the codes of offline invoices, both by itself. Odoo keeps them,"
                " encrypted. They work in all companies that the signer has rights to."
            )
        return self.env._(
            "KSeF issues a certificate in the signer's name. Odoo keeps it, encrypted, and logs in"
            " with it by itself. The certificate works in all companies that the signer has rights"
            " to."
        )

    def _words_of_offline(self, owner):
        """Return what a user confirms for a certificate's owner, later than the signature.

        :param str owner: who it is
        """
        return self.env._(
            "User %(user)s confirmed for the certificate's owner, %(signer)s: KSeF issues a"
            " certificate for offline invoices in the owner's name. Odoo keeps it, encrypted, and"
            " signs the codes of offline invoices with it by itself.",
            user=self.env.user.name,
            signer=owner,
        )

    def _keep_consent(self, offline):
        """Keep that the user confirms for the signer of this login, which works already.

        :param bool offline: the words named a certificate for offline invoices, too
        """
        refuse_typed_code(self.env)
        self.write(self._consent_of(self.signer_name, self.signer_masked, offline))
        keep_consent(self)
        self._audit("consented", consent=self.consent_text)

    def _awaits_consent(self):
        """Return True if a certificate could be asked for by this login, and nobody has done so.

        KSeF issues certificates to logins with a signature only (docs/ksef.md A1-certificates).
        """
        lives = self.state == "active" and not self.revoke_requested and not self._has_ended()
        if self.method != "signature" or not lives:
            return False
        known = ("state", "in", SPOKEN_FOR)
        return not self.env["l10n_pl_ksef.certificate"]._of_company(self.company_id, known, limit=1)

    # ------------------------------------------------------------------
    # What people see of it
    # ------------------------------------------------------------------
    def _seconds_to_sign(self):
        """Return how long the file may still be signed, in seconds; None if nobody is to sign."""
        if self.method != "signature" or self.state != "waiting" or not self.challenge_expires_at:
            return None
        left = (self.challenge_expires_at - self._now()).total_seconds()
        return max(int(left), 0)

    def _time_of_download(self):
        """Return when this login's file was downloaded: the time, on another day with the date."""
        begun = self.challenge_expires_at - CHALLENGE_LIFETIME
        if self._day_of(begun) == self._day_of(self._now()):
            return format_time(self.env, begun, time_format="short")
        return format_datetime(self.env, begun, dt_format="short")

    def _day_of(self, moment):
        return fields.Datetime.context_timestamp(self, moment).date()

    def _forget_signers(self, until, limit):
        """Forget who signed logins that have ended, where a request's link was used long ago.

        The audit trail keeps it, and so does a certificate that the signature agreed to.

        :param datetime until: naive UTC; requests that ended before are forgotten
        :param int limit: how many logins at most
        """
        old = [("request_id.ended_at", "<", until), ("state", "in", ENDED)]
        known = ["|", ("signer_name", "!=", False), ("consent_text", "!=", False)]
        for session in self.search([*old, *known], limit=limit):
            problem = session.problem and {**session.problem, "signer": ""}
            session.write({**dict.fromkeys(SIGNER, False), "problem": problem})

    def _progress(self):
        """Return how a login stands whose file was sent, or whose certificate logs in.

        :return dict: ``result``: connected, limited, given, taken_back or False; ``verifying``:
            what to say while KSeF checks, or False; ``is_back``: it waits for a person again;
            ``has_ended``: it came to nothing; ``problem`` why
        """
        outcome = {"result": False, "verifying": False, "is_back": False, "has_ended": False}
        outcome["problem"] = self.problem
        if self.state == "active" and self.rights_checked_at:
            return {**outcome, "result": "limited" if self._missing_rights() else "connected"}
        if self.purpose != CONNECT and self.state in ERRAND_OR_CLOSED:
            return self._progress_of_errand(outcome)
        if self._was_put_back():
            problem = self.problem or problems.local("busy")
            return {**outcome, "is_back": True, "problem": problem}
        if self.state in ENDED:
            return {**outcome, "has_ended": True}
        return {**outcome, "verifying": self._verifying()}

    def _verifying(self):
        since = self.send_started_at
        return {
            "long": bool(since) and self._now() - since > LONG_VERIFICATION,
            "by_certificate": self.method == "certificate",
        }

    def _progress_of_errand(self, outcome):
        """Return how a login for one task stands: what became of it is decided once it closes."""
        if self.state in UNDECIDED:
            return {**outcome, "verifying": self._verifying()}
        if self.problem:
            return {**outcome, "has_ended": True}
        return {**outcome, "result": {"grant": "given", "take_back": "taken_back"}[self.purpose]}

    def _was_put_back(self):
        """Return True if a login waits for a person, or with a certificate for a later try."""
        if self.state != "waiting":
            return False
        if self.method == "certificate":
            return bool(self.problem)
        # Refused; or not even stored, because another worker held the lock for too long.
        return not self.sudo().document_secret

    # ------------------------------------------------------------------
    # What its request's end stops
    # ------------------------------------------------------------------
    def _stop(self):
        """End what a signature has begun, because its request was revoked; commit.

        :return: False, or as a problem what cannot be stopped any more
        :raises LockBusy: KSeF is being asked just now
        """
        if self.state not in UNFINISHED:
            return self._beyond_stopping()
        with self._exclusive(wait_seconds=STOP_PATIENCE) as login:
            if not login:
                raise LockBusy()
            too_late = login._beyond_stopping()
            if login.state in LOGGING_IN:
                login._give_way()
            elif login.state == "opened" and not too_late:
                login.write({"revoke_requested": True, "next_attempt": False})
                login._wake_cron_at(login._now())
            login.env.cr.commit()
        return too_late

    def _beyond_stopping(self):
        """Return as a problem what KSeF goes on with whatever is revoked here, or False."""
        if self.state == "active":
            return problems.local("revoked_after_login")
        working = self.state == "ordered" or self._awaits_lost_order() or self._is_taking_back()
        return problems.local("revoked_after_order") if working else False

    def _is_taking_back(self):
        """Return True if KSeF was ordered to end some of the office's rights."""
        ordered = self.attempts and not self.problem
        return self.purpose == "take_back" and self.state == "opened" and bool(ordered)
