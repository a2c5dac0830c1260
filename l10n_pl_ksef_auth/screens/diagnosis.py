import socket
import time

from odoo import fields, models, release

from ..models.base import problems
from ..models.vault.database_identity import is_neutralized
from ..models.vault.vault import key_in_use, why_locked
from ..tools import clock, probe, vault, xades
from ..tools.errors import KsefError
from .panel import label_of

# Seconds: a signature made "a minute ago" would be in the future beyond this (docs/ksef.md A2-28).
TOLERATED_DIFFERENCE = 45


class L10n_Pl_KsefDiagnosis(models.AbstractModel):
    """Checks everything that support asks for; the report holds no secret.

    Each check is a dict: ``name`` for people, ``ok`` (True, False, or None for mere information),
    ``text``.
    """

    _name = "l10n_pl_ksef.diagnosis"
    _description = "KSeF diagnosis"

    def _run(self, principal):
        """Check the way to KSeF, and what this Odoo has; calls KSeF.

        ``report`` is the same as text to copy; ``asks_for_backup`` is True until somebody says that
        a copy of the key exists.
        """
        checks = [*self._network(principal), *self._answers(principal), *self._here(principal)]
        _source, fingerprint, backed_up = key_in_use(self.env)
        return {
            "checks": checks,
            "report": self._report(principal, checks),
            "asks_for_backup": bool(fingerprint) and not backed_up,
        }

    def _check(self, name, ok, text):
        return {"name": name, "ok": ok, "text": text or "–"}

    # ------------------------------------------------------------------
    # The way to KSeF
    # ------------------------------------------------------------------
    def _network(self, principal):
        url = self._address(principal)
        if not url:
            return  # "KSeF answers" tells why
        for name, check in (
            (self.env._("Host name"), probe.resolve),
            (self.env._("Proxy"), probe.proxy),
            (self.env._("TLS"), probe.tls),
        ):
            probed = check(url)
            told = problems.sentence(self.env, probed.text, probed.values)
            yield self._check(name, probed.ok, told)

    def _address(self, principal):
        """Return the address of KSeF; empty if the system parameter with it is wrong."""
        try:
            return principal._l10n_pl_ksef_base_url(principal.l10n_pl_ksef_environment)
        except KsefError:
            return ""

    def _answers(self, principal):
        """Fetch a challenge, which costs nothing: it tells KSeF's clock and our address."""
        began, asked_at = time.monotonic(), clock.now()
        try:
            with principal._l10n_pl_ksef_client() as client:
                challenge = client.challenge()
        except KsefError as error:
            yield self._check(self.env._("KSeF answers"), False, self._words(error))
            return
        seconds = time.monotonic() - began
        yield self._check(self.env._("KSeF answers"), True, f"{seconds * 1000:.0f} ms")
        ahead = (challenge.timestamp - asked_at).total_seconds() - seconds / 2
        differs = self.env._("KSeF's clock differs by %(seconds)s s", seconds=f"{ahead:+.1f}")
        yield self._check(self.env._("Clock"), abs(ahead) <= TOLERATED_DIFFERENCE, differs)
        yield self._check(self.env._("Our address as KSeF sees it"), None, challenge.client_ip)
        yield self._check(self.env._("Rights at KSeF"), *self._rights(principal))

    def _rights(self, principal):
        session = principal._l10n_pl_ksef_session()
        try:
            token = session._shared_token(wait_seconds=5)
            with principal._l10n_pl_ksef_client() as client:
                rights = client.personal_permissions(token, session._login_context())
        except (KsefError, vault.VaultError) as error:
            return False, self._words(error)
        return not session._missing_rights(), ", ".join(sorted(rights)) or session.rights

    def _words(self, error):
        told = problems.texts(self.env, problems.of_error(error))
        return " · ".join(filter(None, (told["text"], told["technical"])))

    # ------------------------------------------------------------------
    # What is here
    # ------------------------------------------------------------------
    def _here(self, principal):
        session, certificate = (
            principal._l10n_pl_ksef_session(),
            principal._l10n_pl_ksef_certificate(),
        )
        yield self._check(self.env._("Login"), *self._login(session))
        yield self._check(
            self.env._("Certificate"),
            bool(certificate._usable()) if certificate else None,
            f"{certificate.serial_number} → {certificate.valid_to} UTC" if certificate else "",
        )
        yield self._check(self.env._("Encryption key"), *self._key())
        yield self._check(self.env._("Database"), *self._database())
        yield self._check(self.env._("Signing with the certificate"), *self._signing())
        yield self._check(self.env._("Scheduled action"), *self._cron())

    def _login(self, session):
        if not session:
            return False, ""
        lives = session.refresh_valid_until > session._now()
        return lives, f"{label_of(session, 'method')} → {session.refresh_valid_until} UTC"

    def _key(self):
        """Tell of the key on this server: another one may have none."""
        lock, host = why_locked(self.env), socket.gethostname()
        if lock:
            return False, f"{host}: {problems.texts(self.env, problems.local(lock))['text']}"
        source, fingerprint, backed_up = key_in_use(self.env)
        if not fingerprint:
            return None, self.env._("none yet: the first connection makes one")
        kept = self.env._("backed up") if backed_up else self.env._("not known to be backed up")
        return backed_up, f"{host}: {source}, {fingerprint}, {kept}"

    def _database(self):
        if is_neutralized(self.env):
            return None, self.env._("a neutralized copy")
        uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        return True, f"{self.env.cr.dbname}, {uuid}"

    def _signing(self):
        lacking = xades.available()
        if lacking:
            problem = problems.local(f"xmlsec_{lacking}")
            return False, problems.texts(self.env, problem)["text"]
        return True, self.env._("in order")

    def _cron(self):
        cron = self.env.ref("l10n_pl_ksef_auth.ir_cron_keep_alive", False)
        if not cron or not cron.sudo().active:
            return False, self.env._("switched off")
        return True, self.env._("last run %(moment)s UTC", moment=cron.sudo().lastcall or "–")

    def _report(self, principal, checks):
        module = self.env["ir.module.module"].sudo()
        version = module._get("l10n_pl_ksef_auth").latest_version
        url = self._address(principal) or "–"
        marks = {True: "+", False: "!", None: " "}
        lines = [
            f"KSeF {principal.l10n_pl_ksef_environment} {url}",
            f"l10n_pl_ksef_auth {version}, Odoo {release.version}, {fields.Datetime.now()} UTC",
            *(f"[{marks[check['ok']]}] {check['name']}: {check['text']}" for check in checks),
        ]
        return "\n".join(lines)
