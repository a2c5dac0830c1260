from odoo import fields, models
from odoo.fields import Domain

from ..models.base import problems
from ..models.base.steps import naive
from ..models.certificate.certificate import LOGIN, OFFLINE, TYPES_AT_KSEF
from ..models.certificate.states import QUESTION, SHOWN_WHEN_LEFT
from ..models.session.login import IN_PROGRESS, SUCCESS
from .audit_text import signature_text
from .errand_texts import where_taken_back
from .known import Known
from .panel import label_of

# How KSeF names what a login was signed with, by the last word of the former names and of today's
# (docs/ksef.md A2-32), without dashes and in lower case.
METHODS = {
    "trustedprofile": "trusted_profile",
    "qualifiedsignature": "qualified",
    "qualifiedseal": "seal",
    "personalsignature": "personal_id",
    "internalcertificate": "ksef_certificate",
    "ksefcertificate": "ksef_certificate",
}

_text = fields.Datetime.to_string


class L10n_Pl_KsefAccount(models.AbstractModel):
    """Describes an account: the certificates and sessions of this Odoo, and those at KSeF."""

    _name = "l10n_pl_ksef.account"
    _description = "KSeF account"

    def _describe(self, principal, listed=None):
        """Return what the account screen shows; ``listed`` is what _ask_ksef returned, if asked."""
        listed = listed or {"certificates": [], "sessions": [], "asked_at": False}
        return {
            "panel": self.env["l10n_pl_ksef.panel"]._describe(principal),
            "options": self.env["l10n_pl_ksef.account.options"]._describe(principal),
            "certificates": self._certificates(principal, listed),
            "sessions": self._sessions(principal, listed),
            "choice": self._choice(principal),
            "consent": self._consent(principal),
            "offline": self.env["l10n_pl_ksef.panel.offline"]._question(principal),
            "others": self._others(principal),
            "taken_back": self._where_taken_back(principal),
            "take_over": self.env["l10n_pl_ksef.takeover"]._former(principal),
            "asked_at": listed["asked_at"],
            "problem": False,
        }

    def _where_taken_back(self, principal):
        """Return where the client takes back what the connection stands on; else nothing."""
        return where_taken_back(self.env) if Known(principal).grant(principal) else ""

    def _ask_ksef(self, principal):
        """Ask KSeF for the certificates and sessions of the connection's signer."""
        session = principal._l10n_pl_ksef_session()
        token = session._shared_token()
        with principal._l10n_pl_ksef_client() as client:
            return {
                "certificates": list(client.certificates(token)),
                "sessions": list(client.sessions(token)),
                "asked_at": fields.Datetime.to_string(session._now()),
            }

    def _certificates(self, principal, listed):
        serve = Domain("company_ids", "in", principal.id)
        served = Domain("former_company_ids", "in", principal.id)
        shown = serve | (served & Domain("state", "in", SHOWN_WHEN_LEFT))
        environment = Domain("environment", "=", principal.l10n_pl_ksef_environment)
        certificates = self.env["l10n_pl_ksef.certificate"].sudo()
        here = certificates.search(environment & shown)
        by_serial = {item.serial_number: item for item in listed["certificates"]}
        numbered = Domain("serial_number", "in", list(by_serial))
        held = certificates.search(environment & numbered).mapped("serial_number")
        rows = [self._known(principal, certificate, by_serial) for certificate in here]
        # A certificate that is being issued has no number here yet, but a name that no other has.
        unnumbered = here.filtered(lambda certificate: not certificate.serial_number)
        known = set(here.mapped("serial_number")) | set(unnumbered.mapped("name"))
        return rows + [
            self._elsewhere(item, serial in held)
            for serial, item in by_serial.items()
            if not known & {serial, item.name}
        ]

    def _known(self, principal, certificate, by_serial):
        item = by_serial.get(certificate.serial_number)
        active, left = certificate.state == "active", certificate._was_left_by(principal)
        is_renewing = active and not left and certificate._is_being_renewed()
        # The successor whose trial failed is valid at KSeF, and takes one of its owner's places.
        untried = certificate.state == "failed" and bool(certificate.serial_number)
        # Companies that the user does not work in are not named.
        named = certificate.company_ids & self.env.user.sudo().company_ids
        return {
            "id": certificate.id,
            "name": certificate.name,
            "serial_number": certificate.serial_number or "",
            "owner": certificate.owner_name or "",
            "masked": certificate.identity_masked or "",
            "here": True,
            "usage": certificate.usage,
            "usage_label": label_of(certificate, "usage"),
            "state": certificate.state,
            "state_label": label_of(certificate, "state"),
            "status_at_ksef": item.status if item else "",
            "valid_to": _text(certificate.valid_to),
            "last_use": _text(item and naive(item.last_use)),
            "companies": named.mapped("name"),
            "problem": certificate.problem
            and problems.texts(self.env, certificate.problem, signer=certificate.owner_name or ""),
            "can_revoke": active or untried,
            "can_renew": active and not left and not is_renewing and certificate._is_proved(),
            "is_renewing": is_renewing,
            "is_former": active and left,
        }

    def _elsewhere(self, item, is_held):
        """Describe a certificate that only KSeF knows for this company.

        :param bool is_held: whether this Odoo has its key, for companies that are not named here
        """
        elsewhere = self.env._("Valid, the key is not in this Odoo")
        for_others = self.env._("Valid, in this Odoo for other companies")
        labels = {
            "Active": for_others if is_held else elsewhere,
            "Blocked": self.env._("Blocked"),
            "Revoked": self.env._("Revoked"),
            "Expired": self.env._("Expired"),
        }
        usage = next((ours for ours, theirs in TYPES_AT_KSEF.items() if theirs == item.type), "")
        kinds = self.env["l10n_pl_ksef.certificate"]._fields["usage"]
        return {
            "id": False,
            "name": item.name,
            "serial_number": item.serial_number,
            "here": False,
            "usage": usage,
            "usage_label": dict(kinds._description_selection(self.env)).get(usage, ""),
            "state": item.status,
            "state_label": labels.get(item.status, item.status),
            "status_at_ksef": item.status,
            "valid_to": _text(naive(item.valid_to)),
            "last_use": _text(naive(item.last_use)),
            "companies": [],
            "can_revoke": item.status == "Active",
        }

    def _sessions(self, principal, listed):
        here = self.env["l10n_pl_ksef.session"]._of_company(principal)
        ours = set(here.mapped("reference_number"))
        return [
            {
                "reference_number": item.reference_number,
                "ours": item.reference_number in ours,
                "is_current": item.is_current,
                "method": self._method_label(item),
                "started": _text(naive(item.start_date)),
                "expires": _text(naive(item.refresh_token_valid_until)),
                "state_label": self._session_label(item),
                "technical": f"KSeF {item.code} · {item.description} · {item.method_name}",
            }
            for item in listed["sessions"]
        ]

    def _method_label(self, item):
        if item.method.lower().startswith("token"):
            return self.env._("KSeF token")
        name = item.method.rpartition(".")[2].replace("-", "").lower()
        return signature_text(self.env, METHODS.get(name))

    def _session_label(self, item):
        if item.code in IN_PROGRESS:
            return self.env._("being verified")
        return self.env._("active") if item.code == SUCCESS else self.env._("not active")

    def _choice(self, principal):
        """Return how the company may get a certificate, if Odoo could not get one by itself."""
        choices = (self._choice_of(principal, usage) for usage in (LOGIN, OFFLINE))
        return next(filter(None, choices), False)

    def _choice_of(self, principal, usage):
        undecided, active = ("state", "in", QUESTION), ("state", "=", "active")
        certificates = self.env["l10n_pl_ksef.certificate"]
        waiting = certificates._of_company(
            principal, undecided, usage=usage, order="id desc", limit=1
        )
        if not waiting or certificates._of_company(principal, active, usage=usage, limit=1):
            return False
        return {
            "usage": usage,
            "reason": waiting.state,
            "owner": waiting.owner_name or "",
            "can_issue": waiting._has_place_for_separate(),
            "places": waiting._free_slots(),
        }

    def _consent(self, principal):
        """Return for whom and until when a certificate may be asked for without a signature."""
        session = principal._l10n_pl_ksef_session()
        if not session or not session._awaits_consent():
            return False
        return {
            "signer": session.signer_name or "",
            "offline": principal._l10n_pl_ksef_needs_offline(),
            "ends_at": _text(session.refresh_valid_until),
        }

    def _others(self, principal):
        """Return the user's companies: which ones a certificate held here could connect at once."""
        environment = principal.l10n_pl_ksef_environment
        held = self.env["l10n_pl_ksef.certificate"]._held(environment)
        if not held:
            return []
        # Branches without a NIP use the connection of the company above them.
        companies = self.env.user.company_ids.sudo().filtered(
            lambda company: company._l10n_pl_ksef_principal() == company
        )
        colors = self.env["l10n_pl_ksef.dot"]._colors(companies)
        return [
            self._other(company, colors[company.id], held, environment)
            for company in companies
            # A company without a colour pays no taxes in Poland: it does not need KSeF.
            if colors[company.id]
        ]

    def _other(self, company, color, held, environment):
        """Describe one of many companies: how it stands, and why nothing can be done, if so."""
        reason = self._why_not(company, held, environment)
        return {
            "id": company.id,
            "name": company.name,
            "number": company._l10n_pl_ksef_nip() and company._l10n_pl_ksef_number(),
            "color": color,
            "reason": reason,
            "result": "" if reason else self._how_it_ended(company, color),
        }

    def _why_not(self, company, held, environment):
        """Return why no certificate of this Odoo can connect a company; empty if one can."""
        obstacle = problems.of_company(company)
        if obstacle:
            return problems.texts(self.env, obstacle)["text"]
        if company.l10n_pl_ksef_environment != environment:
            where = label_of(company, "l10n_pl_ksef_environment")
            return self.env._("In another KSeF environment: %(environment)s.", environment=where)
        if held._may_serve(company):
            return ""
        if all(one._was_left_by(company) for one in held):
            return self.env._("Somebody else signs for it now: it needs that person's signature.")
        return self.env._("Only who manages all companies of the certificate can connect it.")

    def _how_it_ended(self, company, color):
        """Return how the last login ended, so that it is still there after a reload."""
        if color == "green":
            return self.env._("Connected.")
        failed = self.env["l10n_pl_ksef.session"]._last_failure(company)
        if not failed:
            return ""
        number, signer = company._l10n_pl_ksef_number(), failed.signer_name or ""
        return problems.texts(self.env, failed.problem, nip=number, signer=signer)["text"]
