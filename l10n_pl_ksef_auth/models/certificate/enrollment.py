import secrets
from datetime import timedelta

from odoo import Command, models

from ...tools import enrollment
from ...tools.credentials import matches
from ...tools.errors import (
    KsefError,
    KsefForbidden,
    KsefGone,
    KsefUnauthorized,
    KsefUnavailable,
)
from ...tools.identity import identity_of_enrollment_data
from ...tools.x509_support import digest_of
from ..base import problems
from ..base.locks import also_locked
from ..session.session import CONNECT
from ..session.statement import statement_of
from ..vault.kept_keys import forget_kept, kept_key
from ..vault.vault import read_secret, secret_digests, write_secrets
from .certificate import LOGIN, OFFLINE, PLACES_FOR_SEPARATE, TYPES_AT_KSEF
from .states import HELD, ISSUING

# Certificates, tokens and sessions share 30 calls a minute and 120 an hour (docs/ksef.md A2-30).
FIRST_POLL = timedelta(seconds=10)
LONGEST_POLL = timedelta(minutes=5)
# After a lost answer KSeF's own list tells whether the application arrived; for how long to look.
LOST_ANSWER_PATIENCE = timedelta(hours=2)
# A request whose answer we no longer wait for may still be worked on.
STILL_ARRIVING = timedelta(minutes=1)
# An answer of KSeF's that cannot be read is asked for again: as often, which takes about a day.
UNREADABLE, MOST_UNREADABLE = "unreadable", 30
RECEIVED, ISSUED = range(100, 200), 200


