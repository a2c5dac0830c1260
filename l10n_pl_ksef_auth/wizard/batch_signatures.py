import base64
import binascii
import io
import zipfile
from collections import Counter

from odoo import fields, models
from odoo.exceptions import UserError

from ..models.base.locks import fresh
from ..models.request.request import DEFAULT_HOURS
from ..models.res_company import OFFICE_GROUP
from ..tools import clock, members
from ..tools import nip as nip_tools
from ..tools.signed_document import MAX_SIZE, Expected, read

# Each file lives ten minutes, and signing one takes a minute.
FILES_AT_ONCE = 5
NO_FILE = {
    "file": "",
    "signer": "",
    "offline": False,
    "findings": [],
    "can_send": False,
    "seconds_left": 0,
}


class L10n_Pl_KsefBatch(models.TransientModel):
    """Signatures for many companies: of signers elsewhere, who are asked by mail, or at the desk.

    Who signs for several gets one mail. At the desk each line has a window of its own behind it.
    """

    # Signatures are a subject of their own beside what all kinds of work need.
    _inherit = "l10n_pl_ksef.batch"  # pylint: disable=consider-merging-classes-inherited

    # ------------------------------------------------------------------
    # Signers elsewhere
    # ------------------------------------------------------------------
    def _asking(self):
        """Describe what is the same for all who are asked, and where their links point."""
        screen = self.env["l10n_pl_ksef.request.screen"]
        languages = self.env["l10n_pl_ksef.request"]._fields["lang"].selection
        return {
            "languages": [{"id": code, "name": screen._language(code)} for code, _ in languages],
            "hours": DEFAULT_HOURS,
            "purposes": self._purposes(),
            **screen._address(),
        }

    def _purposes(self):
        """Return what signatures may be asked for; the screen says what each costs."""
        requests = self.env["l10n_pl_ksef.request"]
        owners = [one._l10n_pl_ksef_principal() for one in self.line_ids.company_id]
        # Preferred where the office can get them.
        may_grant = any(not requests._errand_obstacle(one, "grant") for one in owners)
        return [{"id": "grant"}, {"id": "connect"}] if may_grant else [{"id": "connect"}]

    def _first_look(self, company):
        """Return what a line keeps before somebody is asked to sign: text, and is_there."""
        if self.kind != "ask":
            return {}
        if self.env["l10n_pl_ksef.overview"].browse(company.id).state == "connected":
            return {"text": self.env._("It is connected already.")}
        principal = company._l10n_pl_ksef_principal().with_env(self.env)
        if self._received(company):
            may_accept = self.env.user.has_group(OFFICE_GROUP)
            text = self.env._("The client gave the office rights already; nobody has to sign.")
            return {"text": text, "is_there": may_accept}
        offered = self.env["l10n_pl_ksef.panel.ways"]._by_certificate(
            principal, self.env["l10n_pl_ksef.session"], "disconnected"
        )
        if not offered:
            return {}
        text = self.env._("The certificate of %s is tried first.", offered["name"])
        return {"text": text, "is_there": True}

    def connect_first(self, line_id):
        """Connect a company with what is there, before anybody is asked to sign for it.

        :param int line_id: a line of self that may connect without a signature
        :return dict: the line, as in view(); to be done as before if it did not connect
        """
        batch = self._checked_sudo()
        line = batch.line_ids.filtered(lambda one: one.id == line_id)
        if line.is_there and line.state == "todo":
            line._keep_try(*batch._outcome(line, "first"))
        return line._view()

    def _first_ask(self, line, principal, company):
        return self._do_connect(line, principal, company)

    def _follow_ask(self, line, principal, company):
        line._keep_try(*self._follow_connect(line, principal, company))
        return line.state, line.text

    def ask(self, rows, lang, hours, purpose="connect"):
        """Ask signers for all companies that are not done, and keep how each mail fared.

        :param list rows: dicts of id (of the line), signer_name, signer_email
        :param str lang: of the mails and pages
        :param int hours: how long the links live
        :param str purpose: connect or grant
        :return dict: view()
        """
        batch = self._checked_sudo()
        if batch.kind != "ask" or purpose not in ("connect", "grant"):
            raise UserError(self.env._("This cannot be chosen here."))
        lines = {line.id: line for line in batch.line_ids if line.state in ("todo", "failed")}
        wanted, asked = [], []
        for row in rows:
            line = lines.get(row.get("id"))
            if line:
                line._name_signer(row)
                wanted.append(line)
                asked.append({**line._asked(), "lang": lang, "hours": hours, "purpose": purpose})
        requests = self.env["l10n_pl_ksef.request"].sudo(False)
        for line, result in zip(wanted, requests.ask_for_signatures(asked), strict=True):
            text = " ".join(filter(None, (line.tried_text, result["text"])))
            line._keep("done" if result["ok"] else "failed", text)
        return batch.with_env(self.env).view()

    def remind(self):
        """Write once more to the signers who were asked and have not signed.

        :return dict: view()
        """
        batch = self._checked_sudo()
        if batch.kind != "remind":
            raise UserError(self.env._("This cannot be chosen here."))
        requests = {line: line._open_request() for line in batch.line_ids if line.state != "done"}
        together = self.env["l10n_pl_ksef.request"].sudo().union(*requests.values())
        with fresh(together) as seen:
            seen._write_again("reminder")
        together._deliver()
        with fresh(together) as seen:
            for line, request in requests.items():
                line._keep(*line._of_mail(seen.browse(request.id)))
        return batch.with_env(self.env).view()

    # ------------------------------------------------------------------
    # At the desk
    # ------------------------------------------------------------------
    def prepare_files(self):
        """Fetch challenges for the next companies, a few at a time: each lives ten minutes.

        :return dict: view(), with the address of the files
        """
        batch = self._checked_sudo()
        waiting = batch.line_ids.filtered(lambda line: line._needs_file())
        for line in waiting[:FILES_AT_ONCE]:
            state, text = batch._outcome(line, "prepare")
            line._keep(state, text)
        ready = any(line._request() for line in batch.line_ids)
        url = f"/l10n_pl_ksef/requests/{batch.id}" if ready else False
        return {**batch.with_env(self.env).view(), "download_url": url}

    def _prepare_sign(self, line, principal, _company):
        line.window_id = (
            self.env["l10n_pl_ksef.authorization"].sudo(False)._open(principal.with_env(self.env))
        )
        problem = line._window().prepare_download()["problem"]
        return "todo", problem["text"] if problem else ""

    def _archive(self):
        """Return all files that wait for a signature, in one ZIP; none of them alone in it.

        :return bytes: empty if there are none
        """
        target, taken = io.BytesIO(), Counter()
        with zipfile.ZipFile(target, "w") as archive:
            for line in self._checked_sudo().line_ids:
                session = line._request()
                if session:
                    number = nip_tools.digits(line.number)
                    taken[number] += 1
                    # Companies may share a NIP: each has its own file.
                    which = f"{number} ({taken[number]})" if taken[number] > 1 else number
                    archive.writestr(f"AuthTokenRequest {which}.xml", session._request_document())
        return target.getvalue()

    def attach(self, name, content_base64):
        """Take one signed file: its company is found by what was signed.

        :param str name: the file's name, which only people read
        :param str content_base64: the file's bytes
        :return dict: ``line``, as in view(); False for a file of no company
        """
        batch = self._checked_sudo()
        try:
            content = base64.b64decode(content_base64, validate=True)[: MAX_SIZE + 1]
        except (binascii.Error, TypeError, ValueError):
            content = b""
        reading = read(content or b" ", Expected(clock.now()))
        line = batch._line_of(reading)
        if not line:
            batch._put_aside(name, self.env._("It is of none of these companies, or unsigned."))
        elif line.state in ("running", "done"):
            company = line.company_id.name
            batch._put_aside(name, self.env._("%s needs no file any more.", company))
        elif reading.stops and line._file()["can_send"]:
            company = line.company_id.name
            batch._put_aside(name, self.env._("It cannot be sent; %s keeps its file.", company))
        else:
            line._attach(name, content_base64)
        return {"line": line._view() if line else False}

    def _line_of(self, reading):
        """Return the line whose file was signed; else the one of the same NIP or unit."""
        owners = {line.company_id._l10n_pl_ksef_principal(): line for line in self.line_ids}
        if reading.challenge:
            downloaded = self.env["l10n_pl_ksef.session"].search(
                [
                    ("challenge", "=", reading.challenge),
                    ("company_id", "in", [owner.id for owner in owners]),
                ],
                limit=1,
            )
            if downloaded:
                return owners[downloaded.company_id]
        digits = nip_tools.digits(reading.context.value) if reading.context else ""
        same = self.line_ids.filtered(lambda line: nip_tools.digits(line.number) == digits)
        return same[:1] if digits else same.browse()

    def _put_aside(self, name, text):
        """Keep what is said of a file that belongs to no line."""
        shown = members.for_people(str(name))[:255]
        others = [one for one in self.strays or [] if one["name"] != shown]
        self.strays = [*others, {"name": shown, "text": text}]

    def answer(self, line_id, answer):
        """Send one company's signed file, with the answer that was given for the whole list.

        :param int line_id: a line of self with a file
        :param str answer: of ANSWERS; it names what the words beside it named for this company
        :return dict: the line, as in view()
        """
        batch = self._checked_sudo()
        line = batch.line_ids.filtered(lambda one: one.id == line_id and one.state != "done")
        if line.window_id.document_name:
            line._window().set_answer(answer)
            line._keep(*batch._outcome(line, "send"))
        return batch.line_ids.filtered(lambda one: one.id == line_id)._view()

    def _send_sign(self, line, _principal, _company):
        return self._of_window(line._window().authenticate())

    def _follow_sign(self, line, _principal, _company):
        return self._of_window(line._window().follow())

    def _of_window(self, view):
        """Return how a window's last call ended: a state, and a sentence."""
        if view["result"] == "limited":
            return "done", self.env._("Connected, but a right is missing at KSeF.")
        if view["result"]:
            return "done", self.env._("Connected.")
        if view["step"] == "verify":
            return "running", self.env._("KSeF is checking the signature.")
        return "failed", _what_stops(view)


