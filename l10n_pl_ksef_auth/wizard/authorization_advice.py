from odoo import models

from ..models.base import problems
from ..models.session.login import CERTIFICATE_REFUSED
from ..models.session.session import NO_RIGHTS_THERE

# What else is wrong with a file matters no more then.
CONCERNS_ANOTHER = ("other_challenge", "outdated_challenge")


class L10n_Pl_KsefAuthorizationAdvice(models.AbstractModel):
    """Says in the window what went wrong, and where each person goes on."""

    _name = "l10n_pl_ksef.authorization.advice"
    _description = "KSeF account authorization, what to do"

    def _problem(self, window, reading):
        """Return the sentences for what keeps a window from going on, or False."""
        asks = window.step not in ("verify", "done")
        problem = (asks and window._nip_problem()) or window.problem
        if not problem:
            return False
        nip = window.company_id._l10n_pl_ksef_number()
        signer = window.session_id.signer_name or ""
        texts = problems.texts(self.env, problem, nip=nip, signer=signer)
        texts |= self._next_ways(window, problem, texts, self._way_used(window, reading))
        if texts["way_back"] == "company":
            texts |= self._who_mends(window.company_id)
        return texts

    def _next_ways(self, window, problem, texts, used):
        """Return the advice that names the three ways, where the one that was used is no use."""
        refused = problem["code"] == CERTIFICATE_REFUSED and texts["final"]
        # Nobody signs with another certificate at moj.gov.pl, or has that one renewed; who came
        # with a KSeF certificate chooses anew among all ways, of which one is another certificate.
        if texts["way_back"] == "other_way" or (used != "program" and refused):
            advice = self._advise_other_ways(window, used)
            return {**advice, "other_ways": self._ways_beside(window, used)}
        denied = problems.is_one(problem, "auth_status", NO_RIGHTS_THERE)
        if used == "certificate" and denied:
            # Another owner may have them.
            return {"way_back": "other_way", "other_ways": self._ways_beside(window, used)}
        return {}

    def _who_mends(self, company):
        """Return whether the user may change the company's data, or whom to write to."""
        if company.sudo(False).has_access("write"):
            return {"opens_company": True}
        group = self.env.ref("base.group_system")
        people = group.sudo().all_user_ids.filtered(lambda user: user.active and not user.share)
        # First who works in this company, then who has an address at all.
        near = people.sorted(lambda user: (company not in user.company_ids, not user.email))[:1]
        return {
            "opens_company": False,
            "administrator": {"name": near.name or "", "email": near.email or ""},
        }

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
        if used == "certificate":
            # Another certificate may be the right one.
            return ["certificate", "site", "program"]
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
                "Load another certificate, sign at moj.gov.pl (Profil Zaufany, e-dowód), or in"
                " your own program (qualified signature, company seal)."
            ),
        }

    # ------------------------------------------------------------------
    # The attached file
    # ------------------------------------------------------------------
    def _findings(self, window, reading):
        """Return what there is to say about a file; one thing where the file is another's."""
        others = self._ways_beside(window, self._way_used(window, reading))
        of_another = "other_company" in reading.codes
        return [
            {**self._finding(finding, others), **self._of_window(window, reading, finding)}
            for finding in reading.findings
            if not (of_another and finding.code in CONCERNS_ANOTHER)
        ]

    def _finding(self, finding, others):
        return {
            **problems.of_finding(self.env, finding),
            "evidence": finding.evidence,
            "other_ways": others if finding.other_ways else [],
        }

    def _of_window(self, window, reading, finding):
        """Return what only the window knows about a finding, in place of the reader's words."""
        if finding.code == "other_company":
            told = self._another_companys(window._company_of(reading), reading, finding)
            return {**told, **self._in_its_place(window, told)}
        return self._outdated(window, reading) if finding.code == "outdated_challenge" else {}

    def _in_its_place(self, window, told):
        """Return what to do instead of choosing this company's file, once none can be signed."""
        if told.get("switch_to") or window._newest_live():
            return {}
        action = self.env._("Download a new file for this company, and sign that.")
        return {"action": action, "needs_download": True}

    def _another_companys(self, other, reading, finding):
        if not other:
            number = finding.values["found"]
            unit = number if reading.context.type == "InternalId" else ""
            named = problems.number(self.env, unit, number)
            return {
                "text": self.env._("This file is for another company (%s).", named),
                "action": self.env._("Choose the file that was signed for this company."),
            }
        return {
            "text": self.env._(
                "This file is for another company: %(company)s (%(number)s).",
                company=other.name,
                number=other._l10n_pl_ksef_number(),
            ),
            "action": self.env._("Go on there with this file, or choose this company's."),
            "switch_to": {"id": other.id, "name": other.name},
        }

    def _outdated(self, window, reading):
        """Say when the file was downloaded, and which one to choose in its place."""
        newest = window._newest_live()
        return {
            "text": self.env._(
                "This file was downloaded at %s; its 10 minutes are over.",
                window._downloaded_as(reading)._time_of_download(),
            ),
            "action": self.env._(
                "Choose a file that was signed after %s.", newest._time_of_download()
            )
            if newest
            else self.env._("Download a new file, and sign that."),
            "needs_download": not newest,
        }