class L10n_Pl_KsefCertificateEnrollment(models.Model):
    """The steps from the consent to a certificate that can log in (docs/ksef.md A2-19 to A2-30)."""

    # Applying for a certificate is a subject of its own beside the fields.
    _inherit = "l10n_pl_ksef.certificate"  # pylint: disable=consider-merging-classes-inherited

    def _enroll_after_login(self, session):
        """Begin an enrollment for a login that has just begun, if its signer agreed to it."""
        said = statement_of(session)
        return self._begin_enrollment(session) if said and said.consent else self.browse()

    def _begin_enrollment(self, session, **values):
        """Create the record of an application through a login, for its company and signer."""
        return self.create(
            {
                # A name that no other application has, within what KSeF accepts.
                "name": enrollment.certificate_name(f"Odoo {secrets.token_hex(4)}"),
                "environment": session.environment,
                "company_ids": [Command.link(session.company_id.id)],
                "session_id": session.id,
                "user_id": session.user_id.id,
                "owner_name": session.signer_name,
                "consent_text": session.consent_text,
                **values,
            }
        )

    def _agree_by_signature(self, session, owner):
        """Keep that the owner of these certificates signed for the NIP or unit of a login.

        What was signed is sealed with the login; its columns count for nothing here.

        :param str owner: digest of who signed
        """
        said = statement_of(session)
        if not said or said.purpose != CONNECT:
            return
        company = self.env["res.company"].browse(said.company).exists()
        # Behind a link no user agreed: who asked for the signature did nothing but ask.
        user = session.user_id if not session.request_id else session.user_id.browse()
        who = {"user_id": user.id, "address": session.address}
        same = self.filtered(lambda one: company and one.environment == said.environment)
        for certificate in same:
            self.env["l10n_pl_ksef.agreement"]._agree(
                certificate,
                company,
                said.digits,
                "signature",
                owner=owner,
                offline_wanted=said.consent == "both" and certificate.usage == LOGIN,
                **who,
            )

    def _step_check(self):
        """Look at what KSeF and this Odoo have, and make the key: committed before it is used."""
        session = self._owners_session()
        token = session._shared_token()
        with self._client() as client:
            data = client.enrollment_data(token)
            limits = client.certificate_limits(token)
            kind = TYPES_AT_KSEF[self.usage]
            held = list(client.certificates(token, status="Active", type=kind))
        del token
        identity = identity_of_enrollment_data(data)
        digests = secret_digests(self.env, identity)
        # Two companies of one signer may come at the same moment: one certificate for both.
        with also_locked(self.env, f"ksef-identity,{self.environment},{digests[0]}"):
            if self.replaces_id and digests[0] not in self.replaces_id._owner_digests():
                self._succeed(state="failed", problem=problems.local("renewal_needs_owner"))
                return
            if not self.replaces_id and self.usage == LOGIN:
                self._agree_by_signature(session, digests[0])
            self._decide(identity, digests, limits, held)

    def _decide(self, identity, digests, limits, held):
        """Join what this Odoo has, leave the choice to a human, or make the key."""
        self.write(
            {
                "identity_digest": digests[0],
                "identity_masked": identity.label,
                "owner_name": identity.name or self.owner_name,
                "enrollment_remaining": limits.enrollment_remaining,
                "certificate_remaining": limits.certificate_remaining,
            }
        )
        known = self._known_here(digests)
        kept = {} if known else self._kept_keys(held)
        if known:
            self._join(known)
        elif kept:
            self._take_kept(*next(iter(kept.items())))
        elif held and not self._may_stand_beside():
            self._leave_to_a_human()
        elif self.usage == OFFLINE and not self._has_place_for_separate():
            self._wait_for_a_place()
        elif not limits.can_request:
            self._succeed(state="failed", problem=problems.local("certificate_limit"))
        else:
            key = enrollment.new_key()
            write_secrets(self, private_key_secret=enrollment.private_key_der(key))
            self._succeed(state="keyed", send_started_at=False)

    def _kept_keys(self, held):
        """Return the keys, by serial number, that an earlier installation kept of these."""
        if self.replaces_id:
            return {}
        numbers = [item.serial_number for item in held]
        keys = {number: kept_key(self.env, self.environment, number) for number in numbers}
        return {number: key for number, key in keys.items() if key}

    def _take_kept(self, serial_number, key):
        """Go on with a certificate of an earlier installation, which KSeF lists as the signer's."""
        write_secrets(self, private_key_secret=key)
        self._succeed(state="issued", serial_number=serial_number)

    def _may_stand_beside(self):
        """Return True if Odoo may apply although KSeF lists another certificate of the signer's.

        Decide by KSeF's present limits: the ones shown to the user may be outdated.
        """
        return self.separate and bool(self.replaces_id or self._has_place_for_separate())

    def _free_slots(self):
        """Return how many certificates KSeF would still issue, when it was last asked."""
        return min(self.certificate_remaining, self.enrollment_remaining)

    def _has_place_for_separate(self):
        return self._free_slots() >= PLACES_FOR_SEPARATE

    def _known_here(self, digests):
        """Return this Odoo's own certificate of the same identity, if one is to be joined."""
        if self.replaces_id:
            return self.browse()
        known = self._other_of_identity(digests, ("state", "in", HELD))
        return known if known and known._may_be_owned_by(digests[0]) else self.browse()

    def _other_of_identity(self, digests, *conditions):
        same = ("identity_digest", "in", digests), ("environment", "=", self.environment)
        another = ("id", "!=", self.id), ("usage", "=", self.usage)
        domain = [*same, *another, *conditions]
        # The one that is in use comes before its successor.
        return self.search(domain, order="valid_from, id", limit=1)

    def _join(self, known):
        """One certificate for each identity: the company joins the one that is there."""
        with also_locked(self.env, known._lock_name()):
            known.write({"company_ids": [Command.link(company.id) for company in self.company_ids]})
            self.agreement_ids._move_to(known)
            if known._wants_offline():
                known.next_attempt = False
            self.unlink()
        known._plan_renewals()

    def _leave_to_a_human(self):
        """Ask the signer, who has a certificate elsewhere, once, however often he or she signs."""
        asked = self._other_of_identity(
            [self.identity_digest],
            ("company_ids", "in", self.company_ids.ids),
            ("state", "=", "exists"),
        )
        if not asked:
            self._succeed(state="exists")
            return
        places = ("enrollment_remaining", "certificate_remaining")
        with also_locked(self.env, asked._lock_name()):
            asked.write({name: self[name] for name in places})
            self.unlink()

    def _step_enroll(self):
        """Ask for the certificate; the reference number is committed as soon as it is known."""
        key = enrollment.load_private_key(read_secret(self, "private_key_secret"))
        with self._client() as client:
            csr = enrollment.build_csr(key, client.enrollment_data(self._token()))
            self.send_started_at = self._now()
            self.env.cr.commit()
            try:
                kind = TYPES_AT_KSEF[self.usage]
                application = client.enroll(self._token(), name=self.name, csr_der=csr, type=kind)
            except KsefError as error:
                if not getattr(error, "sent", False):
                    # It was certainly not taken: there is none to be looked for.
                    self.send_started_at = False
                    self.env.cr.commit()
                raise
        self._succeed(
            state="requested",
            reference_number=application.reference_number,
            next_attempt=self._now() + FIRST_POLL,
        )
        self._wake_cron_at(self.next_attempt)

    def _step_find_lost(self):
        """Find out if KSeF took an application whose answer was lost: never two for one need."""
        if self.send_started_at + STILL_ARRIVING > self._now():
            self._postpone_for(self.send_started_at + STILL_ARRIVING - self._now())
            return
        token = self._token()
        with self._client() as client:
            limits = client.certificate_limits(token)
            listed = client.certificates(token, type=TYPES_AT_KSEF[self.usage])
            mine = [item for item in listed if item.name == self.name]
        del token
        if mine:
            self._succeed(state="issued", serial_number=mine[0].serial_number)
        elif limits.enrollment_remaining >= self.enrollment_remaining:
            # KSeF counts applications: none arrived, so the next one is the first.
            self._succeed(send_started_at=False)
        elif self.send_started_at + LOST_ANSWER_PATIENCE < self._now():
            self._succeed(state="failed", problem=problems.local("enrollment_lost"))
        else:
            self.attempts += 1
            self._postpone_for(min(FIRST_POLL * 2**self.attempts, LONGEST_POLL))

    def _step_poll(self):
        """Ask how far the application is."""
        with self._client() as client:
            status = client.enrollment_status(self._token(), self.reference_number)
        if status.code in RECEIVED:
            self.attempts += 1
            self._postpone_for(min(FIRST_POLL * 1.5 ** min(self.attempts, 20), LONGEST_POLL))
        elif status.code == ISSUED and status.certificate_serial_number:
            self._succeed(state="issued", serial_number=status.certificate_serial_number)
        elif status.code == ISSUED:
            # Which one, KSeF's list tells.
            self._succeed(state="keyed")
        else:
            problem = problems.of_enrollment_status(status)
            self._succeed(state="failed", problem=problem)

    def _step_retrieve(self):
        """Fetch the certificate and make sure that it is the one for our key."""
        with self._client() as client:
            answer = client.retrieve_certificates(self._token(), [self.serial_number])
        ours = [item.certificate for item in answer if item.serial_number == self.serial_number]
        certificate = next(iter(ours), None)
        key = enrollment.load_private_key(read_secret(self, "private_key_secret"))
        if not certificate or not matches(key, certificate):
            code = "certificate_unreadable" if ours and not certificate else "certificate_mismatch"
            self._succeed(state="failed", problem=problems.local(code))
            return
        self._activate_with(certificate, issued_secret=digest_of(certificate.der))
        self._plan_renewals()
        forget_kept(self.env, self.environment, self.serial_number)

    def _plan_renewals(self):
        """From now on something renews the logins of the companies it serves, or nothing does."""
        # The logins' own cursors must see it.
        self.env.cr.commit()
        for company in self.company_ids:
            session = company._l10n_pl_ksef_session()
            renewable = bool(company._l10n_pl_ksef_certificate())
            if session and bool(session.renew_at) != renewable:
                with session._exclusive(wait_seconds=10) as locked:
                    locked._plan_renewal()
                    locked.env.cr.commit()

    def _postpone(self, error):
        """Give an application up whose answers stay unreadable, instead of asking for ever."""
        if self.state in ISSUING and self._stays_unreadable(error):
            return self._refuse(error)
        return super()._postpone(error)

    def _stays_unreadable(self, error):
        codes = {getattr(error, "code", None), (self.problem or {}).get("code")}
        return codes == {UNREADABLE} and self.attempts >= MOST_UNREADABLE

    def _on_enrollment_refused(self, error):
        """Give up after KSeF's final no, unless the login or its rights are just changing."""
        if isinstance(error, KsefGone) and self.state == "requested":
            # Too old to be asked about: KSeF's list knows what became of it.
            self._succeed(state="keyed")
        elif isinstance(error, KsefForbidden | KsefUnauthorized | KsefGone):
            self._postpone(error)
        elif isinstance(error, KsefUnavailable):
            self._succeed(state="failed", problem=problems.local("certificate_unreadable"))
        else:
            self._succeed(state="failed", problem=problems.of_error(error))
