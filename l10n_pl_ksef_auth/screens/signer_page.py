import base64

from odoo import models
from odoo.tools.misc import format_datetime

from ..models.base import problems
from ..models.base.locks import fresh
from ..models.base.steps import naive
from ..models.request.address import privacy_page
from ..models.session.signed_file import ANSWERS
from ..tools import auth_token_request, members, nip
from ..tools.errors import KsefError
from .errand_texts import errand_texts
from .panel import label_of

# Where a signer can go on alone; in all else the one who asked helps.
SIGNERS_OWN = ("sign", "new_file", "other_file", "none", "wait")


class L10n_Pl_KsefSignerPage(models.AbstractModel):
    """The page behind a link: what it shows of a signer's requests, and what its buttons do.

    Nobody is logged in there: the link's token stands for the requests that come in here, as
    superuser. No identifier of a person is ever told.
    """

    _name = "l10n_pl_ksef.signer.page"
    _description = "KSeF page for a signer without an account"

    # ------------------------------------------------------------------
    # What its buttons do; each returns what the page shows next
    # ------------------------------------------------------------------
    def _open(self, requests):
        """Note that a person has opened the link, and describe what it is for.

        :param requests: of the link
        :return dict: requests, responsible
        """
        for request in requests.filtered(lambda one: not one.opened_at):
            with request._exclusive() as locked:
                if locked:
                    locked.opened_at = locked._now()
                    locked.env.cr.commit()
        return self._describe(requests)

    def _download(self, request, many):
        """Give the file to be signed, with a challenge that is fetched now.

        :param request: one of the link's
        :param bool many: the link has several: the names of the files tell them apart
        :return dict: file, name, and request as it is now; or problem
        """
        file = False
        with request._exclusive() as locked:
            problem = self._hindrance(locked)
            if not problem:
                file, problem = self._file_of(locked)
                locked.env.cr.commit()
        return {
            "file": file,
            "name": self._name_of_file(request, many),
            "problem": problem,
            "request": self._view(request),
        }

    def _file_of(self, request):
        """Return the file to be signed in base64, or what keeps a signer from getting it."""
        try:
            login = request._file_to_sign()
        except KsefError as error:
            return False, self._told(request, problems.of_request(error))
        except nip.InvalidNip as error:
            return False, self._told(request, problems.of_nip(error))
        if not login:
            return False, self._too_many_downloads(request)
        return base64.b64encode(login._request_document()).decode(), False

    def _check(self, requests, request, name, content):
        """Say what a file is that the signer has chosen, and whether it can be sent.

        A file of nobody's is explained, and counts as a wrong one, where one company is meant: it
        was chosen there, or the link has no other. In a list of several nobody can say whose it is.

        :param requests: of the link; the file finds its own among them
        :param request: where it was chosen, or nothing
        :param str name: of the file
        :param bytes content: the file; not kept
        :return dict: as _looked_at; or problem; or is_stray, for a file that none of them wants
        """
        awake = requests.filtered(lambda one: not one._is_paused())
        chosen = request or (requests if len(requests) == 1 else requests[:0])
        if awake and (not chosen or chosen in awake):
            # In a pause no file is read. One that was chosen for a company counts there.
            among = awake if request else requests
            chosen = self._request_of_file(among, content) or chosen
            if not chosen:
                return {"is_stray": True}
        request = chosen or requests[:1]
        with request._exclusive() as locked:
            problem = self._hindrance(locked)
            if problem:
                return {"request": self._view(request), "problem": problem}
            found = self._looked_at(locked, content)[0]
            locked.env.cr.commit()
        shown = {"name": members.for_people(str(name))[:255], "size": len(content)}
        return {**found, "file": shown, "request": self._view(request)}

    def _send(self, request, content, answer, is_agreed):
        """Send a signed file to KSeF.

        :param request: one of the link's
        :param bytes content: the file
        :param str answer: of ANSWERS; without one nothing is sent
        :param bool is_agreed: the signer has read that another name was expected
        :return dict: as _looked_at with what keeps it from being sent; or request, as it is now
        """
        with request._exclusive() as locked:
            problem = self._hindrance(locked)
            if problem:
                return {"request": self._view(request), "problem": problem}
            found, login, reading = self._looked_at(locked, content)
            asked = request.purpose == "connect"
            if asked and found["can_send"] and answer not in dict(ANSWERS):
                found["problem"] = self._told(locked, problems.local("answer_missing"))
            asks = found["by_another"] and not is_agreed
            is_sent = found["can_send"] and not asks and not found["problem"]
            if is_sent:
                locked._hand_over(login, content, reading, answer)
            locked.env.cr.commit()
        return {**({} if is_sent else found), "request": self._view(request)}

    def _follow(self, request, requests):
        """Do the next due step while KSeF checks a signature.

        :param request: one of the link's
        :param requests: all of the link's
        :return dict: request, and requests: how all of them stand now
        """
        with fresh(request) as seen:
            login = seen.session_id
        login.with_env(request.env)._advance()
        with request._exclusive() as locked:
            if locked:
                locked._note_outcome()
                locked.env.cr.commit()
        with fresh(requests) as seen:
            shown = {one.id: self._shown(one) for one in seen.sorted("id")}
        return {"request": shown[request.id], "requests": list(shown.values())}

    # ------------------------------------------------------------------
    # Files
    # ------------------------------------------------------------------
    def _request_of_file(self, requests, content):
        """Return which of some requests a file was downloaded for; empty for none."""
        with fresh(requests) as seen:
            for request in seen:
                try:
                    challenge = request._read_file(content).challenge
                except nip.InvalidNip:
                    continue
                of_challenge = seen.session_ids.filtered(
                    lambda one, c=challenge: one.challenge == c
                )
                return of_challenge.request_id[:1].with_env(requests.env)
        return requests.browse()

    def _looked_at(self, request, content):
        """Return what there is to say about a file, the login that it is for, and its reading."""
        try:
            reading = request._read_file(content)
        except nip.InvalidNip as error:
            problem = self._told(request, problems.of_nip(error))
            return {"can_send": False, "by_another": False, "problem": problem}, None, None
        login = request._login_of(reading)
        if reading.stops:
            request._count_wrong(reading)
        signer = reading.signer
        found = {
            "findings": [self._finding(reading, finding) for finding in reading.findings],
            "can_send": bool(login) and not reading.stops,
            "signer": signer and {"name": members.for_people(signer.name)},
            "signed_at": self._moment(request, naive(reading.signed_at)),
            "by_another": request._is_by_another(reading),
            # Who signs under the name that was asked for answers in person.
            "is_own": bool(signer) and request._is_asked(signer.name),
            "seconds_left": login._seconds_to_sign() if login else None,
            "problem": False,
        }
        if not login and not reading.stops:
            found["problem"] = self._sent_already()
        return found, login, reading

    def _finding(self, reading, finding):
        told = problems.of_finding(self.env, finding)
        if finding.code == "other_company":
            advice = self.env["l10n_pl_ksef.authorization.advice"]
            told |= advice._another_companys(self.env["res.company"], reading, finding)
        return told

    def _name_of_file(self, request, many):
        name = auth_token_request.FILE_NAME
        return f"{request.company_id.l10n_pl_ksef_digits}-{name}" if many else name

    # ------------------------------------------------------------------
    # What keeps it from going on
    # ------------------------------------------------------------------
    def _hindrance(self, request):
        """Return what keeps a request from doing anything now, or False."""
        if not request:
            text = self.env._("Something is still being done for this request.")
            return {"text": text, "action": self.env._("Try again in a moment.")}
        if request.state == "void":
            return self._void(request)
        if not request._is_usable() or request._is_done_by(request.session_id):
            text = self.env._("This request needs no signature any more.")
            return {"text": text, "action": ""}
        if request.session_id._progress()["verifying"] and request.session_id:
            text = self.env._("KSeF is checking a file that was sent before.")
            return {"text": text, "action": self.env._("Wait for the result.")}
        if request._is_outdated():
            request._make_void()
            request.env.cr.commit()
            return self._void(request)
        if request._is_held_up():
            text = self.env._("The office cannot log in to KSeF at the moment: nothing is given.")
            return {"text": text, "action": self.env._("Try again later.")}
        if request._is_paused():
            until = self._moment(request, request.paused_until)
            return {
                "text": self.env._("Too many files were chosen that are not the right one."),
                "action": self.env._("Go on at %s.", until),
            }
        return False

    def _void(self, request):
        text = self.env._("The office has changed since you were asked: nothing is given.")
        if request._is_by_client():
            text = self.env._(
                "The company's NIP or its KSeF environment has changed since you were asked:"
                " nothing is given or taken back."
            )
        return {"text": text, "action": self._ask_office(request)}

    def _too_many_downloads(self, request):
        return {
            "text": self.env._("The file was downloaded too often with this link."),
            "action": self._ask_office(request),
        }

    def _sent_already(self):
        return {
            "text": self.env._("This file was sent to KSeF already."),
            "action": self.env._("Download a new file, and sign that."),
        }

    def _told(self, request, problem):
        """Return a problem in the signer's words; where a signer can do nothing, whom to ask."""
        company = request.company_id
        texts = problems.texts(
            self.env, problem, nip=company._l10n_pl_ksef_number(), signer=request.signed_by or ""
        )
        alone = texts["way_back"] in SIGNERS_OWN
        return {
            "text": texts["text"],
            "action": texts["action"] if alone else self._ask_office(request),
            "links": texts["links"],
        }

    def _ask_office(self, request):
        return self.env._("Ask %s what to do.", request.user_id.name or request._who_asks())

    # ------------------------------------------------------------------
    # What it shows
    # ------------------------------------------------------------------
    def _describe(self, requests):
        with fresh(requests) as seen:
            return {
                "requests": [self._shown(request) for request in seen.sorted("id")],
                "responsible": self._responsible(seen[:1].office_id),
                "signing_url": self.env["l10n_pl_ksef.authorization.view"]._signing_url(),
            }

    def _view(self, request):
        """Return how a request looks now, whatever other cursors have committed."""
        with fresh(request) as seen:
            return self._shown(seen)

    def _shown(self, request):
        company, progress = request.company_id, request._progress()
        newest = request.session_ids.sorted("id")[-1:]
        is_sent = bool(newest) and newest == request.session_id
        production = company.l10n_pl_ksef_environment == "production"
        environment = not production and label_of(company, "l10n_pl_ksef_environment")
        return {
            "id": request.id,
            "company": company.name,
            "number": company._l10n_pl_ksef_number(),
            "environment": environment,
            "purpose": self._purpose(request),
            "asks_answer": request.purpose == "connect",
            **self._result(request),
            "signer": request.signer_name,
            # What "only once" is answered for: the certificate that logs in, or both.
            "needs_offline": company._l10n_pl_ksef_needs_offline(),
            "asked_by": request.user_id.name,
            "office": request._who_asks(),
            "until": self._moment(request, request.valid_until),
            "state": self._state(request, progress),
            "is_long": bool(progress["verifying"]) and progress["verifying"]["long"],
            "seconds_left": None if is_sent else newest._seconds_to_sign(),
            "problem": self._outcome(request, progress),
        }

    def _state(self, request, progress):
        """Return open, verifying, done, or void."""
        if request.state == "void":
            return "void"
        if request.state == "succeeded" or request._is_done_by(request.session_id):
            return "done"
        limited = progress["result"] == "limited"
        is_open = limited or progress["is_back"] or progress["has_ended"]
        return "open" if is_open or not request.session_id else "verifying"

    def _outcome(self, request, progress):
        if request.state == "void":
            return self._void(request)
        if not request.session_id or self._state(request, progress) != "open":
            return False
        problem = request._failure_of(progress)
        return problem and self._told(request, problem)

    def _purpose(self, request):
        """Return what a signature is for and what it means, in sentences for the signer."""
        if request.purpose != "connect":
            told = errand_texts(self.env, request.purpose, request.grant_id)
            return [told["title"], told["text"], told["taken_back"]]
        return [
            self.env._("Your signature connects the company with KSeF."),
            self.env._("Odoo then sends and receives invoices for this company."),
            self.env._("You decide below whether one signature is enough, or one every 7 days."),
        ]

    def _result(self, request):
        """Return what is done when it is done, and how it is undone, in sentences."""
        if request.purpose == "connect":
            return {"done": self.env._("The company is connected with KSeF."), "taken_back": ""}
        told = errand_texts(self.env, request.purpose, request.grant_id)
        return {"done": told["done"], "taken_back": told["taken_back"]}

    def _moment(self, request, moment):
        tz = request.user_id.tz or "Europe/Warsaw"
        return format_datetime(self.env, moment, tz=tz, dt_format="short") if moment else ""

    def _responsible(self, office):
        """Return who is responsible for the data that the page handles."""
        partner = office.partner_id
        parts = (partner.street, f"{partner.zip or ''} {partner.city or ''}".strip())
        return {
            "company": office.name,
            "address": ", ".join(filter(None, parts)),
            "contact": office.email or office.phone or "",
            "url": privacy_page(self.env),
        }
