from odoo import fields, models

from ..models.base import problems
from ..models.base.steps import naive
from ..models.certificate.states import SHOWN_WHEN_LEFT


class L10n_Pl_KsefAccount(models.AbstractModel):
    """Describes an account: the certificates and sessions of this Odoo, and those at KSeF."""

    _name = "l10n_pl_ksef.account"
    _description = "KSeF account"

    def _values(self, owner, listed=None):
        """Describe a company's account.

        :param owner: the company that owns the connection
        :param dict listed: what KSeF lists, from _ask_ksef; None when it was not asked
        :return dict: what the account screen shows
        """
        listed = listed or {"certificates": [], "sessions": [], "asked_at": False}
        return {
            "company_id": owner.id,
            "panel": self.env["l10n_pl_ksef.panel"]._values(owner),
            "options": self._options(owner),
            "certificates": self._certificates(owner, listed),
            "sessions": self._sessions(owner, listed),
            "choice": self._choice(owner),
            "others": self._others(owner),
            "take_over": self.env["l10n_pl_ksef.takeover"]._former(owner),
            "asked_at": listed["asked_at"],
            "problem": False,
        }

    def _ask_ksef(self, owner):
        """Ask KSeF for the certificates and sessions of the connection's signer.

        :param owner: the company that owns the connection
        :return dict: certificates, sessions, asked_at
        :raises KsefError: KSeF did not answer, or there is no session
        """
        session = owner._l10n_pl_ksef_session()
        token = session._shared_token()
        with owner._l10n_pl_ksef_client() as client:
            return {
                "certificates": list(client.certificates(token)),
                "sessions": list(client.sessions(token)),
                "asked_at": fields.Datetime.to_string(session._now()),
            }

    # ------------------------------------------------------------------
    # Parts
    # ------------------------------------------------------------------
    def _options(self, owner):
        company = owner.sudo()
        responsible = company.l10n_pl_ksef_responsible_id
        selections = ("environment", "context_type", "subject_type")
        return {
            "internal_id": company.l10n_pl_ksef_internal_id or "",
            "responsible": {"id": responsible.id, "name": responsible.name}
            if responsible
            else False,
            **{name: company[f"l10n_pl_ksef_{name}"] for name in selections},
            "choices": {
                name: company._fields[f"l10n_pl_ksef_{name}"]._description_selection(self.env)
                for name in selections
            },
        }

    def _certificates(self, owner, listed):
        here = (
            self.env["l10n_pl_ksef.certificate"]
            .sudo()
            .search(
                [
                    ("environment", "=", owner.l10n_pl_ksef_environment),
                    "|",
                    ("company_ids", "in", owner.id),
                    "&",
                    ("former_company_ids", "in", owner.id),
                    ("state", "in", SHOWN_WHEN_LEFT),
                ]
            )
        )
        by_serial = {item.serial_number: item for item in listed["certificates"]}
        rows = [self._known(owner, certificate, by_serial) for certificate in here]
        # A certificate that is being issued has no number here yet, but a name that no other has.
        unnumbered = here.filtered(lambda certificate: not certificate.serial_number)
        known = set(here.mapped("serial_number")) | set(unnumbered.mapped("name"))
        return rows + [
            self._elsewhere(item)
            for serial, item in by_serial.items()
            if not known & {serial, item.name}
        ]

    def _known(self, owner, certificate, by_serial):
        item = by_serial.get(certificate.serial_number)
        states = dict(certificate._fields["state"]._description_selection(self.env))
        return {
            "id": certificate.id,
            "name": certificate.name,
            "serial_number": certificate.serial_number or "",
            "owner": certificate.owner_name or "",
            "masked": certificate.identity_masked or "",
            "origin": certificate.origin,
            "here": True,
            "state": certificate.state,
            "state_label": states[certificate.state],
            "status_at_ksef": item.status if item else "",
            "valid_from": _text(certificate.valid_from),
            "valid_to": _text(certificate.valid_to),
            "last_use": _text(item and item.last_use and naive(item.last_use)),
            # Companies that the user does not work in are not named.
            "companies": (certificate.company_ids & self.env.user.sudo().company_ids).mapped(
                "name"
            ),
            "problem": self._problem(certificate.problem),
            "can_revoke": certificate.state == "active",
            **self._use(owner, certificate),
        }

    def _use(self, owner, certificate):
        """Return whether the company left the certificate, and whether it is or can be renewed."""
        active, left = certificate.state == "active", certificate._was_left_by(owner)
        under_way = active and not left and certificate._is_being_renewed()
        return {
            "is_former": active and left,
            "is_renewing": under_way,
            "can_renew": active and not left and not under_way,
        }

    def _elsewhere(self, item):
        return {
            "id": False,
            "name": item.name,
            "serial_number": item.serial_number,
            "owner": "",
            "masked": "",
            "origin": "",
            "here": False,
            "state": item.status,
            "state_label": self._status_label(item.status),
            "status_at_ksef": item.status,
            "valid_from": _text(naive(item.valid_from)),
            "valid_to": _text(naive(item.valid_to)),
            "last_use": _text(item.last_use and naive(item.last_use)),
            "companies": [],
            "problem": False,
            "can_revoke": item.status == "Active",
            "is_former": False,
            "is_renewing": False,
            "can_renew": False,
        }

    def _status_label(self, status):
        return {
            "Active": self.env._("Valid, the key is not in this Odoo"),
            "Blocked": self.env._("Blocked"),
            "Revoked": self.env._("Revoked"),
            "Expired": self.env._("Expired"),
        }.get(status, status)

    def _sessions(self, owner, listed):
        here = self.env["l10n_pl_ksef.session"]._of_company(owner)
        by_reference = {item.reference_number: item for item in here if item.reference_number}
        return [self._listed_session(item, by_reference) for item in listed["sessions"]]

    def _listed_session(self, item, by_reference):
        known = by_reference.get(item.reference_number)
        until = item.refresh_token_valid_until
        return {
            "reference_number": item.reference_number,
            "ours": bool(known),
            "is_current": item.is_current,
            "method": item.method_name or item.method or "",
            "started": _text(item.start_date and naive(item.start_date)),
            "expires": _text(until and naive(until)),
            "state_label": item.description,
        }

    def _choice(self, owner):
        """Return how the company may get a certificate, when Odoo could not get one by itself.

        :return dict: reason, owner, can_issue, places; False when there is nothing to choose
        """
        undecided = ("state", "in", ("exists", "failed"))
        certificates = self.env["l10n_pl_ksef.certificate"]
        waiting = certificates._of_company(owner, undecided, order="id desc", limit=1)
        if not waiting or owner._l10n_pl_ksef_certificate():
            return False
        return {
            "reason": waiting.state,
            "owner": waiting.owner_name or "",
            "can_issue": waiting._has_place_for_separate(),
            "places": waiting._free_slots(),
        }

    def _others(self, owner):
        """Return the user's companies that a certificate of this Odoo could connect at once."""
        environment = owner.l10n_pl_ksef_environment
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
                "nip": company._l10n_pl_ksef_nip(),
                "color": colors[company.id],
            }
            for company in companies
            # A company without a colour pays no taxes in Poland: it does not need KSeF.
            if colors[company.id]
        ]

    def _problem(self, problem):
        return problems.texts(self.env, problem) if problem else False


def _text(moment):
    return fields.Datetime.to_string(moment) if moment else False
