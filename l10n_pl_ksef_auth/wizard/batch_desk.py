import base64
import binascii
import io
import zipfile

from odoo import models

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
    """Signing at the desk for many companies: each line has a window of its own behind it."""

    # What files need stands apart from what all kinds need.
    _inherit = "l10n_pl_ksef.batch"  # pylint: disable=consider-merging-classes-inherited

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
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            for line in self._checked_sudo().line_ids:
                session = line._request()
                if session:
                    number = nip_tools.digits(line.number)
                    archive.writestr(f"AuthTokenRequest {number}.xml", session._request_document())
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
        line = batch._line_of(read(content or b" ", Expected(clock.now())))
        if not line:
            batch._put_aside(name, self.env._("It is of none of these companies, or unsigned."))
        elif line.state in ("running", "done"):
            company = line.company_id.name
            batch._put_aside(name, self.env._("%s needs no file any more.", company))
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
    """The file of one company of many."""

    # Files are a subject of their own beside whom one asks.
    _inherit = "l10n_pl_ksef.batch.line"  # pylint: disable=consider-merging-classes-inherited

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
