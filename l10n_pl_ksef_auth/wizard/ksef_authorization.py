import base64
import binascii
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..models import ksef_problem
from ..models.base.const import ENVIRONMENT_LABELS
from ..models.base.steps import naive
from ..models.res_company import CONNECT_GROUP
from ..models.session.states import IN_FLIGHT
from ..tools import clock, members
from ..tools import nip as nip_tools
from ..tools.const import CHALLENGE_LIFETIME
from ..tools.errors import KsefError
from ..tools.signed_document import MAX_SIZE
from ..tools.vault import VaultError

STEPS = [
    ("download", "Download"),
    ("sign", "Sign"),
    ("upload", "Attach the signed document"),
    ("verify", "Verification"),
    ("done", "Done"),
]


class L10n_Pl_KsefAuthorization(models.TransientModel):
    """The window "Account authorization": download, sign, upload, verification.

    The browser drives it over RPC; each call answers with ``view()``. What is expected to go wrong
    comes back in ``problem``; nothing that the user chose is lost by it.
    """

    _name = "l10n_pl_ksef.authorization"
    _description = "KSeF account authorization"
    _inherit = ["l10n_pl_ksef.vault.mixin"]
    # A tab stays open overnight; what was uploaded goes within the hour all the same.
    _transient_max_hours = 7 * 24

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    environment = fields.Selection(ENVIRONMENT_LABELS, required=True, readonly=True)
    step = fields.Selection(STEPS, required=True, readonly=True, default="download")
    session_id = fields.Many2one("l10n_pl_ksef.session", readonly=True, ondelete="set null")
    document_name = fields.Char(readonly=True)
    document_secret = fields.Text(groups=fields.NO_ACCESS, prefetch=False)
    attached_at = fields.Datetime(readonly=True)
    consent = fields.Boolean(readonly=True)
    problem = fields.Json(readonly=True)

    @api.model
    def _open(self, company):
        """The user's open window for a company's connection, or a new one.

        :param company: the company that owns the connection
        """
        environment = company.l10n_pl_ksef_environment
        mine = self.sudo().search(
            [
                ("create_uid", "=", self.env.uid),
                ("company_id", "=", company.id),
                ("environment", "=", environment),
                ("step", "!=", "done"),
            ],
            order="id desc",
            limit=1,
        )
        if mine:
            mine._catch_up()
        if mine.step == "verify" and mine._result():
            mine = mine.browse()
        if not mine:
            mine = self.sudo().create({"company_id": company.id, "environment": environment})
        return mine.sudo(False)

    # ------------------------------------------------------------------
    # Called by the browser
    # ------------------------------------------------------------------
    def view(self):
        """All that the window shows.

        :return dict: step, names, countdown, document, reading, problem, result
        """
        own = self._own()
        return {
            **own._view_company(),
            "id": own.id,
            "step": own.step,
            "challenge": own._view_challenge(),
            "download_url": own._download_url(),
            "document": own._view_document(),
            "reading": own._view_reading(),
            "problem": own._view_problem(),
            "consent": own.consent,
            "consent_text": own._consent_text(),
            "verifying": own._view_verifying(),
            "result": own._result(),
            "signing_url": own._signing_url(),
            "signing_label": "moj.gov.pl",
        }

    def prepare_download(self):
        """Fetch a challenge from KSeF, so that the file's ten minutes start now.

        :return dict: view(), with the address of the file
        """
        own = self._own()
        own.problem = False
        try:
            own._new_session()
        except nip_tools.InvalidNip as error:
            own.problem = ksef_problem.of_nip(error)
        except KsefError as error:
            own.problem = ksef_problem.of_request(error)
        else:
            own.step = "download"
        return own.view()

    def go(self, step):
        """Show another of the first three steps.

        :param str step: download, sign or upload
        :return dict: view()
        """
        own = self._own()
        if step in ("download", "sign", "upload") and own.step != step:
            own.write({"step": step, "problem": False})
        return own.view()

    def attach(self, name, content_base64):
        """Take the signed file and look at it; nothing is sent.

        :param str name: the file's name, of no meaning to us
        :param str content_base64: the file's bytes
        :return dict: view(), with the findings
        """
        own = self._own()
        own.problem = False
        try:
            content = base64.b64decode(content_base64, validate=True)
            if len(content) > MAX_SIZE:
                # Kept just long enough to be told about: the reader says so by the size.
                content = content[: MAX_SIZE + 1]
            own._secret_write(document_secret=content or b" ")
            own.write(
                {
                    "document_name": members.for_people(str(name))[:255],
                    "attached_at": naive(clock.now()),
                }
            )
        except (binascii.Error, TypeError, ValueError):
            own.problem = ksef_problem.local("upload_unreadable")
        except VaultError as error:
            own.problem = ksef_problem.of_error(error)
        return own.view()

    def detach(self):
        """Forget the attached file.

        :return dict: view()
        """
        own = self._own()
        own.write({"document_secret": False, "document_name": False, "problem": False})
        return own.view()

    def set_consent(self, consent):
        """Record whether the signer wants a KSeF certificate for the logins to come.

        :param bool consent: the choice
        :return dict: view()
        """
        own = self._own()
        own.consent = bool(consent)
        return own.view()

    def authenticate(self):
        """Send the signed file to KSeF, its bytes untouched, and begin to wait for the answer.

        :return dict: view(); the step is "verify", or "upload" with what is wrong
        """
        own = self._own()
        if own._catch_up():
            return own._follow_up()
        document, reading = own._document(), own._reading()
        session = own._session_of(reading) if reading else own.session_id.browse()
        if not document or reading.stops or not session:
            return own.view()
        own.write({"session_id": session.id, "step": "verify", "problem": False})
        session._submit_signed(document, **own._sender_values(reading))
        return own._follow_up()

    def follow(self):
        """Do the next due step while KSeF checks the signature.

        :return dict: view()
        """
        own = self._own()
        if own.step == "verify" and own.session_id:
            own.session_id._advance()
        return own._follow_up()

    # ------------------------------------------------------------------
    # Sessions and challenges
    # ------------------------------------------------------------------
    def _own(self):
        """self as superuser, once the user is shown to own it and to belong to the company.

        :raises AccessError: somebody else's window, or no right to connect
        """
        self.ensure_one()
        self.company_id._l10n_pl_ksef_check_group(CONNECT_GROUP)
        if self.create_uid != self.env.user and not self.env.su:
            raise AccessError(self.env._("This window belongs to another user."))
        return self.sudo()

    def _new_session(self):
        context = self.company_id._l10n_pl_ksef_context()
        asked_at = clock.now()
        with self.company_id._l10n_pl_ksef_client(self.environment) as client:
            challenge = client.challenge()
        self.session_id = self.env["l10n_pl_ksef.session"].create(
            {
                "company_id": self.company_id.id,
                "environment": self.environment,
                "context_type": context.type,
                "context_value": context.value,
                "subject_type": self.company_id.l10n_pl_ksef_subject_type,
                "challenge": challenge.challenge,
                # Counted from the moment before we asked: a wrong clock here does not matter.
                "challenge_expires_at": naive(asked_at + CHALLENGE_LIFETIME),
            }
        )

    def _sessions(self):
        """The company's logins that wait for a signature or lately did, the newest first."""
        return self.env["l10n_pl_ksef.session"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("environment", "=", self.environment),
                ("method", "=", "signature"),
                ("challenge_expires_at", ">", naive(clock.now()) - timedelta(days=1)),
            ]
        )

    def _session_of(self, reading):
        """The waiting login whose challenge the document signs."""
        return self._sessions().filtered(
            lambda session: session.state == "waiting" and session.challenge == reading.challenge
        )[:1] or self.session_id.filtered(lambda session: session.state == "waiting")

    def _catch_up(self):
        """Go on with a login that was sent by a request whose own changes were lost.

        Odoo replays a request after a conflict and a worker may be killed; KSeF has the file then,
        and would refuse it a second time.

        :return bool: whether the window goes on so
        """
        reading = self.step != "verify" and self.attached_at and self._reading()
        if not reading:
            return False
        sent = self._sessions().filtered(
            lambda session: (
                session.challenge == reading.challenge
                and session.state in (*IN_FLIGHT, "active", "failed")
                # An old file that is attached once more is KSeF's to refuse.
                and session.send_started_at >= self.attached_at
            )
        )[:1]
        if sent:
            self.write({"session_id": sent.id, "step": "verify", "problem": False})
        return bool(sent)

    def _sender_values(self, reading):
        values = {"user_id": self.env.uid}
        if reading.signer:
            identity = reading.signer.identity
            values |= {
                "signer_name": reading.signer.name,
                "signer_kind": reading.signer.kind,
                "signer_masked": identity.label if identity else False,
            }
        if self.consent:
            values |= {"consent_at": naive(clock.now()), "consent_text": self._consent_text()}
        return values

    def _follow_up(self):
        """view() after steps that were committed outside this transaction's snapshot."""
        with self.env.registry.cursor() as cr:
            fresh = self.session_id.with_env(self.env(cr=cr))
            outcome = fresh._outcome()
        if self.step == "verify" and outcome["back_to"]:
            self.write({"step": outcome["back_to"], "problem": outcome["problem"]})
            if outcome["back_to"] == "download":
                self.write({"document_secret": False, "document_name": False})
        elif self.step == "verify" and outcome["result"]:
            self.write({"step": "done", "document_secret": False, "document_name": False})
        return {**self.view(), "result": outcome["result"], "verifying": outcome["verifying"]}
