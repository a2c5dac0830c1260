import base64
import binascii
from dataclasses import dataclass

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..models.base import problems
from ..models.base.const import ENVIRONMENT_LABELS
from ..models.base.locks import fresh
from ..models.base.steps import naive
from ..models.res_company import CONNECT_GROUP
from ..models.session.session import CONNECT, OF_SIGNERS
from ..models.session.signed_file import ANSWERS
from ..models.vault.vault import write_secrets
from ..tools import clock, members
from ..tools.errors import KsefError
from ..tools.signed_document import MAX_SIZE, Reading
from ..tools.vault import VaultError

STEPS = [
    ("download", "Download"),
    ("sign", "Sign"),
    ("upload", "Attach the signed document"),
    ("certificate", "Load a KSeF certificate"),
    ("verify", "Verification"),
    ("done", "Done"),
]
# Where the file is signed; who has a certificate signs nothing.
WAYS = [("site", "On moj.gov.pl"), ("program", "In one's own signing program")]
# The answer goes with the file: another may have another signer.
NO_DOCUMENT = {"document_secret": False, "document_name": False, "answer": False}


@dataclass(frozen=True, repr=False)
class Upload:
    """The attached file, decrypted; nothing shows its bytes by accident.

    ``reading`` is None without a file, and while KSeF checks it: nothing shows what was read then.
    """

    content: bytes = b""
    reading: Reading | None = None


