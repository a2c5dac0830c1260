from odoo import fields, models
from odoo.fields import Domain

from ..models.base import problems
from ..models.base.steps import naive
from ..models.certificate.states import SHOWN_WHEN_LEFT
from .panel import label_of

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
            "options": self._options(principal),
            "certificates": self._certificates(principal, listed),
            "sessions": self._sessions(principal, listed),
            "choice": self._choice(principal),
            "consent": self._consent(principal),
            "others": self._others(principal),
            "take_over": self.env["l10n_pl_ksef.takeover"]._former(principal),
            "asked_at": listed["asked_at"],
            "problem": False,
        }

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

    def _options(self, principal):
        company = principal.sudo()
        selections = ("environment", "context_type", "subject_type")
        return {
            "internal_id": company.l10n_pl_ksef_internal_id or "",
            "responsible_ids": company.l10n_pl_ksef_responsible_ids.ids,
            "change_means": principal._l10n_pl_ksef_what_a_change_means() or "",
            **{name: company[f"l10n_pl_ksef_{name}"] for name in selections},
            "choices": {
                name: company._fields[f"l10n_pl_ksef_{name}"]._description_selection(self.env)
                for name in selections
            },
        }

    def _certificates(self, principal, listed):
        serve = Domain("company_ids", "in", principal.id)
        served = Domain("former_company_ids", "in", principal.id)
        shown = serve | (served & Domain("state", "in", SHOWN_WHEN_LEFT))
        environment = Domain("environment", "=", principal.l10n_pl_ksef_environment)
        here = self.env["l10n_pl_ksef.certificate"].sudo().search(environment & shown)
        by_serial = {item.serial_number: item for item in listed["certificates"]}
        rows = [self._known(principal, certificate, by_serial) for certificate in here]
        # A certificate that is being issued has no number here yet, but a name that no other has.
        unnumbered = here.filtered(lambda certificate: not certificate.serial_number)
        known = set(here.mapped("serial_number")) | set(unnumbered.mapped("name"))
        return rows + [
            self._elsewhere(item)
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
            "state": certificate.state,
            "state_label": label_of(certificate, "state"),
            "status_at_ksef": item.status if item else "",
            "valid_to": _text(certificate.valid_to),
            "last_use": _text(item and naive(item.last_use)),
            "companies": named.mapped("name"),
            "problem": certificate.problem and problems.texts(self.env, certificate.problem),
            "can_revoke": active or untried,
            "can_renew": active and not left and not is_renewing,
            "is_renewing": is_renewing,
            "is_former": active and left,
        }

    def _elsewhere(self, item):
        """Describe a certificate whose key is not in this Odoo; what only ours have is left out."""
        labels = {
            "Active": self.env._("Valid, the key is not in this Odoo"),
            "Blocked": self.env._("Blocked"),
            "Revoked": self.env._("Revoked"),
            "Expired": self.env._("Expired"),
        }
        return {
            "id": False,
            "name": item.name,
            "serial_number": item.serial_number,
            "here": False,
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
                "method": item.method_name or item.method,
                "started": _text(naive(item.start_date)),
                "expires": _text(naive(item.refresh_token_valid_until)),
                "state_label": item.description,
            }
            for item in listed["sessions"]
        ]

    def _choice(self, principal):
        """Return how the company may get a certificate, if Odoo could not get one by itself."""
        undecided = ("state", "in", ("exists", "failed"))
        certificates = self.env["l10n_pl_ksef.certificate"]
        waiting = certificates._of_company(principal, undecided, order="id desc", limit=1)
        if not waiting or certificates._of_company(principal, ("state", "=", "active"), limit=1):
            return False
        return {
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
            "ends_at": _text(session.refresh_valid_until),
        }

    def _others(self, principal):
        """Return the user's companies that a certificate of this Odoo could connect at once."""
        environment = principal.l10n_pl_ksef_environment
        held = self.env["l10n_pl_ksef.certificate"]._held(environment)
        companies = self.env.user.company_ids.sudo().filtered(
            lambda company: (
                company.vat
                and company.l10n_pl_ksef_environment == environment
                and held._may_serve(company)
            )
        )
        colors = self.env["l10n_pl_ksef.dot"]._colors(companies)
        return [
            {
                "id": company.id,
                "name": company.name,
                "number": company._l10n_pl_ksef_number(),
                "color": colors[company.id],
            }
            for company in companies
            # A company without a colour pays no taxes in Poland: it does not need KSeF.
            if colors[company.id]
        ]
