from odoo import fields, models
from odoo.tools.misc import format_datetime

from ..models.base.steps import naive
from ..models.session.session import CONNECT
from ..screens.audit_text import signature_text
from ..screens.errand_texts import errand_texts
from ..screens.panel import label_of

SIGNING_URL = "https://moj.gov.pl/nforms/signer/upload?xFormsAppName=SIGNER&xadesPdf=true"


class L10n_Pl_KsefAuthorizationView(models.AbstractModel):
    """Describes the window "Account authorization"."""

    _name = "l10n_pl_ksef.authorization.view"
    _description = "KSeF account authorization, as it is shown"

    def _describe(self, window, upload):
        """Describe all that a window shows, with its attached file."""
        company = window.company_id
        return {
            "company_id": company.id,
            "company_name": company.name,
            "nip": company._l10n_pl_ksef_nip(),
            "environment": window.environment,
            "environment_label": label_of(window, "environment"),
            "step": window.step,
            "way": window.way,
            "challenge": self._challenge(window.session_id),
            "download_url": self._download_url(window),
            "document": bool(window.document_name)
            and {"name": window.document_name, "size": len(upload.content)},
            "reading": self._reading(window, upload.reading),
            "blocked": bool(window._nip_problem()),
            "problem": self.env["l10n_pl_ksef.authorization.advice"]._problem(
                window, upload.reading
            ),
            "answer": window.answer,
            # The consent names a certificate for offline invoices, too.
            "offline": company._l10n_pl_ksef_needs_offline(),
            "verifying": window._verifying(),
            "result": window._result(),
            "signing_url": self._signing_url(),
            "signing_label": "moj.gov.pl",
            "take_over": self._take_over(window, upload.reading),
            "purpose": window.purpose,
            "errand": self._errand(window),
        }

    def _errand(self, window):
        """Return what a signature is for, where it is not for the connection; else False."""
        if window.purpose == CONNECT:
            return False
        return errand_texts(self.env, window.purpose, window.grant_id)

    def _signing_url(self):
        """Return where a file is signed with Profil Zaufany."""
        parameters = self.env["ir.config_parameter"].sudo()
        return parameters.get_param("l10n_pl_ksef_auth.signing_url", SIGNING_URL)

    def _challenge(self, session):
        left = session._seconds_to_sign()
        if left is None:
            return False
        expires_at = fields.Datetime.to_string(session.challenge_expires_at)
        return {"expires_at": expires_at, "seconds_left": left}

    def _download_url(self, window):
        live = window._newest_live()
        return f"/l10n_pl_ksef/request/{live.id}" if live else False

    def _life_of_file(self, window, reading):
        """Return the time left of the request in the attached file; none for one of no use."""
        if not reading.challenge:
            return False
        session = window._downloaded_as(reading)
        return self._challenge(session) or {"expires_at": "", "seconds_left": 0}

    def _reading(self, window, reading):
        if reading is None:
            return False
        advice = self.env["l10n_pl_ksef.authorization.advice"]
        return {
            "signer": self._signer(reading),
            "findings": advice._findings(window, reading),
            "challenge": self._life_of_file(window, reading),
            "can_send": not reading.stops and bool(window._session_of(reading)),
        }

    def _signer(self, reading):
        if not reading.signer:
            return False
        signed_at = naive(reading.signed_at)
        return {
            "name": reading.signer.name,
            "kind_label": signature_text(self.env, reading.signer.kind),
            "masked": reading.signer.identity.label if reading.signer.identity else "",
            "signed_at_label": format_datetime(self.env, signed_at, dt_format="short"),
        }

    def _take_over(self, window, reading):
        if not window.take_over or window.step in ("verify", "done"):
            return False
        former = self.env["l10n_pl_ksef.takeover"]._former(window.company_id)
        if not former:
            return False
        signer = self._same_signer(window, former, reading)
        return {
            "name": former["name"],
            "masked": former["masked"],
            "text": self._same_text(signer) if signer else self._plan(window, former),
            "is_same": bool(signer),
        }

    def _plan(self, window, former):
        if not former["certificate"]:
            return self.env._("A new person has to sign the file, or the company with its seal.")
        if window.revoke_taken_over:
            return self.env._(
                "A new person has to sign the file, or the company with its seal. Once the new"
                " login works, the former certificate is revoked at KSeF."
            )
        return self.env._(
            "A new person has to sign the file, or the company with its seal. Once the new login"
            " works, this company no longer logs in with the former certificate. It stays valid."
        )

    def _same_text(self, signer):
        return self.env._(
            "The same person as before signed this file (%(signer)s). Have somebody else sign a new"
            " file.",
            signer=signer,
        )

    def _same_signer(self, window, former, reading):
        """Return the name of the file's signer if the connection is that signer's already."""
        signer = reading and reading.signer
        if not signer or not signer.identity or window._taken_over(reading):
            return ""
        # A certificate that stays is the signer's: their numbers were compared by digest.
        same_name = bool(former["certificate"]) or signer.name == former["name"]
        return signer.name if same_name and signer.identity.label == former["masked"] else ""
