from odoo import fields, models
from odoo.tools.misc import format_datetime

from ..models.base import problems
from ..models.base.steps import naive
from ..models.session.login import CERTIFICATE_REFUSED
from ..screens.panel import label_of
from ..tools import clock

SIGNING_URL = "https://moj.gov.pl/nforms/signer/upload?xFormsAppName=SIGNER&xadesPdf=true"


class L10n_Pl_KsefAuthorizationView(models.AbstractModel):
    """Describes the window "Account authorization"."""

    _name = "l10n_pl_ksef.authorization.view"
    _description = "KSeF account authorization, as it is shown"

    def _describe(self, window, upload):
        """Describe all that a window shows, with its attached file."""
        company = window.company_id
        parameters = self.env["ir.config_parameter"].sudo()
        signing_url = parameters.get_param("l10n_pl_ksef_auth.signing_url", SIGNING_URL)
        return {
            "company_name": company.name,
            "nip": company._l10n_pl_ksef_nip(),
            "environment": window.environment,
            "environment_label": label_of(window, "environment"),
            "step": window.step,
            "way": window.way,
            "challenge": self._challenge(window.session_id),
            "download_url": self._download_url(window.session_id),
            "document": bool(window.document_name)
            and {"name": window.document_name, "size": len(upload.content)},
            "reading": self._reading(window, upload.reading),
            "problem": self._problem(window, upload.reading),
            "consent": window.consent,
            "consent_text": window._consent_text(),
            "verifying": window._verifying(),
            "result": window._result(),
            "signing_url": signing_url,
            "signing_label": "moj.gov.pl",
            "take_over": self._take_over(window, upload.reading),
        }

    def _challenge(self, session):
        if session.method != "signature" or session.state != "waiting":
            return False
        if not session.challenge_expires_at:
            return False
        left = (session.challenge_expires_at - naive(clock.now())).total_seconds()
        return {
            "expires_at": fields.Datetime.to_string(session.challenge_expires_at),
            "seconds_left": max(int(left), 0),
        }

    def _download_url(self, session):
        # A login with the certificate has a challenge too, and no file to be signed.
        live = session.filtered(lambda one: one.method == "signature")._live_challenges()
        return f"/l10n_pl_ksef/request/{live.id}" if live else False

    def _problem(self, window, reading):
        problem = window.problem or (window.document_name and window._nip_problem())
        if not problem:
            return False
        nip = window.company_id._l10n_pl_ksef_number()
        signer = window.session_id.signer_name or ""
        texts = problems.texts(self.env, problem, nip=nip, signer=signer)
        used = self._way_used(window, reading)
        # Nobody signs with another certificate at moj.gov.pl, or has that one renewed.
        hopeless = used == "site" and problem["code"] == CERTIFICATE_REFUSED and texts["final"]
        if texts["way_back"] == "other_way" or hopeless:
            advice = self._advise_other_ways(window, used)
            texts |= {**advice, "other_ways": self._ways_beside(window, used)}
        return texts

    def _way_used(self, window, reading):
        """Return in which of the three ways the window's last attempt was made.

        A file was signed where its signature says, whatever was chosen here.
        """
        session = window.session_id
        if session.method == "certificate":
            return "certificate"
        attached = reading and reading.signer
        kind = attached.kind if attached else session.signer_kind
        return "site" if kind in ("trusted_profile", "personal_id") else window.way

    def _ways_beside(self, window, used):
        ways = ("site", "program") if window.take_over else ("site", "program", "certificate")
        return [way for way in ways if way != used]

    def _advise_other_ways(self, window, used):
        """Return the advice that names the ways beside the one that KSeF refused."""
        advice = self._other_signatures() if window.take_over else self._other_ways()
        return {"action": advice[used], "way_back": "other_way"}

    def _other_signatures(self):
        return {
            "site": self.env._("Sign in your own program (qualified signature, company seal)."),
            "program": self.env._("Sign at moj.gov.pl (Profil Zaufany, e-dowód)."),
        }

    def _other_ways(self):
        return {
            "site": self.env._(
                "Sign in your own program (qualified signature, company seal), or load a KSeF"
                " certificate."
            ),
            "program": self.env._(
                "Sign at moj.gov.pl (Profil Zaufany, e-dowód), or load a KSeF certificate."
            ),
            "certificate": self.env._(
                "Sign at moj.gov.pl (Profil Zaufany, e-dowód), or in your own program (qualified"
                " signature, company seal)."
            ),
        }

    def _reading(self, window, reading):
        if reading is None:
            return False
        others = self._ways_beside(window, self._way_used(window, reading))
        return {
            "signer": self._signer(reading),
            "findings": [self._finding(finding, others) for finding in reading.findings],
            "can_send": not reading.stops and bool(window._session_of(reading)),
        }

    def _finding(self, finding, others):
        return {
            "code": finding.code,
            "level": finding.level,
            "text": problems.sentence(self.env, finding.text, finding.values),
            "action": problems.sentence(self.env, finding.action, finding.values),
            "evidence": finding.evidence,
            "other_ways": others if finding.other_ways else [],
        }

    def _signer(self, reading):
        if not reading.signer:
            return False
        signed_at = naive(reading.signed_at)
        return {
            "name": reading.signer.name,
            "kind_label": self._kind_label(reading.signer.kind),
            "masked": reading.signer.identity.label if reading.signer.identity else "",
            "signed_at_label": format_datetime(self.env, signed_at, dt_format="short"),
        }

    def _kind_label(self, kind):
        return {
            "trusted_profile": self.env._("Profil Zaufany (trusted profile)"),
            "qualified": self.env._("qualified signature"),
            "seal": self.env._("company seal"),
            "ksef_certificate": self.env._("KSeF certificate"),
            "personal_id": self.env._("e-ID card (personal signature)"),
        }.get(kind, self.env._("another signature"))

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
            return self.env._("Sign as the person or company that the connection is to stand on.")
        if window.revoke_taken_over:
            return self.env._(
                "Sign as the person or company that the connection is to stand on. Once the new"
                " login works, the former certificate is revoked at KSeF."
            )
        return self.env._(
            "Sign as the person or company that the connection is to stand on. Once the new login"
            " works, this company no longer logs in with the former certificate, which stays valid."
        )

    def _same_text(self, signer):
        return self.env._(
            "%(signer)s signed this file, and the connection stands on that signature already:"
            " nobody would take over. Have somebody else sign a new file.",
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