class L10n_Pl_KsefBatchLine(models.TransientModel):
    """Whom the office asks to sign for one company of many, or the file that is signed there."""

    # Signatures are a subject of their own beside what all kinds of work need.
    _inherit = "l10n_pl_ksef.batch.line"  # pylint: disable=consider-merging-classes-inherited

    signer_name = fields.Char(readonly=True)
    signer_email = fields.Char(readonly=True)

    def _signer(self):
        """Describe whom the line asks."""
        company = self.company_id
        return {
            "signer_name": self.signer_name or company.l10n_pl_ksef_signer_name or "",
            "signer_email": self.signer_email or company.l10n_pl_ksef_signer_email or "",
        }

    def _name_signer(self, row):
        """Keep who is asked; the company remembers whom it had none for."""
        name, email = (str(row.get(key) or "") for key in ("signer_name", "signer_email"))
        self.write({"signer_name": name, "signer_email": email})
        company = self.company_id
        mine = company in self.env.user.company_ids
        if mine and not company.l10n_pl_ksef_signer_name:
            company._l10n_pl_ksef_remember_signer(name, email)

    def _keep_try(self, state, text):
        """Keep how the try without a signature ended: somebody is asked where it failed."""
        if state == "failed":
            self.write({"is_there": False, "tried_text": text})
        self._keep("todo" if state == "failed" else state, text)

    def _asked(self):
        return {
            "company_id": self.company_id.id,
            "signer_name": self.signer_name,
            "signer_email": self.signer_email,
        }

    def _open_request(self):
        """Return the newest request for the company that may still be signed; empty without one.

        Only of a company that the user manages.
        """
        requests = self.env["l10n_pl_ksef.request"].sudo()
        principal = self.company_id._l10n_pl_ksef_principal()
        if not {self.company_id, principal} <= set(self.env.user.company_ids):
            return requests
        own = [("company_id", "=", principal.id), ("signer_email", "!=", False)]
        open_now = [("state", "=", "open"), ("valid_until", ">", requests._now())]
        return requests.search([*own, *open_now], limit=1)

    def _of_mail(self, request):
        """Return how the mail of a request fared: a state, and a sentence."""
        if not request:
            return "failed", self.env._("Nobody is asked to sign for this company now.")
        told = request.with_context(lang=self.env.lang)._delivery()
        return ("done" if told.get("ok", True) else "failed"), told["text"]

    # ------------------------------------------------------------------
    # At the desk
    # ------------------------------------------------------------------
    def _window(self):
        """Return the line's window as the user has it."""
        return self.window_id.sudo(False)

    def _has_file(self):
        """Return True if a signed file is there that may be sent, or was sent."""
        return bool(self.window_id.document_name) and self.state != "failed"

    def _request(self):
        """Return the request that may still be signed; empty if a signed file is there."""
        if self.state in ("running", "done") or self._has_file():
            return self.env["l10n_pl_ksef.session"]
        return self.window_id._newest_live()

    def _needs_file(self):
        """Return True if there is nothing to be signed, and nothing was signed."""
        is_open = self.state in ("todo", "failed") and not self._has_file()
        return is_open and not self._request()

    def _attach(self, name, content_base64):
        """Put a signed file into the company's window, which says what is wrong with it."""
        told = _what_stops(self._window().attach(name, content_base64))
        self._keep("failed" if told else "todo", told)

    def _file(self):
        """Describe the company's file: what is left of its ten minutes, and who signed it."""
        if self.batch_id.kind != "sign" or not self.window_id or self.state == "done":
            return NO_FILE
        view = self._window().view()
        reading = view["reading"] or {}
        life = reading.get("challenge") or view["challenge"] or {}
        signer = reading.get("signer") or {}
        return {
            "file": view["document"]["name"] if view["document"] else "",
            "signer": signer.get("name") or "",
            "offline": view["offline"],
            "findings": [one["text"] for one in reading.get("findings", ())],
            "can_send": bool(reading.get("can_send")),
            "seconds_left": life.get("seconds_left", 0),
        }


def _what_stops(view):
    """Return why a window's file cannot be sent, in a sentence; empty if it can."""
    findings = (view["reading"] or {}).get("findings", ())
    stops = [one["text"] for one in findings if one["level"] == "stop"]
    return view["problem"]["text"] if view["problem"] else next(iter(stops), "")
