import unicodedata
from datetime import timedelta

from odoo import Command, models

from ...tools import members

# Between two challenges of a request: each counts against this server's address at KSeF.
BRAKE = timedelta(seconds=20)
MOST_CHALLENGES = 20
WRONG_FILES, WRONG_WITHIN, PAUSE = 10, timedelta(hours=1), timedelta(minutes=10)
# A file that was signed some time ago is explained as long as its login is kept.
EXPLAINED = timedelta(days=1)


class L10n_Pl_KsefRequestSigning(models.Model):
    """What the page behind a link does: the file that is downloaded, and the signed one.

    Each method runs under the request's lock, on a cursor of its own: see _exclusive. Nothing is
    kept of a file that is not sent.
    """

    # What a signer does is a subject of its own beside the fields.
    _inherit = "l10n_pl_ksef.request"  # pylint: disable=consider-merging-classes-inherited

    def _is_paused(self):
        """Return True while no file is taken, after too many wrong ones."""
        return bool(self.paused_until) and self.paused_until > self._now()

    def _file_to_sign(self):
        """Return a login whose file is to be signed now; empty after too many downloads.

        :raises KsefError: KSeF gave no challenge
        :raises nip.InvalidNip: the company's number is missing or wrong
        """
        newest = self._lately_downloaded().sorted("id")[-1:]
        if not newest._has_just_begun(BRAKE):
            if self.challenges >= MOST_CHALLENGES:
                return newest.browse()
            company = self.company_id
            newest = newest._begin_signature(
                company,
                company.l10n_pl_ksef_environment,
                request_id=self.id,
                purpose=self.purpose,
                grant_id=self.grant_id.id,
            )
            self.challenges += 1
        if not self.downloaded_at:
            self.downloaded_at = self._now()
        return newest

    def _read_file(self, content):
        """Return what a file says, compared with what this request has had downloaded."""
        company = self.company_id
        return self._lately_downloaded()._read_signed(
            content, company, company.l10n_pl_ksef_environment
        )

    def _lately_downloaded(self):
        """Return the logins whose files are explained; none of a former environment is sent."""
        since, environment = self._now() - EXPLAINED, self.company_id.l10n_pl_ksef_environment
        own = self.session_ids.filtered(
            lambda one: one.method == "signature" and one.environment == environment
        )
        return own.filtered(lambda one: one.challenge_expires_at > since)

    def _login_of(self, reading):
        """Return the login that waits for a file; empty if there is none or it has been sent."""
        waiting = self._lately_downloaded().filtered(
            lambda one: one.state == "waiting" and not one.document_secret
        )
        return waiting._with_challenge_of(reading)

    def _count_wrong(self, reading):
        """Keep why a file cannot be sent, and pause after many of them; the file is not kept."""
        now = self._now()
        recent = self.wrong_since and self.wrong_since > now - WRONG_WITHIN
        count = self.wrong_files + 1 if recent else 1
        values = {"wrong_files": count, "wrong_since": self.wrong_since if recent else now}
        if count >= WRONG_FILES:
            values |= {"wrong_files": 0, "wrong_since": False, "paused_until": now + PAUSE}
        finding = reading.findings[0]
        values["refusal"] = {"text": finding.text, "values": dict(finding.values)}
        self.write(values)

    def _is_asked(self, name):
        """Return True if a signer's name is the one that was asked for."""
        return same_name(name, self.signer_name)

    def _is_by_another(self, reading):
        """Return True if a file was signed by somebody else than was asked for, by name."""
        name = reading.signer.name if reading.signer else ""
        return bool(name) and not self._is_asked(name)

    def _hand_over(self, login, content, reading, answer):
        """Send a signed file to KSeF, its bytes untouched, and begin to wait for the answer.

        :param login: as of _login_of
        :param bytes content: the file
        :param reading: what it says
        :param str answer: of ANSWERS
        """
        values = {"user_id": self.user_id.id, **self._of_signer(login, reading)}
        if answer != "weekly" and self.purpose == "connect":
            names = values.get("signer_name"), values.get("signer_masked")
            values |= login._consent_of(*names, offline=answer == "both", request=self)
        signed_by = members.for_people(reading.signer.name) if reading.signer else False
        is_told = self.is_other_signer and self.signed_by == signed_by
        self.write(
            {
                "session_id": login.id,
                "signed_at": self._now(),
                "signed_by": signed_by,
                "is_other_signer": self._is_by_another(reading),
                "refusal": False,
            }
        )
        if self.is_other_signer and not is_told:
            # Whatever KSeF says to it.
            self._tell_who_asked("other_signer")
        # The login's steps run on another cursor.
        self.env.cr.commit()
        login._submit_signed(content, reading, self.company_id, **values)

    def _of_signer(self, login, reading):
        if self.purpose != "connect":
            # Nothing is issued or agreed to by it.
            return login._signer_values(reading)
        certificates = self.env["l10n_pl_ksef.certificate"]
        standing = certificates._standing_for(login.company_id, login.environment)
        owned = standing._owned_by(reading.signer)
        return {
            **login._signer_values(reading),
            "signers_certificate_ids": [Command.set(owned.ids)],
        }


def same_name(one, other):
    """Return True if two names of persons are one, however they are written; False without one."""
    return bool(one) and _words(one) == _words(other)


def _words(name):
    """Return a name's words, whatever their order, case, hyphens and composed letters."""
    plain = unicodedata.normalize("NFC", name or "").casefold().replace("-", " ")
    return sorted(plain.split())
