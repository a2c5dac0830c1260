from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.tools import SQL

from ..models.base import problems
from ..models.base.steps import naive
from ..models.session.session import CONNECT
from ..models.session.states import SENT_OR_REFUSED, UNJUDGED
from ..models.vault.vault import read_secret
from ..tools import clock
from ..tools import nip as nip_tools
from ..tools.vault import VaultError
from .authorization import Upload

# An uploaded document that was not sent: its challenge has long expired.
KEPT_DOCUMENTS = timedelta(hours=1)
# Clicks in a row get the file of the first: each challenge counts against this server's address.
BRAKE = timedelta(seconds=10)


class L10n_Pl_KsefAuthorizationFile(models.TransientModel):
    """The files of the window: the requests that were downloaded, and the signed one."""

    # What a browser calls stands apart from the files behind it.
    _inherit = "l10n_pl_ksef.authorization"  # pylint: disable=consider-merging-classes-inherited

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
        return self._sessions()._read_signed(content, self.company_id, self.environment)

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
                          AND (session.state NOT IN %s
                               OR upload.write_date < %s)
                          FOR UPDATE OF upload SKIP LOCKED)
                """,
                UNJUDGED,
                fields.Datetime.now() - KEPT_DOCUMENTS,
            )
        )
        self.invalidate_model(["document_secret", "document_name"])

    # ------------------------------------------------------------------
    # Sessions and challenges
    # ------------------------------------------------------------------
    def _takes_newest(self):
        """Take the user's newest file, whichever window it came from, if it is as new as can be.

        :return bool: False if a new one is to be fetched
        """
        own = self._sessions().filtered(lambda session: session.create_uid == self.env.user)[:1]
        if not own._has_just_begun(BRAKE):
            return False
        self.session_id = own
        return True

    def _is_outdated(self):
        """Return True if the client's NIP or environment is another than when it was opened."""
        return bool(self.grant_id) and not self.grant_id._is_of_today()

    def _new_session(self):
        self.session_id = self.env["l10n_pl_ksef.session"]._begin_signature(
            self.company_id,
            self.environment,
            purpose=self.purpose,
            grant_id=self.grant_id.id,
        )

    def _sessions(self):
        """Return the sessions that wait or lately waited for a signature, the newest first.

        A request of somebody without an account has its own: its file belongs to its page alone.
        """
        return self.env["l10n_pl_ksef.session"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("environment", "=", self.environment),
                ("method", "=", "signature"),
                # A file is accepted for what it was made for alone.
                ("purpose", "=", self.purpose),
                ("grant_id", "=", self.grant_id.id),
                ("request_id", "=", False),
                ("challenge_expires_at", ">", naive(clock.now()) - timedelta(days=1)),
            ]
        )

    def _session_of(self, reading):
        """Return the waiting session whose challenge the document signs; empty without one."""
        if not reading:
            return self.session_id.browse()
        waiting = self._sessions().filtered(lambda session: session.state == "waiting")
        return waiting._with_challenge_of(reading) or self.session_id.filtered(
            lambda session: session.state == "waiting"
        )

    def _newest_live(self):
        """Return the window's own request while it may still be signed."""
        # A login with the certificate has a challenge too, and no file to be signed.
        return self.session_id.filtered(lambda one: one.method == "signature")._live_challenges()

    def _downloaded_as(self, reading):
        """Return the lately downloaded request that a document signs; empty without one."""
        if not reading:
            return self.session_id.browse()
        return self._sessions()._with_challenge_of(reading)

    def _company_of(self, reading):
        """Return the other company of the user's that a document's request is for, if any."""
        companies = self.env["res.company"]
        if not reading or "other_company" not in reading.codes:
            return companies
        wanted = nip_tools.digits(reading.context.value)
        mine = self.env.user.sudo().company_ids
        named = mine.filtered(lambda company: company.l10n_pl_ksef_digits == wanted)
        principal = named[:1]._l10n_pl_ksef_principal() if named else companies
        return principal if principal in mine else companies

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
                and session.state in SENT_OR_REFUSED
                # An old file that is attached once more is sent again: KSeF refuses it.
                and session.send_started_at >= self.attached_at
            )
        )[:1]
        if sent:
            self.write({"session_id": sent.id, "step": "verify", "problem": False})
        return bool(sent)

    def _sender_values(self, reading):
        """Return what the session keeps: who sends the file, who signed it, and what they chose."""
        values = {"user_id": self.env.uid, **self.session_id._signer_values(reading)}
        if self.purpose != CONNECT:
            # Nothing is issued, agreed to or taken over by it.
            return values
        if self.answer != "weekly":
            names = values.get("signer_name"), values.get("signer_masked")
            values |= self.session_id._consent_of(*names, offline=self.answer == "both")
        taken = self._taken_over(reading).ids if self.take_over else []
        return {
            **values,
            "signers_certificate_ids": [Command.set(self._of_signer(reading).ids)],
            "takes_over_ids": [Command.set(taken)],
            "revoke_taken_over": bool(taken) and self.revoke_taken_over,
        }

    def _taken_over(self, reading):
        """Return the certificates that serve the company, without those of the file's signer."""
        return self._standing() - self._of_signer(reading)

    def _of_signer(self, reading):
        """Return the certificates that serve the company and belong to the file's signer."""
        return self._standing()._owned_by(reading.signer)

    def _standing(self):
        certificates = self.env["l10n_pl_ksef.certificate"]
        return certificates._standing_for(self.company_id, self.environment)
