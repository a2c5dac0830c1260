from collections import defaultdict
from contextlib import nullcontext
from datetime import timedelta

from odoo import Command, models
from odoo.exceptions import AccessError

from ...tools import enrollment
from ...tools.const import ENVIRONMENTS
from ...tools.credentials import (
    CredentialError,
    load_credentials,
    may_be_issued_by_ksef,
    may_sign_invoices,
)
from ...tools.errors import KsefError
from ...tools.identity import identity_of_certificate, named_environment
from ...tools.vault import VaultCorrupt, VaultError
from ..base import problems
from ..base.locks import LockBusy, also_locked, fresh, under_lock
from ..base.steps import event, naive
from ..session.statement import statement_of
from ..vault.vault import read_secret, secret_digests, write_secrets
from .certificate import LOGIN, OFFLINE
from .states import QUESTION, STANDING

# Already revoked, blocked or invalid: what was wanted is so (docs/ksef.md A1-25009).
ALREADY_REVOKED = 25009
# An identity has 12 applications in all and gets no more (docs/ksef.md A2-24): what a person may
# use up by impatience. The machine's own renewals are not bound by this.
YOUNG = timedelta(days=30)
KEPT_APPLICATIONS = 3


class L10n_Pl_KsefCertificateManual(models.Model):
    """What a person does to certificates: load, ask for, renew, share and revoke one."""

    # What a person does is a subject of its own beside the fields.
    _inherit = "l10n_pl_ksef.certificate"  # pylint: disable=consider-merging-classes-inherited

    def _load(self, principal, files, password, either=False):
        """Keep a certificate and its key that a person has; return False or the problem.

        :param list files: bytes of all that may hold them, in any order
        :param bool either: where none logs in, take one for offline invoices
        """
        environment = principal.l10n_pl_ksef_environment
        try:
            key, certificate = self._found_in(files, password, environment, either)
        except CredentialError as error:
            return problems.local(f"credential_{error.reason}")
        unfitness = self._unfitness(certificate, environment)
        if unfitness:
            return problems.local(unfitness)
        try:
            return self._keep(principal, key, certificate)
        except (LockBusy, VaultError) as error:
            return problems.of_request(error)

    def _found_in(self, files, password, environment, either):
        """Return a key and its certificate: the one that logs in, if there is one.

        :raises CredentialError: there is none, with the reason
        """
        how = {"otherwise": may_sign_invoices} if either else {}
        return load_credentials(
            *files,
            password=password,
            wanted=lambda item: not self._unfitness(item, environment),
            **how,
        )

    def _unfitness(self, certificate, environment):
        """Return the code of what keeps a certificate from being used here, or False."""
        if naive(certificate.valid_to) <= self._now():
            return "certificate_expired"
        named = named_environment(certificate)
        known = ENVIRONMENTS[environment].self_signed_allowed or not certificate.is_self_signed
        if not known or (named and named.lower() != environment):
            return "environment_mismatch"
        if may_sign_invoices(certificate) and not may_be_issued_by_ksef(certificate):
            # Others issue such ones, too; the codes on paper would be refused.
            return "offline_foreign"
        return False

    def _keep(self, principal, key, certificate):
        """Store a certificate and its key; return False, or the problem."""
        serial_number = f"{certificate.serial_number:016X}"
        environment = principal.l10n_pl_ksef_environment
        owner_name = identity_of_certificate(certificate).name or serial_number
        name = f"ksef-load,{environment},{serial_number}"
        with under_lock(self.env, name, wait_seconds=10) as env:
            if env is None:
                raise LockBusy()
            held = self.with_env(env).search(
                [("serial_number", "=", serial_number), ("environment", "=", environment)], limit=1
            )
            # A machine may be at the certificate that was here before.
            with also_locked(env, held._lock_name()) if held else nullcontext():
                if held._keeps_another(certificate):
                    return problems.local("certificate_number_taken")
                record = held or held.create(
                    {
                        "name": enrollment.certificate_name(owner_name),
                        "environment": environment,
                        "origin": "loaded",
                        "usage": OFFLINE if may_sign_invoices(certificate) else LOGIN,
                        "user_id": self.env.uid,
                        "serial_number": serial_number,
                    }
                )
                record._store_loaded(principal, key, certificate)
                env.cr.commit()
            record._plan_renewals()
        return False

    def _keeps_another(self, certificate):
        """Return True if what is stored here is not a certificate's: it would be overwritten.

        A number is an issuer's own: whoever makes a certificate gives it any number.
        """
        if not self:
            return False
        try:
            stored = read_secret(self, "certificate_secret")
        except VaultCorrupt:
            # What cannot be opened logs nobody in: nothing is lost.
            return False
        return stored != certificate.der if stored else bool(self.private_key_secret)

    @event
    def _store_loaded(self, principal, key, certificate):
        """Store a key that fits its certificate, and forget the question that it answers."""
        identity = identity_of_certificate(certificate, issued_by_ksef=True)
        self.write(
            {
                "company_ids": [Command.link(principal.id)],
                "identity_digest": secret_digests(self.env, identity)[0],
                "identity_masked": identity.label,
                "owner_name": identity.name,
            }
        )
        write_secrets(self, private_key_secret=enrollment.private_key_der(key))
        self._activate_with(certificate)
        agreements = self.env["l10n_pl_ksef.agreement"]
        agreements._agree(self, principal, principal.l10n_pl_ksef_digits, "loaded")
        self._of_company(principal, ("state", "in", QUESTION), usage=self.usage).unlink()

    def _issue_separate(self, principal, usage=LOGIN):
        """Ask for a certificate beside the signer's other one; return False or the problem.

        One for offline invoices only where its owner was asked, and by a login of that owner's:
        another one's question is forgotten, and the account asks anew.

        :param str usage: LOGIN or OFFLINE
        :raises AccessError: the owner's login certificate serves a company that is not the user's
        """
        session = principal._l10n_pl_ksef_session()
        if not session:
            return problems.local("not_connected")
        with under_lock(self.env, f"ksef-load,{principal.id}", wait_seconds=10) as env:
            if env is None:
                return problems.local("busy")
            certificates, company = self.with_env(env), principal.with_env(env)
            questions = ("state", "in", QUESTION)
            asked = certificates._of_company(company, questions, usage=usage, order="id desc")
            try:
                if usage == LOGIN:
                    certificates._begin_separate(session)
                else:
                    asked[:1]._begin_separate_offline(session, company)
            except VaultError as error:
                return problems.of_request(error)
            asked.unlink()
            env.cr.commit()
        return False

    def _begin_separate(self, session):
        """Create the record of an application beside another certificate that logs in."""
        record = self._begin_enrollment(session, user_id=self.env.uid, separate=True)
        record._wake_cron_at(record._now())

    def _begin_separate_offline(self, session, company):
        """Create the record of an application that this question's owner is asked about."""
        owner = self._same_owner_of(session, company)
        if not owner:
            return
        for login in self._of_same_owner(LOGIN).filtered(lambda one: one.state in STANDING):
            login._check_serves_only_own()
        self._begin_with_consent(session, company, owner).separate = True

    def _same_owner_of(self, session, company):
        """Return the digest of a login's owner, if this question was the owner's; else nothing.

        Who logs a company in may be another one than who was asked (docs/design.md 5).
        """
        said = statement_of(session)
        if said and said.owner:
            owners = [said.owner]
        else:
            # Of a file that names no signer, only what was issued through its login tells.
            issued = company._l10n_pl_ksef_certificate()
            owners = (
                session.certificate_id or issued.filtered(lambda one: one.session_id == session)
            )._owner_digests()
        return owners[0] if self.identity_digest and self.identity_digest in owners else ""

    def _issue_with_consent(self, principal, offline):
        """Ask for a certificate by the signature that works already: the user confirms now.

        Whoever clicks twice finds the first application. Return False or the problem.

        :param bool offline: what the user confirms names a certificate for offline invoices, too
        """
        session = principal._l10n_pl_ksef_session()
        if not session:
            return problems.local("not_connected")
        with session._exclusive(wait_seconds=10) as locked:
            if not locked:
                return problems.local("busy")
            if locked._awaits_consent():
                locked._keep_consent(offline)
                record = self.with_env(locked.env)._begin_enrollment(locked, user_id=self.env.uid)
                record._wake_cron_at(record._now())
                locked.env.cr.commit()
        return False

    def _terms_of_renewal(self):
        """Return the problem that keeps a person from renewing it now, or False; what is left.

        :return tuple: the problem or False; the applications that KSeF would still take, or None
        :raises AccessError: it serves a company that is not the user's
        """
        self._check_serves_only_own()
        problem = self._obstacle_to_renewal()
        if problem:
            return problem, None
        try:
            token = self._owners_session()._shared_token()
            with self._client() as client:
                left = client.certificate_limits(token).enrollment_remaining
        except (KsefError, VaultError) as error:
            return problems.of_request(error), None
        if left - 1 < KEPT_APPLICATIONS:
            return problems.local("renewal_uses_up", left=left), left
        return False, left

    def _renew_now(self):
        """Begin a successor, unless one is on its way, and go as far as KSeF answers at once.

        Under the certificate's lock, as the renewal that the machine begins: whoever clicks twice
        finds the first successor. Return False or the problem.

        :raises AccessError: it serves a company that is not the user's
        """
        self.ensure_one()
        self._check_serves_only_own()
        with self._exclusive(wait_seconds=10) as locked:
            problem = locked._terms_of_renewal()[0] if locked else problems.local("busy")
            if problem:
                return problem
            # What was refused before KSeF took an application is told anew.
            locked._successors().filtered(_is_lost_cause).unlink()
            successor = locked._begin_successor(asked_by_id=self.env.uid)
            locked._audit_certificate("renewal_asked")
            locked.env.cr.commit()
        successor = successor.with_env(self.env)
        successor._advance()
        return successor._refusal()

    def _obstacle_to_renewal(self):
        """Return the problem that keeps a successor from being begun now, or False."""
        if self.state != "active":
            return problems.local("renewal_not_valid")
        if self._is_being_renewed():
            return problems.local("renewal_under_way")
        if self.valid_from + YOUNG > self._now():
            return problems.local("renewal_too_young", days=YOUNG.days)
        if not self._can_be_renewed():
            return problems.local("renewal_needs_owner")
        return False

    def _refusal(self):
        """Return the problem if KSeF said no to the first steps, which other cursors committed."""
        with fresh(self) as certificate:
            return certificate.state == "failed" and certificate.problem

    def _serve(self, numbers):
        """Agree, as this environment's user, that certificates held here log companies in.

        Only companies that no certificate may log in get one. A company belongs to the certificate
        once a login has worked.

        :param dict numbers: the digits of each company's NIP or unit, by the company
        """
        by_certificate = defaultdict(dict)
        agreements = self.env["l10n_pl_ksef.agreement"]
        for principal, digits in numbers.items():
            serving = principal._l10n_pl_ksef_certificate()._usable()
            # A row that agrees to nothing keeps nobody from agreeing.
            if not agreements._covers(serving, principal, digits):
                held = self._held(principal.l10n_pl_ksef_environment)
                by_certificate[held._may_serve(principal)[:1]][principal] = digits
        for certificate, chosen in by_certificate.items():
            if not certificate:
                continue
            with certificate._exclusive(wait_seconds=10) as locked:
                if locked and locked._serves_only(self.env.user):
                    locked._agree_by_password(chosen)
                    locked.env.cr.commit()

    def _agree_by_password(self, numbers):
        for company, digits in numbers.items():
            agreements = self.env["l10n_pl_ksef.agreement"]
            agreements._agree(self, company.with_env(self.env), digits, "accepted")

    def _for_a_login_by_hand(self, principal):
        """Return the certificate with which a person may log a company in now, or nothing.

        Its own, or one that is held here and never worked for it; if somebody agreed to it.

        :raises VaultError: the agreements cannot be opened on this machine
        """
        offered = self._to_be_offered(principal)
        agreements = self.env["l10n_pl_ksef.agreement"]
        agreed = agreements._covers(offered, principal, principal.l10n_pl_ksef_digits)
        return offered if agreed else offered.browse()

    def _to_be_offered(self, principal):
        """Return the certificate that could log a company in without a signature, or nothing."""
        own = principal._l10n_pl_ksef_certificate()._usable()
        return own or self._held(principal.l10n_pl_ksef_environment)._may_serve(principal)[:1]

    def _held(self, environment):
        """Return the certificates that can log in now with a key that this Odoo has."""
        valid = ("state", "=", "active"), ("usage", "=", LOGIN)
        active = [*valid, ("environment", "=", environment)]
        return self.sudo().search(active)._usable()

    def _may_serve(self, principal):
        """Those of self that the user may let serve a company, what serves it already first.

        The user manages all companies of each, and all that have the same number: who logs in
        another one with it could send and read invoices for every NIP that it opens. Not one that
        the company left when another identity took its connection over, nor an office's, which
        opens its clients by what they gave alone.
        """
        user = self.env.user
        if principal._l10n_pl_ksef_is_anothers(user):
            return self.browse()
        held = self - self.env["l10n_pl_ksef.office"]._keys_to_clients(principal)
        return held.filtered(
            lambda item: (
                item.company_ids and item._serves_only(user) and not item._was_left_by(principal)
            )
        ).sorted(lambda item: principal not in item.company_ids)

    def _revoke(self, principal, reason):
        """Revoke the certificate at KSeF, through a company's login, and forget its key.

        :param str reason: Unspecified, Superseded or KeyCompromise
        :raises AccessError: it serves a company that is not the user's
        """
        self.ensure_one()
        self._check_serves_only_own()
        # KSeF decides whether the company's signer may, where the owner is not logged in.
        here = [("environment", "=", self.environment)]
        session = self._owners_session() or principal._l10n_pl_ksef_session().filtered_domain(here)
        token = session._shared_token()
        with self._exclusive(wait_seconds=10) as locked:
            if not locked:
                raise LockBusy()
            locked._revoke_at_ksef(token, reason, needless=(ALREADY_REVOKED,))
            del token
            locked._revoke_by_hand()
            locked._plan_renewals()
            locked.env.cr.commit()

    @event
    def _revoke_by_hand(self):
        """Note that a person revoked it at KSeF, and forget the key."""
        self.write({"state": "revoked", "private_key_secret": False, "next_attempt": False})

    def _check_serves_only_own(self):
        """Refuse to decide for other companies about what they log in with."""
        user = self.env.user
        if not user._is_superuser() and not self._serves_only(user):
            raise AccessError(
                self.env._(
                    "This certificate also serves companies that you have no access to:"
                    " somebody who manages all of them has to do this."
                )
            )


def _is_lost_cause(successor):
    """Return True if an application failed before KSeF took it."""
    return successor.state == "failed" and not successor.send_started_at
