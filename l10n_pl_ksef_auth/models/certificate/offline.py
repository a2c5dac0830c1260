from datetime import timedelta

from odoo import Command, models

from ...tools.vault import VaultError
from ...tools.x509_support import digest_of
from ..base import problems
from .certificate import LOGIN, OFFLINE, PLACES_FOR_SEPARATE
from .states import SPOKEN_FOR, STANDING

A_DAY = timedelta(days=1)
# Why the certificate for offline invoices has no place at KSeF, as problems of this Odoo's own.
WAITING = ("offline_waits", "offline_no_place", "offline_no_application")


class L10n_Pl_KsefCertificateOffline(models.Model):
    """The certificate for offline invoices: it comes after the one that logs in.

    It takes the same states. It logs nobody in, so its trial is no login. What it has signed is
    judged when somebody scans it, so it is not revoked when it has a successor (docs/ksef.md F-3).
    """

    # The second kind of certificate is a subject of its own beside the fields.
    _inherit = "l10n_pl_ksef.certificate"  # pylint: disable=consider-merging-classes-inherited

    # ------------------------------------------------------------------
    # After the certificate that logs in
    # ------------------------------------------------------------------
    def _wants_offline(self):
        """Return True if this login certificate is to be followed by one for offline invoices."""
        waiting = self.usage == LOGIN and self.state == "active" and self._offline_agreements()
        return bool(waiting) and bool(self._owners_session())

    def _offline_agreements(self):
        """Return what was agreed to for offline invoices, too, and is not applied for yet."""
        return self.agreement_ids.filtered(
            lambda agreed: (
                agreed.offline_wanted
                and agreed.company_id in self.company_ids
                and agreed.company_id._l10n_pl_ksef_needs_offline()
            )
        )

    def _step_apply_offline(self):
        """Begin the application that was agreed to; a row that nobody agreed to is forgotten."""
        wanted, session = self._offline_agreements(), self._owners_session()
        genuine = wanted.filtered(lambda agreed: agreed._is_genuine())
        who = session.user_id
        for agreed in genuine:
            agreed._note_offline(False)
        (wanted - genuine).offline_wanted = False
        if genuine:
            record = self._begin_offline(session, genuine.company_id, self.consent_text, who)
            for agreed in genuine:
                terms = agreed.company_id, agreed.digits, agreed.how, agreed.user_id
                record._agree_offline(*terms, owner=agreed._owner())
        self._succeed(next_attempt=self._next_look(session))

    def _begin_offline(self, session, companies, consent_text, user):
        """Create the record of an application for offline invoices, for the owner of a login."""
        record = self._begin_enrollment(
            session,
            usage=OFFLINE,
            company_ids=[Command.set(companies.ids)],
            consent_text=consent_text,
            user_id=user.id,
        )
        record._wake_cron_at(record._now())
        return record

    def _agree_offline(self, company, digits, how, user, owner=""):
        self.env["l10n_pl_ksef.agreement"]._agree(
            self, company, digits, how, owner=owner, user_id=user.id
        )

    def _is_needless(self):
        """Return True if no company has use of it: all that it serves issue no invoices here.

        Or they have switched it off. What signs already goes on to its end.
        """
        return self.usage == OFFLINE and not any(
            company._l10n_pl_ksef_needs_offline() for company in self.company_ids
        )

    # ------------------------------------------------------------------
    # The office's, for the clients that gave it rights
    # ------------------------------------------------------------------
    def _unsigned_clients(self):
        """Return the rights that clients gave its owner, the office, if it signs not for them yet.

        Only those of which the office's certificate that logs in may make use.
        """
        grants = self.env["l10n_pl_ksef.grant"].sudo()
        if self.usage != OFFLINE:
            return grants
        logins = self._of_same_owner(LOGIN)
        given = grants._of_office(logins).filtered(
            lambda grant: (
                not self._agreements_for(grant.company_id, grant.digits)
                and grant._is_of_today()
                and grant.company_id._l10n_pl_ksef_needs_offline()
            )
        )
        agreements = self.env["l10n_pl_ksef.agreement"]
        try:
            own = set(self._owner_digests())
            logins = logins.filtered(lambda login: own & set(login._owner_digests()))
            return given.filtered(
                lambda grant: agreements._covers(logins, grant.company_id, grant.digits)
            )
        except VaultError:
            return grants

    def _look_for_clients(self):
        """Have those of self that do not sign for a client of the office yet do so soon."""
        for certificate in self.filtered(lambda one: one.state == "active"):
            if certificate._unsigned_clients():
                certificate._look_at_once()

    def _step_sign_for_clients(self):
        """Sign for the clients whose connections stand on rights that they gave its owner.

        The owner agreed to the certificate, each client to the office; KSeF is asked for nothing.
        """
        for grant in self._unsigned_clients():
            self.company_ids = [Command.link(grant.company_id.id)]
            self._agree_offline(grant.company_id, grant.digits, "rights", grant.user_id)
        self._succeed()

    def _is_coming(self, login, principal):
        """Return True if what a login certificate's owner has, or gets, will sign for a company."""
        if login._offline_agreements():
            return True
        held = login._of_same_owner(OFFLINE).filtered(lambda one: one.state in STANDING)
        grants = self.env["l10n_pl_ksef.grant"]._of_office(login)
        return bool(held) and principal in grants.company_id

    def _wait_for_a_place(self):
        """Leave the last place at KSeF to the certificate that logs in; look again tomorrow."""
        if self.enrollment_remaining < PLACES_FOR_SEPARATE:
            code = "offline_no_application"
        else:
            code = "offline_waits" if self.certificate_remaining else "offline_no_place"
        self.problem = problems.local(code)
        self._postpone_for(A_DAY)

    def _waits_in_vain(self):
        """Return True if nobody wants any more what waits for a place at KSeF."""
        return bool(self._waits_for_a_place()) and self._is_needless()

    def _step_wait_on(self):
        """Apply for nothing: an identity has 12 applications in all. Who wants it finds it here."""
        self._postpone_for(A_DAY)

    def _waits_for_a_place(self):
        """Return why KSeF has no place for this certificate beside the other one: one of WAITING.

        False where it does not wait for that.
        """
        return self.state == "checking" and next(
            (code for code in WAITING if problems.is_local(self.problem, code)), False
        )

    # ------------------------------------------------------------------
    # Its owner
    # ------------------------------------------------------------------
    def _login_of_other_kind(self):
        """Return a login of the owner of one for offline invoices, who logs in with another."""
        sessions = self.env["l10n_pl_ksef.session"]
        others = self._of_same_owner(LOGIN) if self.usage == OFFLINE else self.browse()
        logins = (other._owners_session() for other in others)
        return next(filter(None, logins), sessions)

    def _of_same_owner(self, usage):
        """Return the certificates of one kind that this one's owner has in this Odoo."""
        if not self.identity_digest:
            return self.browse()
        same = [(name, "=", self[name]) for name in ("identity_digest", "environment")]
        return self.search([*same, ("usage", "=", usage)])

    def _proof(self, client, token):
        """Return the digest of a loaded certificate, once its owner sees that KSeF issued it.

        No login proves what the file of one for offline invoices says of its owner.

        :return bytes: to be sealed; empty if nothing is to be proved, or not proved
        """
        if self._is_proved():
            return b""
        stored = self._stored_certificate().der
        answer = client.retrieve_certificates(token, [self.serial_number])
        issued = [item.certificate.der for item in answer if item.certificate]
        return digest_of(stored) if stored in issued else b""

    def _can_be_renewed(self):
        """Return True if its owner is logged in, and KSeF has let in or issued what is replaced."""
        return self._is_proved() and bool(self._owners_session())

    def _is_proved(self):
        return self.usage == LOGIN or bool(self.issued_secret)

    # ------------------------------------------------------------------
    # A consent that names it, given later
    # ------------------------------------------------------------------
    def _to_be_followed(self, principal):
        """Return the login certificate that a consent could give one for offline invoices.

        Nothing where the company needs none, has one, or waits for one already.
        """
        known = self._of_company(principal, ("state", "in", SPOKEN_FOR), usage=OFFLINE)
        digits = principal.l10n_pl_ksef_digits
        # One that serves the company, but not for its NIP or unit of now, needs a consent again.
        standing = known.filtered(
            lambda one: one.state != "active" or one._agreements_for(principal, digits)
        )
        if standing or not principal._l10n_pl_ksef_needs_offline():
            return self.browse()
        login = principal._l10n_pl_ksef_certificate()
        return login.browse() if self._is_coming(login, principal) else login

    def _issue_offline(self, principal):
        """Ask for a certificate for offline invoices: the user confirms for its owner now.

        Whoever clicks twice finds the first application. Return False or the problem.

        :raises AccessError: the owner's certificate serves a company that is not the user's
        """
        login = self._to_be_followed(principal)
        if not login:
            return problems.local("not_connected")
        login._check_serves_only_own()
        with login._exclusive(wait_seconds=10) as locked:
            if not locked:
                return problems.local("busy")
            company = principal.with_env(locked.env)
            session = locked._owners_session()
            if not session:
                return problems.local("renewal_needs_owner")
            if locked._to_be_followed(company):
                locked._begin_with_consent(session, company, locked._owner_digest())
                locked.env.cr.commit()
        return False

    def _begin_with_consent(self, session, company, owner):
        """Create the record of an application that the user confirms for this one's owner now.

        :param session: a login of the owner's
        :param str owner: its digest
        """
        sessions = self.env["l10n_pl_ksef.session"]
        who = filter(None, (self.owner_name, self.identity_masked))
        text = sessions._words_of_offline(", ".join(who))
        session._audit("consented", consent=text, user_id=self.env.uid)
        record = self._begin_offline(session, company, text, self.env.user)
        terms = company, company.l10n_pl_ksef_digits, "accepted", self.env.user
        record._agree_offline(*terms, owner=owner)
        return record
