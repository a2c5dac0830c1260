from collections import defaultdict
from functools import cached_property

from odoo.fields import Domain

from ..models.base import problems
from ..models.certificate.certificate import LOGIN
from ..models.session.session import CONNECT, COUNTS, STANDS_ON, TRIED, WORKED
from ..models.session.states import IN_FLIGHT, LOGGING_IN

# Logins without an outcome yet: sent, about to be sent, or active and not looked at.
ON_THE_WAY = (
    Domain("state", "in", IN_FLIGHT)
    | Domain("state", "=", "waiting")
    & (Domain("method", "=", "certificate") | Domain("document_secret", "!=", False))
    | Domain("state", "=", "active") & Domain("rights_checked_at", "=", False)
)
SENT = (("method", "=", "signature"), ("user_id", "!=", False))
ASKED = (("state", "=", "waiting"), ("method", "=", "signature"))


class Known:
    """What the database knows of the connections of some companies.

    Each question is asked once for all of them, so that a list of a thousand companies takes as
    many queries as the panel of one. Nothing is asked for that nobody wants to know.
    """

    def __init__(self, principals):
        """Prepare the questions.

        :param principals: companies that own connections
        """
        self.principals = principals.sudo()
        self._logins = self.principals.env["l10n_pl_ksef.session"]

    def session(self, principal):
        """Return the login that a company's connection stands on now; empty without one."""
        return self._active.get(principal, self._logins)

    def pending(self, principal):
        """Return a company's logins that have no outcome yet, the newest first."""
        return self._on_the_way[principal]

    def failure(self, principal):
        """Return the newest login of a company if it ended badly, else none."""
        return self._tried.get(principal, self._logins)._ended_badly()

    def refused(self, principal):
        """Return the newest signature's login if KSeF refused it and none worked since."""
        since = self.session(principal) or self._that_count.get(principal, self._logins)
        return self._sent.get(principal, self._logins).filtered(
            lambda one: one._is_refused_signature() and one._is_later_than(since)
        )

    def is_asked(self, principal):
        """Return True if a file was downloaded that may still be signed."""
        return principal in self._asked

    def was_connected(self, principal):
        """Return True if a company ever logged in, in its environment."""
        return principal in self._worked_once

    def certificate(self, principal):
        """Return the KSeF certificate that may log a company in; empty when there is none."""
        agreed = self._serving[principal].filtered(
            lambda one: one._agreements_for(principal, principal.l10n_pl_ksef_digits)
        )
        return agreed._usable()[:1] or agreed[:1]

    def grant(self, principal):
        """Return what the client gave the office, if its connection stands on that; else empty."""
        session = self.session(principal)
        return self._given[principal].filtered(lambda one: one._carries(session))[:1]

    def lacks_agreement(self, principal):
        """Return True if a certificate serves a company, but not for its NIP or unit of now."""
        return bool(self._serving[principal]._usable()) and not self.certificate(principal)

    def is_of_another(self, principal):
        """Return True if the only active login is for another NIP, and no certificate logs in.

        The company had that NIP, or was that unit, when somebody signed.
        """
        return principal in self._live and not self.certificate(principal)._usable()

    def why_ended(self, principal):
        """Return why nothing has followed the last login, where no login says so, or False."""
        if self.pending(principal):
            return self._hold_up(principal)
        last = self._worked.get(principal, self._logins)
        if not last or last.closed_by_user:
            return False
        usable = self.certificate(principal)._usable()
        return problems.local("renewal_late" if usable else "ended")

    def _hold_up(self, principal):
        """Return what keeps a company's login from coming about, as the sessions tell it."""
        newest = (
            self.pending(principal)
            ._of_present_context()
            .filtered(
                lambda one: (
                    one.state in IN_FLIGHT
                    or (one.method == "certificate" and one.state in LOGGING_IN)
                )
            )[:1]
        )
        told = newest.method == "certificate" and self._told.get(principal, False)
        return newest.problem or told

    # ------------------------------------------------------------------
    # The questions
    # ------------------------------------------------------------------
    @cached_property
    def _active(self):
        return self._logins._newest_of(self.principals, *STANDS_ON)

    @cached_property
    def _tried(self):
        return self._logins._newest_of(self.principals, *TRIED)

    @cached_property
    def _sent(self):
        return self._logins._newest_of(self.principals, *SENT)

    @cached_property
    def _that_count(self):
        return self._logins._newest_of(self.principals, *COUNTS)

    @cached_property
    def _worked(self):
        return self._logins._newest_of(self.principals, *WORKED)

    @cached_property
    def _on_the_way(self):
        return self._by_company(self._logins, self._found(self._logins, ON_THE_WAY))

    @cached_property
    def _asked(self):
        return set(self._here(self._found(self._logins, ASKED)._live_challenges()).company_id)

    @cached_property
    def _live(self):
        return set(self._here(self._found(self._logins, STANDS_ON)).company_id)

    @cached_property
    def _worked_once(self):
        own = [("company_id", "in", self.principals.ids), ("purpose", "=", CONNECT), *WORKED]
        groups = self._logins._read_group(own, ["company_id", "environment"])
        return {one for one, where in groups if where == one.l10n_pl_ksef_environment}

    @cached_property
    def _serving(self):
        certificates = self.principals.env["l10n_pl_ksef.certificate"]
        serving = [
            ("company_ids", "in", self.principals.ids),
            ("state", "=", "active"),
            ("usage", "=", LOGIN),
        ]
        by_company = defaultdict(lambda: certificates)
        for certificate in certificates.search(serving):
            for one in certificate.company_ids:
                if one.l10n_pl_ksef_environment == certificate.environment:
                    by_company[one] |= certificate
        return by_company

    @cached_property
    def _given(self):
        grants = self.principals.env["l10n_pl_ksef.grant"]
        given = [("company_id", "in", self.principals.ids), ("state", "=", "given")]
        return self._by_company(grants, grants.search(given))

    @cached_property
    def _told(self):
        return self.principals.env["l10n_pl_ksef.alert"]._told_of_ends(self.principals)

    def _found(self, records, conditions):
        own = Domain("company_id", "in", self.principals.ids) & Domain("purpose", "=", CONNECT)
        return records.search(own & Domain(list(conditions)))

    def _here(self, records):
        """Return those of the environment that their company is in now."""
        return records.filtered(
            lambda one: one.environment == one.company_id.l10n_pl_ksef_environment
        )

    def _by_company(self, nothing, records):
        by_company = defaultdict(lambda: nothing)
        for company, those in self._here(records).grouped("company_id").items():
            by_company[company] = those
        return by_company