class L10n_Pl_KsefAuthorization(models.TransientModel):
    """The window "Account authorization": download, sign, upload, verification.

    The browser calls it over RPC; each call returns ``view()``. What is expected to go wrong comes
    back in ``problem``, and nothing that the user chose is lost by it.
    """

    _name = "l10n_pl_ksef.authorization"
    _description = "KSeF account authorization"
    _inherit = ["l10n_pl_ksef.vault.mixin"]
    # A tab may stay open overnight; what was uploaded is removed within the hour all the same.
    _transient_max_hours = 7 * 24

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    environment = fields.Selection(ENVIRONMENT_LABELS, required=True, readonly=True)
    step = fields.Selection(STEPS, required=True, readonly=True, default="download")
    way = fields.Selection(WAYS, required=True, readonly=True, default="site")
    purpose = fields.Selection(OF_SIGNERS, required=True, readonly=True, default=CONNECT)
    grant_id = fields.Many2one("l10n_pl_ksef.grant", readonly=True, ondelete="cascade")
    session_id = fields.Many2one("l10n_pl_ksef.session", readonly=True, ondelete="set null")
    document_name = fields.Char(readonly=True)
    document_secret = fields.Text(groups=fields.NO_ACCESS, prefetch=False)
    attached_at = fields.Datetime(readonly=True)
    answer = fields.Selection(ANSWERS, readonly=True)
    problem = fields.Json(readonly=True)
    take_over = fields.Boolean(string="Another identity takes over", readonly=True)
    revoke_taken_over = fields.Boolean(string="Revoke the former certificate", readonly=True)

    @api.model
    def _open(self, company, purpose=CONNECT, grant=None):
        """Return the user's open window for a company and a purpose, or a new one.

        :param grant: what is given or taken back, where the window is for that
        """
        environment = company.l10n_pl_ksef_environment
        mine = self.sudo().search(
            [
                ("create_uid", "=", self.env.uid),
                ("company_id", "=", company.id),
                ("environment", "=", environment),
                ("purpose", "=", purpose),
                ("grant_id", "=", bool(grant) and grant.id),
                ("step", "!=", "done"),
            ],
            order="id desc",
            limit=1,
        )
        if mine:
            mine._catch_up(mine._upload().reading)
        if mine:
            # It ended while the window was closed.
            mine._settle(mine._outcome(mine.session_id))
        if mine.step == "done":
            mine = mine.browse()
        if not mine:
            mine = self.sudo().create(
                {
                    "company_id": company.id,
                    "environment": environment,
                    "purpose": purpose,
                    "grant_id": bool(grant) and grant.id,
                }
            )
        return mine.sudo(False)

    # ------------------------------------------------------------------
    # Called by the browser
    # ------------------------------------------------------------------
    def view(self):
        """Describe all that the window shows.

        :return dict: step, names, countdown, document, reading, problem, result
        """
        window = self._checked_sudo()
        return window._view(window._upload())

    def prepare_download(self, way=None):
        """Fetch a challenge from KSeF, so that the file's ten minutes begin now.

        Whoever asks again within BRAKE seconds gets the same file, in another window too.

        :param str way: where the file will be signed, of WAYS; as before when omitted
        :return dict: view(), with the address of the file
        """
        window = self._checked_sudo()
        if way in dict(WAYS):
            window.way = way
        window.problem = False
        if window._nip_problem():
            return window.view()
        if window._is_outdated():
            window.problem = problems.local("client_changed")
            return window.view()
        try:
            if not window._takes_newest():
                window._new_session()
        except KsefError as error:
            window.problem = problems.of_request(error)
        else:
            # What was signed before belongs to an earlier download.
            window.write({**NO_DOCUMENT, "step": "sign"})
        return window.view()

    def go(self, step):
        """Show another of the steps in which nothing is on its way.

        :param str step: download, sign, upload or certificate
        :return dict: view()
        """
        window = self._checked_sudo()
        # Somebody else's signature is what takes a connection over.
        signs = window.take_over or window.purpose != CONNECT
        possible = ("download", "sign", "upload", *(() if signs else ("certificate",)))
        if step in possible and window.step != step:
            window.write({"step": step, "problem": False})
        return window.view()

    def attach(self, name, content_base64):
        """Take the signed file and look at it; nothing is sent.

        :param str name: the file's name, which only people read
        :param str content_base64: the file's bytes
        :return dict: view(), with the findings
        """
        window = self._checked_sudo()
        window.problem = False
        try:
            content = base64.b64decode(content_base64, validate=True)
            # One byte too many is enough for the reader to say that the file is too large.
            content = content[: MAX_SIZE + 1]
            write_secrets(window, document_secret=content or b" ")
            window.write(
                {
                    "document_name": members.for_people(str(name))[:255],
                    "attached_at": naive(clock.now()),
                    "answer": False,
                }
            )
        except (binascii.Error, TypeError, ValueError):
            window.problem = problems.local("upload_unreadable")
        except VaultError as error:
            window.problem = problems.of_error(error)
        return window.view()

    def detach(self):
        """Forget the attached file.

        :return dict: view()
        """
        window = self._checked_sudo()
        window.write({**NO_DOCUMENT, "problem": False})
        return window.view()

    def set_answer(self, answer):
        """Record the user's answer for the signer: certificates, or a signature every 7 days.

        :param str answer: of ANSWERS; it names what the words beside it named
        :return dict: view()
        """
        window = self._checked_sudo()
        window.write({"answer": answer, "problem": False})
        return window.view()

    def forget_take_over(self):
        """Sign for the connection as it is: nobody takes over.

        :return dict: view()
        """
        window = self._checked_sudo()
        window.write({"take_over": False, "revoke_taken_over": False})
        return window.view()

    def authenticate(self):
        """Send the signed file to KSeF, its bytes untouched, and begin to wait for the answer.

        :return dict: view(); the step is "verify", or "upload" with what is wrong
        """
        window = self._checked_sudo()
        upload = window._upload()
        if window._catch_up(upload.reading):
            return window._follow_up(upload)
        session = window._session_of(upload.reading)
        if not session or upload.reading.stops:
            return window._view(upload)
        if not window.answer and window.purpose == CONNECT:
            window.problem = problems.local("answer_missing")
            return window._view(upload)
        window.write({"session_id": session.id, "step": "verify", "problem": False})
        values = window._sender_values(upload.reading)
        session._submit_signed(upload.content, upload.reading, window.company_id, **values)
        return window._follow_up(upload)

    def connect(self):
        """Log the company in with the KSeF certificate that is held for it: nobody signs.

        :return dict: view(); the step is "verify", or "certificate" with what is wrong
        """
        window = self._checked_sudo()
        sessions, company = self.env["l10n_pl_ksef.session"], window.company_id
        if window._nip_problem() or window.purpose != CONNECT:
            return window.view()
        login, _failure = sessions._log_in(company, wait_seconds=5, asked_by=self.env.user)
        if login:
            # It is newer than this transaction's view of the database.
            with fresh(window) as seen:
                seen.write({"session_id": login.id, "step": "verify", "problem": False})
                return seen._follow_up(Upload())
        usable = company._l10n_pl_ksef_certificate()._usable()
        window.problem = problems.local("busy" if usable else "certificate_gone")
        return window.view()

    def change_company(self):
        """Open the window of the company that the attached file is for, and attach it there.

        :return dict: the action that opens it
        :raises UserError: the file is for none of the user's companies
        """
        window = self._checked_sudo()
        upload = window._upload()
        company = window._company_of(upload.reading)
        if not company:
            raise UserError(self.env._("You do not work in the company that this file is for."))
        action = company.sudo(False).l10n_pl_ksef_open_authorization()
        # A copy of the database asks first what to do.
        other = self.browse(action.get("params", {}).get("wizard_id"))
        if other and other.sudo().step != "verify":
            other.go("upload")
            other.attach(window.document_name, base64.b64encode(upload.content).decode())
        window.detach()
        return action

    def follow(self):
        """Do the next due step while KSeF checks the signature or the certificate.

        :return dict: view()
        """
        window = self._checked_sudo()
        if window.step == "verify" and window.session_id:
            window.session_id._advance()
        return window._follow_up(window._upload())

    def _checked_sudo(self):
        """Return self as superuser, if the window is the user's and the user may connect."""
        self.ensure_one()
        self.company_id._l10n_pl_ksef_check_group(CONNECT_GROUP)
        if self.create_uid != self.env.user and not self.env.su:
            raise AccessError(self.env._("This window belongs to another user."))
        return self.sudo()

    # ------------------------------------------------------------------
    # What it shows
    # ------------------------------------------------------------------
    def _view(self, upload):
        return self.env["l10n_pl_ksef.authorization.view"]._describe(self, upload)

    def _follow_up(self, upload):
        """Return view() after steps that were committed outside this transaction's snapshot."""
        with fresh(self.session_id) as session:
            outcome = self._outcome(session)
        if self._settle(outcome) and upload.reading is None:
            upload = self._upload()
        view = self._view(upload if self.document_secret else Upload())
        return {**view, "result": outcome["result"], "verifying": outcome["verifying"]}

    def _settle(self, outcome):
        """Leave the step "verify" once a login has an outcome; return True if the window did."""
        if self.step != "verify" or not (outcome["back_to"] or outcome["result"]):
            return False
        if outcome["back_to"]:
            self.write({"step": outcome["back_to"], "problem": outcome["problem"]})
        else:
            self.step = "done"
        if self.step in ("download", "done"):
            self.write(NO_DOCUMENT)
        return True

    def _verifying(self):
        return self._outcome(self.session_id)["verifying"] if self.step == "verify" else False

    def _result(self):
        return self._outcome(self.session_id)["result"] if self.session_id else False

    def _outcome(self, session):
        """Return how a session that was sent stands; ``back_to`` is the step to go back to."""
        progress = session._progress()
        back_to = False
        if progress["is_back"] or progress["has_ended"]:
            again = "upload" if progress["is_back"] else "download"
            back_to = "certificate" if session.method == "certificate" else again
        return {**progress, "back_to": back_to}
