from datetime import timezone

from odoo import fields, models
from odoo.tools.misc import format_datetime

from ..models import ksef_problem
from ..models.base.steps import naive
from ..tools import clock
from ..tools.nip import InvalidNip
from ..tools.signed_document import KnownChallenge, read
from ..tools.vault import VaultError

SIGNING_URL = "https://moj.gov.pl/nforms/signer/upload?xFormsAppName=SIGNER&xadesPdf=true"


class L10n_Pl_KsefAuthorizationView(models.TransientModel):
    """What the window shows; reading the document again each time costs milliseconds."""

    _inherit = "l10n_pl_ksef.authorization"

    def _view_company(self):
        panel = self.env["l10n_pl_ksef.panel"]
        return {
            "company_name": self.company_id.name,
            "nip": self.company_id._l10n_pl_ksef_nip(),
            "environment": self.environment,
            "environment_label": panel._environment_label(self.company_id),
        }

    def _view_challenge(self):
        session = self.session_id
        if not session.challenge_expires_at or session.state != "waiting":
            return False
        left = (session.challenge_expires_at - naive(clock.now())).total_seconds()
        return {
            "expires_at": fields.Datetime.to_string(session.challenge_expires_at),
            "seconds_left": max(int(left), 0),
        }

    def _download_url(self):
        live = self.session_id._live_challenges()
        return f"/l10n_pl_ksef/request/{live.id}" if live else False

    def _view_document(self):
        if not self.document_name:
            return False
        return {"name": self.document_name, "size": len(self._document())}

    def _document(self):
        try:
            return self._secret_read("document_secret")
        except VaultError:
            return b""

    def _reading(self):
        document = self._document()
        if not document or self._nip_problem():
            return None
        sessions = self._sessions()
        return read(
            document,
            challenges=[
                KnownChallenge(
                    session.challenge,
                    session.challenge_expires_at.replace(tzinfo=timezone.utc),
                )
                for session in sessions
            ],
            context=self.company_id._l10n_pl_ksef_context(),
            unsigned=[session._request_document() for session in sessions],
            now=clock.now(),
            environment=self.environment,
        )

    def _view_reading(self):
        reading = self._reading()
        if reading is None:
            return False
        return {
            "signer": self._view_signer(reading),
            "findings": [
                {
                    "code": finding.code,
                    "level": finding.level,
                    "text": ksef_problem.sentence(self.env, finding.text, finding.values),
                    "action": ksef_problem.sentence(self.env, finding.action, finding.values),
                    "evidence": finding.evidence,
                }
                for finding in reading.findings
            ],
            "can_send": not reading.stops and bool(self._session_of(reading)),
        }

    def _view_signer(self, reading):
        if not reading.signer:
            return False
        signed_at = reading.signed_at and naive(reading.signed_at)
        return {
            "name": reading.signer.name,
            "kind_label": self._kind_label(reading.signer.kind),
            "masked": reading.signer.identity.label if reading.signer.identity else "",
            "signed_at_label": format_datetime(self.env, signed_at, dt_format="short")
            if signed_at
            else "",
        }

    def _kind_label(self, kind):
        return {
            "trusted_profile": self.env._("Profil Zaufany (trusted profile)"),
            "qualified": self.env._("qualified signature"),
            "seal": self.env._("company seal"),
            "ksef_certificate": self.env._("KSeF certificate"),
            "personal_id": self.env._("e-ID card (personal signature)"),
        }.get(kind, self.env._("another signature"))

    def _nip_problem(self):
        """What is wrong with the company's own number, which no file can belong to then."""
        try:
            self.company_id._l10n_pl_ksef_context()
        except InvalidNip as error:
            return ksef_problem.of_nip(error)
        return False

    def _view_problem(self):
        problem = self.problem or (self.document_name and self._nip_problem())
        if not problem:
            return False
        nip = self.company_id._l10n_pl_ksef_nip()
        signer = self.session_id.signer_name or ""
        return ksef_problem.texts(self.env, problem, nip=nip, signer=signer)

    def _view_verifying(self):
        return self.session_id._outcome()["verifying"] if self.step == "verify" else False

    def _result(self):
        return self.session_id._outcome()["result"] if self.session_id else False

    def _consent_text(self):
        return self.env._(
            "I agree that KSeF issues a certificate in the name of the person or company that"
            " signed this document. Odoo keeps it, encrypted, and logs in with it from now on. It"
            " opens every NIP that its owner may act for in KSeF, and it stays in this Odoo."
        )

    def _signing_url(self):
        parameters = self.env["ir.config_parameter"].sudo()
        return parameters.get_param("l10n_pl_ksef_auth.signing_url") or SIGNING_URL
