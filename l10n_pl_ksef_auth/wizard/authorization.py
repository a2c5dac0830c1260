import base64
import binascii
from dataclasses import dataclass
from datetime import timedelta, timezone

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..models.base import problems
from ..models.base.const import ENVIRONMENT_LABELS
from ..models.base.locks import fresh
from ..models.base.steps import naive
from ..models.certificate.states import STANDING
from ..models.res_company import CONNECT_GROUP
from ..models.session.states import ENDED, IN_FLIGHT
from ..models.vault.vault import read_secret, secret_digests, write_secrets
from ..tools import clock, members
from ..tools import nip as nip_tools
from ..tools.const import CHALLENGE_LIFETIME
from ..tools.errors import KsefError
from ..tools.signed_document import MAX_SIZE, Expected, KnownChallenge, Reading, read
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
# KSeF was seen to say "in progress" for half an hour (docs/ksef.md A1-100).
LONG_VERIFICATION = timedelta(minutes=2)
# An uploaded document that was not sent: its challenge has long expired.
KEPT_DOCUMENTS = timedelta(hours=1)
# Clicks in a row get the file of the first: each challenge counts against this server's address.
BRAKE = timedelta(seconds=10)
NO_DOCUMENT = {"document_secret": False, "document_name": False}


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
    session_id = fields.Many2one("l10n_pl_ksef.session", readonly=True, ondelete="set null")
    document_name = fields.Char(readonly=True)
    document_secret = fields.Text(groups=fields.NO_ACCESS, prefetch=False)
    attached_at = fields.Datetime(readonly=True)
    consent = fields.Boolean(readonly=True)
    problem = fields.Json(readonly=True)
    take_over = fields.Boolean(string="Another identity takes over", readonly=True)
    revoke_taken_over = fields.Boolean(string="Revoke the former certificate", readonly=True)

    @api.model
    def _open(self, company):
        """Return the user's open window for a company's connection, or a new one."""
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
            mine._catch_up(mine._upload().reading)
        if mine.step == "verify" and mine._result():
            mine = mine.browse()
        if not mine:
            mine = self.sudo().create({"company_id": company.id, "environment": environment})
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

        Whoever asks again within BRAKE seconds gets the same file.

        :param str way: where the file will be signed, of WAYS; as before when omitted
        :return dict: view(), with the address of the file
        """
        window = self._checked_sudo()
        if way in dict(WAYS):
            window.way = way
        window.problem = False
        try:
            if not window._has_just_downloaded():
                window._new_session()
        except nip_tools.InvalidNip as error:
            window.problem = problems.of_nip(error)
        except KsefError as error:
            window.problem = problems.of_request(error)
        else:
            window.step = "sign"
        return window.view()

    def go(self, step):
        """Show another of the steps in which nothing is on its way.

        :param str step: download, sign, upload or certificate
        :return dict: view()
        """
        window = self._checked_sudo()
        # Somebody else's signature is what takes a connection over.
        possible = ("download", "sign", "upload", *(() if window.take_over else ("certificate",)))
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

    def set_consent(self, consent):
        """Record whether the signer wants a KSeF certificate for later logins.

        :param bool consent: the choice
        :return dict: view()
        """
        window = self._checked_sudo()
        window.consent = bool(consent)
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
        window.write({"session_id": session.id, "step": "verify", "problem": False})
        session._submit_signed(upload.content, **window._sender_values(upload.reading))
        return window._follow_up(upload)

    def connect(self):
        """Log the company in with the KSeF certificate that is held for it: nobody signs.

        :return dict: view(); the step is "verify", or "certificate" with what is wrong
        """
        window = self._checked_sudo()
        sessions, company = self.env["l10n_pl_ksef.session"], window.company_id
        problem, login = window._nip_problem(), sessions
        if not problem:
            login, _failure = sessions._log_in(company, wait_seconds=5, asked_by=self.env.user)
        if login:
            # It is newer than this transaction's view of the database.
            with fresh(window) as seen:
                seen.write({"session_id": login.id, "step": "verify", "problem": False})
                return seen._follow_up(Upload())
        usable = company._l10n_pl_ksef_certificate()._usable()
        window.problem = problem or problems.local("busy" if usable else "certificate_gone")
        return window.view()

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
        if self.step == "verify" and outcome["back_to"]:
            self.write({"step": outcome["back_to"], "problem": outcome["problem"]})
            if outcome["back_to"] == "download":
                self.write(NO_DOCUMENT)
            if upload.reading is None:
                upload = self._upload()
        elif self.step == "verify" and outcome["result"]:
            self.write({**NO_DOCUMENT, "step": "done"})
        view = self._view(upload if self.document_secret else Upload())
        return {**view, "result": outcome["result"], "verifying": outcome["verifying"]}

    def _verifying(self):
        return self._outcome(self.session_id)["verifying"] if self.step == "verify" else False

    def _result(self):
        return self._outcome(self.session_id)["result"] if self.session_id else False

    def _outcome(self, session):
        """Return how a session that was sent stands; ``back_to`` is the step to go back to."""
        problem, by_certificate = session.problem, session.method == "certificate"
        outcome = {"result": False, "verifying": False, "back_to": False, "problem": problem}
        if session.state == "active" and session.rights_checked_at:
            return {**outcome, "result": "limited" if session._missing_rights() else "connected"}
        if self._was_put_back(session):
            step = "certificate" if by_certificate else "upload"
            return {**outcome, "back_to": step, "problem": problem or problems.local("busy")}
        if session.state in ENDED:
            return {**outcome, "back_to": "certificate" if by_certificate else "download"}
        since = session.send_started_at
        long = bool(since) and session._now() - since > LONG_VERIFICATION
        return {**outcome, "verifying": {"long": long, "by_certificate": by_certificate}}

    def _was_put_back(self, session):
        """Return True if a login waits for a person, or with a certificate for a later try."""
        if session.state != "waiting":
            return False
        if session.method == "certificate":
            return bool(session.problem)
        # Refused; or not even stored, because another worker held the lock for too long.
        return not session.sudo().document_secret

    # ------------------------------------------------------------------
    # The attached file
    # ------------------------------------------------------------------
    def _upload(self):
        """Decrypt and read the attached file: milliseconds, so once for each call of the window.

        Nothing is kept of a reading: it holds a PESEL, and changes with the time.
        """
        try:
            content = read_secret(self, "document_secret")
        except VaultError:
            content = b""
        is_shown = content and self.step != "verify"
        return Upload(content, self._reading(content) if is_shown else None)

    def _reading(self, content):
        """Return what the file says; None while the company's own number is wrong."""
        if self._nip_problem():
            return None
        challenges = [
            KnownChallenge(one.challenge, one.challenge_expires_at.replace(tzinfo=timezone.utc))
            for one in self._sessions()
        ]
        context = self.company_id._l10n_pl_ksef_context()
        return read(content, Expected(clock.now(), challenges, context, self.environment))

    def _nip_problem(self):
        """Return what is wrong with the company's own number, or False."""
        try:
            self.company_id._l10n_pl_ksef_context()
        except nip_tools.InvalidNip as error:
            return problems.of_nip(error)
        return False

    @api.autovacuum
    def _forget_unused(self):
        """Remove uploaded documents once KSeF has judged them, and those that were never sent.

        A window that is open removes its own; this is for windows that were closed. Rows that a
        user's request is writing are left for the next time.
        """
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE l10n_pl_ksef_authorization
                   SET document_secret = NULL, document_name = NULL
                 WHERE id IN (
                       SELECT upload.id
                         FROM l10n_pl_ksef_authorization AS upload
                    LEFT JOIN l10n_pl_ksef_session AS session ON session.id = upload.session_id
                        WHERE upload.document_secret IS NOT NULL
                          AND (session.state NOT IN ('waiting', 'submitted')
                               OR upload.write_date < %s)
                          FOR UPDATE OF upload SKIP LOCKED)
                """,
                fields.Datetime.now() - KEPT_DOCUMENTS,
            )
        )
        self.invalidate_model(["document_secret", "document_name"])

    # ------------------------------------------------------------------
    # Sessions and challenges
    # ------------------------------------------------------------------
    def _has_just_downloaded(self):
        """Return True if the window's file is as new as can be, and still the one to be signed."""
        session, company = self.session_id, self.company_id
        if session.method != "signature" or not session.challenge_expires_at:
            return False
        context = company._l10n_pl_ksef_context()
        begun = session.challenge_expires_at - CHALLENGE_LIFETIME
        return (
            session.state == "waiting"
            and not session.document_secret
            and session._login_context() == context
            and session.subject_type == company.l10n_pl_ksef_subject_type
            and session._now() < begun + BRAKE
        )

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
        """Return the sessions that wait or lately waited for a signature, the newest first."""
        return self.env["l10n_pl_ksef.session"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("environment", "=", self.environment),
                ("method", "=", "signature"),
                ("challenge_expires_at", ">", naive(clock.now()) - timedelta(days=1)),
            ]
        )

    def _session_of(self, reading):
        """Return the waiting session whose challenge the document signs; empty without one."""
        if not reading:
            return self.session_id.browse()
        return self._sessions().filtered(
            lambda session: session.state == "waiting" and session.challenge == reading.challenge
        )[:1] or self.session_id.filtered(lambda session: session.state == "waiting")

    def _catch_up(self, reading):
        """Go on with a session whose file was sent by a request that lost its own changes.

        Odoo replays a request after a conflict, and a worker may be killed; KSeF has the file then,
        and would refuse it a second time.
        """
        if self.step == "verify" or not self.attached_at or not reading:
            return False
        sent = self._sessions().filtered(
            lambda session: (
                session.challenge == reading.challenge
                and session.state in (*IN_FLIGHT, "active", "failed")
                # An old file that is attached once more is sent again: KSeF refuses it.
                and session.send_started_at >= self.attached_at
            )
        )[:1]
        if sent:
            self.write({"session_id": sent.id, "step": "verify", "problem": False})
        return bool(sent)

    def _sender_values(self, reading):
        """Return what the session keeps: who sends the file, who signed it, and what they chose."""
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
        taken = self._taken_over(reading).ids if self.take_over else []
        return {
            **values,
            "signers_certificate_ids": [Command.set(self._of_signer(reading).ids)],
            "takes_over_ids": [Command.set(taken)],
            "revoke_taken_over": bool(taken) and self.revoke_taken_over,
        }

    def _consent_text(self):
        return self.env._(
            "I agree that KSeF issues a certificate in the name of the person or company that"
            " signed this document. Odoo keeps it, encrypted, and logs in with it from now on. It"
            " opens every NIP that its owner may act for in KSeF, and it stays in this Odoo."
        )

    def _taken_over(self, reading):
        """Return the certificates that serve the company, without those of the file's signer."""
        return self._standing() - self._of_signer(reading)

    def _of_signer(self, reading):
        """Return the certificates that serve the company and belong to the file's signer."""
        signer = reading.signer
        signers = secret_digests(self.env, signer.identity) if signer and signer.identity else []
        return self._standing().filtered(lambda one: one.identity_digest in signers)

    def _standing(self):
        return self.env["l10n_pl_ksef.certificate"].search(
            [
                ("company_ids", "in", self.company_id.id),
                ("environment", "=", self.environment),
                ("state", "in", STANDING),
            ]
        )
