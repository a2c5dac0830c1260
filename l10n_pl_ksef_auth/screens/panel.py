from datetime import timedelta

from odoo import fields, models
from odoo.tools import format_date

from ..models.base import problems
from ..models.certificate.states import ATTENTION, ISSUING
from ..models.res_company import CONNECT_GROUP
from ..models.vault.database_identity import is_neutralized
from ..models.vault.vault import why_locked
from ..tools import xades
from .known import Known
from .rights import in_words

# A session that nothing renews is worth a warning when it ends within this time.
EXPIRING = timedelta(days=3)
# A renewal that is later than this will not come: the scheduled action may not run.
LATE = timedelta(days=1)
POLL_QUICKLY, POLL_SLOWLY = 2, 15
COLORS = {
    "disconnected": "red",
    "waiting": "red",
    "verifying": "amber",
    "connected": "green",
    "limited": "amber",
    "expiring": "amber",
    "attention": "red",
}
TICKS = {"connected": "yes", "expiring": "yes", "limited": "partial"}


def label_of(record, name):
    """Return the value of a selection field as a person reads it."""
    return record._fields[name].convert_to_export(record[name], record)


class L10n_Pl_KsefPanel(models.AbstractModel):
    """Describes a connection: for the panel, and for the account screen that holds one.

    It reads what KSeF said and when; it never calls KSeF.
    """

    _name = "l10n_pl_ksef.panel"
    _description = "KSeF connection panel"

    def _describe(self, company):
        """Describe a company's connection, or why nothing can be done about it here."""
        panel = self._as_it_is(company)
        return {"due": self._due(panel), **panel}

    def _due(self, panel):
        """Return what helps first while a connection is red, for the bar: what the panel offers.

        :return str: ``nip``, ``certificate``, ``sign``; or ``attention``, where the panel says what
        """
        way_back = self._way_back(panel)
        if way_back == "company":
            return "nip"
        if panel["by_certificate"]:
            return "certificate"
        # What has not simply ended may need something else than a signature.
        has_ended = panel["state"] != "attention" or panel["seconds_left"] == 0
        is_for_signer = way_back not in ("account", "rights")
        return "sign" if has_ended and is_for_signer else "attention"

    def _as_it_is(self, company):
        values, obstacle = self._connection(company), why_locked(self.env)
        if obstacle:
            return {**values, **self._locked(obstacle)}
        principal = company._l10n_pl_ksef_principal()
        if self._cut_off(principal):
            # Nothing is sent there. The address is the problem that is told already.
            return {**values, **self._in_need()}
        is_open = values["state"] in ("disconnected", "attention")
        # Without a NIP there is nothing to try out.
        if is_neutralized(self.env) and is_open and self._way_back(values) != "company":
            values["problem"] = self._neutralized(principal)
        return values

    def _way_back(self, panel):
        return panel["problem"] and panel["problem"]["way_back"]

    def _neutralized(self, principal):
        """Return what a neutralized copy says: outside production it can simply be connected."""
        told = self._local("neutralized")
        if principal.l10n_pl_ksef_environment == "production":
            return told
        action = self.env._("To try KSeF out here, connect the company.")
        return {**told, "action": action, "way_back": "sign"}

    def _states(self, known, principals):
        """Return the states of many connections as their panels show them, by the company."""
        if why_locked(self.env):
            return dict.fromkeys(principals, "attention")
        cut_off = self._cut_off(principals)
        return {
            one: "attention" if one.l10n_pl_ksef_environment in cut_off else self._state(one, known)
            for one in principals
        }

    def _cut_off(self, principals):
        """Return the environments of companies to whose address nothing may be sent."""
        environments = set(principals.mapped("l10n_pl_ksef_environment"))
        return {one for one in environments if problems.of_address(principals, one)}

    def _locked(self, obstacle):
        """Return what replaces a part of the panel while the secrets cannot be used."""
        return {
            **self._in_need(),
            "by_certificate": False,
            "opens_company": False,
            # What helps is behind the panel's own button, not in Konto.
            "problem": {**self._local(obstacle), "way_back": "sign"},
            "renews_at": False,
            "sign_again_at": False,
            "poll_seconds": 0,
            "is_locked": True,
            "button": {"label": self.env._("Decide what to do"), "primary": True},
        }

    def _in_need(self):
        return {
            "state": "attention",
            "tick": "no",
            "color": COLORS["attention"],
            "headline": self.env._("The connection needs your attention."),
            "due": "attention",
        }

    def _local(self, code):
        return problems.texts(self.env, problems.local(code))

    def _connection(self, company):
        principal = company._l10n_pl_ksef_principal()
        known = Known(principal)
        session, pending = known.session(principal), known.pending(principal)
        state = self._state(principal, known)
        user = self.env.user
        can_connect = user.has_group(CONNECT_GROUP) and principal in user.sudo().company_ids
        certificate = self._certificate(principal, session)
        offline = self.env["l10n_pl_ksef.panel.offline"]._line(principal)
        return {
            "company_name": company.name,
            "principal": principal.id,
            "nip": principal._l10n_pl_ksef_nip(),
            "environment": principal.l10n_pl_ksef_environment,
            "environment_label": label_of(principal, "l10n_pl_ksef_environment"),
            "state": state,
            "tick": TICKS.get(state, "no"),
            "color": COLORS[state],
            "headline": self._headline(principal, state, session),
            "certificate": certificate,
            "offline": offline,
            "availability": self.env["l10n_pl_ksef.availability"]._sentence(
                principal.l10n_pl_ksef_environment
            ),
            "stands_on": self._stands_on(session, known.grant(principal)),
            "missing_rights": self._rights_labels(session),
            "rights_links": problems.pages_on_rights(self.env),
            # KSeF may be checking a signature, or have refused it, while an older session works.
            "is_verifying": "signature" in pending.mapped("method"),
            "is_refused": bool(known.refused(principal)),
            "problem": self._problem(principal, known),
            "can_connect": can_connect,
            "is_locked": False,
            "button": {
                "label": self.env._("Refresh connection (signature)"),
                "primary": state not in ("connected", "verifying"),
            },
            **self.env["l10n_pl_ksef.panel.ways"]._ways(principal, session, state, can_connect),
            "poll_seconds": self._poll_seconds(pending, session, certificate, offline),
            "first_steps": state in ("disconnected", "waiting", "attention")
            and self._first_steps(principal, known),
            "sign_again_at": self._sign_again_at(session, certificate),
            **self._life(session),
        }

    def _sign_again_at(self, session, certificate):
        """Return until when a login lives that no certificate will surely follow, else False."""
        if not session or session._has_ended() or certificate["state"] == "issuing":
            return False
        surely = self._is_surely_renewed(session)
        return not surely and fields.Datetime.to_string(session.refresh_valid_until)

    def _first_steps(self, principal, known):
        """Return what leads to a first connection, in order; False if there ever was one."""
        if known.was_connected(principal):
            return False
        nip = not problems.of_company(principal) and principal._l10n_pl_ksef_nip()
        steps = [
            {
                "text": self.env._("The company's NIP is there.")
                if nip
                else self.env._("Enter the company's NIP (Tax ID)."),
                "is_done": bool(nip),
            },
            {"text": self.env._("Connect: one signature, about 3 minutes.")},
        ]
        if principal.l10n_pl_ksef_environment == "test":
            steps.append({"text": self.env._("Send a test invoice.")})
        return steps

    def _on_the_way(self, principal):
        """Return the company's sessions that have no outcome yet, the newest first."""
        return Known(principal).pending(principal)

    def _certificates_on_the_way(self, principal):
        issuing = ("state", "in", ISSUING)
        certificates = self.env["l10n_pl_ksef.certificate"]
        return certificates._of_company(principal, issuing, usage=None)

    def _state(self, principal, known):
        """Return a connection's state, but for what stops all connections of this database.

        :param known: Known, of this company and perhaps others
        """
        state = self._state_of(known.session(principal), known.pending(principal))
        if state != "disconnected":
            return state
        if known.failure(principal):
            return "attention"
        return "waiting" if known.is_asked(principal) else "disconnected"

    def _state_of(self, session, pending):
        """Return the state that sessions alone tell, so that one query does for many companies."""
        if not session:
            return self._state_without(pending)
        left = session.refresh_valid_until - session._now()
        if left <= timedelta():
            return "attention"
        if not session.rights_checked_at:
            return "verifying"
        if session._missing_rights():
            return "limited"
        return "expiring" if left < EXPIRING and not self._renews(session) else "connected"

    def _state_without(self, pending):
        """Return the state while no session lives: what is held up is not being verified."""
        if pending and all(one._is_held_up() for one in pending):
            return "attention"
        return "verifying" if pending else "disconnected"

    def _renews(self, session):
        """Return True if a login with the certificate will replace the session in time."""
        known = self._is_surely_renewed(session)
        return known and not self._is_late(session) and not xades.available()

    def _is_surely_renewed(self, session):
        """Return True if a renewal is planned with a certificate that logged the company in once.

        Of another certificate it is not promised.
        """
        return bool(session.renew_at) and not session.renewal_untried

    def _is_late(self, session):
        late = bool(session.renew_at) and session.renew_at + LATE < session._now()
        return late or session._is_running_out()

    def _headline(self, principal, state, session):
        if state == "attention" and session:
            return self.env._("The connection has ended; sign once more to restore it.")
        if state == "disconnected":
            return self.env["l10n_pl_ksef.panel.ways"]._who_disconnected(principal)
        return {
            "waiting": self.env._("Waiting for the signed file."),
            "verifying": self.env._("KSeF is checking the signature."),
            "limited": self.env._("Connected, but a right is missing at KSeF."),
            "expiring": self.env._("The connection ends soon; sign once more to keep it."),
            "attention": self.env._("The connection needs your attention."),
        }.get(state, "")

    def _seconds_left(self, session):
        """Return for how long a login lives, in whole seconds; False without one."""
        until = session.refresh_valid_until
        return until and int(max((until - session._now()).total_seconds(), 0))

    def _life(self, session):
        until = session.refresh_valid_until
        whole = until and session.activated_at and (until - session.activated_at).total_seconds()
        left = self._seconds_left(session)
        renews = self._renews(session) and session.renew_at
        return {
            "expires_at": fields.Datetime.to_string(until),
            "seconds_left": left,
            "lifetime_share": left / whole if whole else 0.0,
            "checked_at": fields.Datetime.to_string(
                session.rights_checked_at or session.activated_at
            ),
            "renews_at": fields.Datetime.to_string(renews),
            "identity": bool(session.signer_name)
            and {"name": session.signer_name, "masked": session.signer_masked or ""},
        }

    def _certificate(self, principal, session):
        certificate = principal._l10n_pl_ksef_certificate()
        if not certificate:
            certificates = self.env["l10n_pl_ksef.certificate"]
            certificate = certificates._of_company(principal, order="id desc", limit=1)
        state = self._certificate_state(certificate)
        valid_to = certificate.valid_to if state == "valid" else False
        share = False
        if valid_to:
            whole = (valid_to - certificate.valid_from).total_seconds()
            share = max((valid_to - certificate._now()).total_seconds(), 0) / whole
        return {
            "state": state,
            "text": self._certificate_text(state),
            "owner": self._other_owner(certificate, session),
            "valid_to": fields.Datetime.to_string(valid_to),
            "share": share,
        }

    def _other_owner(self, certificate, session):
        """Return whose certificate it is, where somebody else signed; else an empty string."""
        signer = session.signer_masked or session.signer_name
        owner = certificate.identity_masked if session.signer_masked else certificate.owner_name
        return certificate.owner_name or "" if signer and signer != owner else ""

    def _certificate_state(self, certificate):
        if certificate.state in ISSUING:
            return "issuing"
        if certificate.state in ATTENTION:
            return "attention"
        return {"active": "valid", "exists": "exists"}.get(certificate.state, "none")

    def _certificate_text(self, state):
        return {
            "none": self.env._("none"),
            "issuing": self.env._("being issued"),
            "valid": self.env._("valid until"),
            "exists": self.env._("one exists already: load it by hand in the menu KSeF → Account"),
            "attention": self.env._("needs attention"),
        }[state]

    def _stands_on(self, session, grant):
        """Return what a living connection stands on, in words; empty for a signature alone.

        :param grant: what the client gave the office, if it stands on that
        """
        if grant:
            return self.env._(
                "rights from the client since %(date)s, for: %(whom)s",
                date=format_date(self.env, grant.given_at),
                whom=grant.to_whom,
            )
        own = session.method == "certificate"
        return self.env._("own certificate: %s", session.signer_name or "") if own else ""

    def _rights_labels(self, session):
        missing = session._missing_rights() if session.rights_checked_at else ()
        return [in_words(self.env, [right]) for right in missing]

    def _problem(self, principal, known):
        """Return what went wrong last, unless it was mended since; False when nothing did."""
        obstacle = problems.of_company(principal)
        if obstacle:
            return self._texts(obstacle, principal)
        session, pending = known.session(principal), known.pending(principal)
        source = pending[:1] if pending[:1].problem else known.refused(principal) or session
        if not source.problem and (not session or session._missing_rights()):
            # Whose rights are gone, the next login was refused for.
            source = known.failure(principal) or source
        if source.problem:
            ends = not session or session._has_ended() or session._is_running_out()
            lasting = ends and source._is_held_up()
            problem = problems.lasting(source.problem) if lasting else source.problem
            return self._texts(problem, principal, source)
        code = self._standing_problem(principal, known)
        if code:
            return self._texts(problems.local(code), principal)
        ended = not session and known.why_ended(principal)
        return ended and self._texts(problems.lasting(ended), principal)

    def _standing_problem(self, principal, known):
        """Return the code of what is wrong although no login says so; empty when nothing is."""
        session = known.session(principal)
        if not session and not known.pending(principal):
            if known.lacks_agreement(principal):
                return "not_agreed"
            if known.is_of_another(principal):
                return "nip_changed"
        lacking = session.renew_at and xades.available()
        if lacking:
            return f"xmlsec_{lacking}"
        return "renewal_late" if self._is_late(session) else ""

    def _texts(self, problem, principal, session=None):
        nip, signer = principal._l10n_pl_ksef_number(), session and session.signer_name
        return problems.texts(self.env, problem, nip=nip, signer=signer or "")

    def _poll_seconds(self, pending, session, certificate, offline):
        soon = session._now() + timedelta(minutes=1)
        if any(not one.next_attempt or one.next_attempt < soon for one in pending):
            return POLL_QUICKLY
        issuing = "issuing" in (certificate["state"], offline and offline["state"])
        return POLL_SLOWLY if issuing else 0
