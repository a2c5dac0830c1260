import socket
import time
from dataclasses import dataclass

from odoo import fields, models, release
from odoo.tools import format_datetime, formatLang

from ..models.base import problems
from ..models.base.locks import fresh
from ..models.upkeep.availability import ENVIRONMENT, SILENT, UNKNOWN
from ..models.vault.database_identity import is_neutralized
from ..models.vault.vault import configured, key_in_use, why_locked, why_unreadable
from ..tools import clock, probe, vault, xades
from ..tools.answers import Challenge
from ..tools.errors import KsefError
from .panel import label_of
from .rights import in_words

# Seconds: a signature made "a minute ago" would be in the future beyond this (docs/ksef.md A2-28).
TOLERATED_DIFFERENCE = 45
# Of people who have not told Odoo where they live; KSeF speaks of this time as well.
TIME_ZONE = "Europe/Warsaw"
# Where these words lead, the reader can mend nothing.
OF_OTHERS = ("wait", "support")
MARKS = {True: "+", False: "!", None: " "}


@dataclass(frozen=True)
class Answer:
    """What KSeF said when it was asked for a challenge: the challenge, or the failure."""

    challenge: Challenge | None = None
    error: KsefError | None = None
    #: How long it took, and by how much KSeF's clock is ahead of ours.
    seconds: float = 0.0
    ahead: float = 0.0


class L10n_Pl_KsefDiagnosis(models.AbstractModel):
    """Checks everything that support asks for; the report holds no secret.

    Each check is a dict: ``name`` for people, ``ok`` (True, False, or None for mere information),
    ``text``. Accountants read how the connection is, in red only what they can mend; how the
    server does is for administrators.
    """

    _name = "l10n_pl_ksef.diagnosis"
    _description = "KSeF diagnosis"

    def _at_first(self):
        """Return what is known before anything is checked; see _run."""
        _source, fingerprint, backed_up = key_in_use(self.env)
        return {
            "checks": [],
            "technical": [],
            "report": "",
            "asks_for_backup": bool(fingerprint) and not backed_up,
        }

    def _run(self, principal):
        """Check the way to KSeF, and what this Odoo has; calls KSeF.

        ``technical`` are the checks for administrators, empty for others; ``report`` is the same as
        text to copy; ``asks_for_backup`` is True until somebody says that a copy of the key exists.
        """
        answer = self._ask(principal)
        network, answers = list(self._network(principal)), list(self._answers(answer))
        way = [*network, *answers]
        here = list(self._here(principal))
        is_administrator = self.env.user.has_group("base.group_system")
        checks = [*self._connection(principal, answer), *self._ministry(principal)]
        if not is_administrator:
            # That KSeF does not answer is told already, and may be KSeF's own trouble.
            checks.append(self._server([*(network if answer.error else way), *here]))
            # Paths and names of the server are nobody else's business.
            here = [{**check, "text": ""} for check in here]
        return {
            **self._at_first(),
            "checks": checks,
            "technical": [*way, *here] if is_administrator else [],
            "report": self._report(principal, [*checks, *way, *here]),
        }

    def _check(self, name, ok, text):
        return {"name": name, "ok": ok, "text": text or "–"}

    def _moment(self, moment):
        zone = self.env.user.tz or TIME_ZONE
        return format_datetime(self.env, moment, tz=zone, dt_format="short")

    # ------------------------------------------------------------------
    # For accountants
    # ------------------------------------------------------------------
    def _connection(self, principal, answer):
        """Tell how the connection is, in words; red is what an accountant can mend."""
        session = principal._l10n_pl_ksef_session()
        certificate = principal._l10n_pl_ksef_certificate()
        said = self._words(answer.error) if answer.error else (True, self.env._("answers"))
        yield self._check(self.env._("KSeF"), *said)
        yield self._check(self.env._("Connection"), *self._login(session))
        if session and not session._has_ended() and not answer.error:
            yield self._check(self.env._("Rights at KSeF"), *self._rights(principal))
        yield self._check(self.env._("Certificate"), *self._certificate(certificate))

    def _ministry(self, principal):
        """Tell what the Ministry says of KSeF; only of production it says anything."""
        availability = self.env["l10n_pl_ksef.availability"]
        if principal.l10n_pl_ksef_environment != ENVIRONMENT or not availability._address():
            return
        asked = availability._ask()
        # What was asked for is not in this transaction's snapshot.
        with fresh(principal) as company:
            last = availability.with_env(company.env)._last()
            words = self.with_env(company.env)._ministrys_words(last, asked)
            yield self._check(self.env._("The Ministry on KSeF"), None, words)

    def _ministrys_words(self, last, asked):
        """Return what is known from the Ministry, and since when if it was not asked just now."""
        if not last:
            return self.env._("not known: it could not be asked just now")
        words = {
            SILENT: self.env._("its service does not answer, which says nothing of KSeF"),
            UNKNOWN: self.env._("its service says something that this Odoo does not know"),
        }.get(last.state) or last._words()
        words = words or self.env._("no break and no failure is known")
        if asked:
            return words
        return self.env._(
            "%(words)s (as of %(moment)s; it could not be asked just now)",
            words=words.rstrip("."),
            moment=self._moment(last.asked_at),
        )

    def _login(self, session):
        if not session:
            return False, self.env._("none: sign to connect")
        until = self._moment(session.refresh_valid_until)
        if session._has_ended():
            return False, self.env._("ended on %(moment)s: sign once more", moment=until)
        return True, self.env._(
            "%(method)s, valid until %(moment)s", method=label_of(session, "method"), moment=until
        )

    def _rights(self, principal):
        session = principal._l10n_pl_ksef_session()
        try:
            token = session._shared_token(wait_seconds=5)
            with principal._l10n_pl_ksef_client() as client:
                rights = client.personal_permissions(token, session._login_context())
        except (KsefError, vault.VaultError) as error:
            return self._words(error)
        had = in_words(self.env, rights) or session.rights_text
        missing = session._missing_rights()
        if not missing:
            return True, had
        lacking = in_words(self.env, missing)
        return False, self.env._("%(rights)s; missing: %(missing)s", rights=had, missing=lacking)

    def _certificate(self, certificate):
        if not certificate:
            return None, self.env._("none")
        until = self._moment(certificate.valid_to)
        usable = bool(certificate._usable())
        return usable, self.env._("valid until %(moment)s", moment=until)

    def _server(self, technical):
        """Sum up for an accountant what only an administrator can mend."""
        if all(check["ok"] is not False for check in technical):
            return self._check(self.env._("Odoo's server"), True, self.env._("in order"))
        told = self.env._(
            "An administrator has something to look at: copy the result and send it on."
        )
        return self._check(self.env._("Odoo's server"), None, told)

    def _words(self, error):
        """Return a failure in words, and whether the reader can mend it."""
        told = problems.texts(self.env, problems.of_request(error))
        mine = told["way_back"] not in OF_OTHERS
        return (False if mine else None), " ".join(filter(None, (told["text"], told["action"])))

    # ------------------------------------------------------------------
    # For administrators: the way to KSeF
    # ------------------------------------------------------------------
    def _ask(self, principal):
        """Fetch a challenge, which costs nothing: it tells KSeF's clock and our address."""
        began, asked_at = time.monotonic(), clock.now()
        try:
            with principal._l10n_pl_ksef_client() as client:
                challenge = client.challenge()
        except KsefError as error:
            return Answer(error=error)
        seconds = time.monotonic() - began
        ahead = (challenge.timestamp - asked_at).total_seconds() - seconds / 2
        return Answer(challenge, seconds=seconds, ahead=ahead)

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

    def _answers(self, answer):
        if answer.error:
            told = problems.texts(self.env, problems.of_error(answer.error))
            words = " · ".join(filter(None, (told["text"], told["technical"])))
            yield self._check(self.env._("KSeF answers"), False, words)
            return
        yield self._check(self.env._("KSeF answers"), True, f"{answer.seconds * 1000:.0f} ms")
        seconds = formatLang(self.env, round(answer.ahead, 1) + 0.0, digits=1)
        yield self._check(
            self.env._("Clock"),
            abs(answer.ahead) <= TOLERATED_DIFFERENCE,
            self.env._("KSeF's clock differs by %(seconds)s s", seconds=seconds),
        )
        address = answer.challenge.client_ip
        yield self._check(self.env._("Our address as KSeF sees it"), None, address)

    # ------------------------------------------------------------------
    # For administrators: what is here
    # ------------------------------------------------------------------
    def _here(self, principal):
        certificate = principal._l10n_pl_ksef_certificate()
        number = certificate.serial_number
        yield self._check(self.env._("Certificate's number"), None, number)
        yield self._check(self.env._("Encryption key"), *self._key())
        yield self._check(self.env._("Database"), *self._database())
        yield self._check(self.env._("Signing with the certificate"), *self._signing())
        yield self._check(self.env._("Scheduled action"), *self._cron())

    def _key(self):
        """Tell of the key on this server: another one may have none."""
        host, (source, fingerprint, backed_up) = socket.gethostname(), key_in_use(self.env)
        source = self._key_sources().get(source, source)
        is_to_come = not fingerprint and bool(configured(self.env))
        lock = why_locked(self.env) or (is_to_come and why_unreadable(self.env))
        if lock:
            return False, f"{host}: {problems.texts(self.env, problems.local(lock))['text']}"
        if is_to_come:
            unused = self.env._("not used yet")
            return True, f"{host}: {source}, {unused}"
        if not fingerprint:
            return None, self.env._("none yet: the first connection makes one")
        kept = self.env._("backed up") if backed_up else self.env._("not known to be backed up")
        return backed_up or None, f"{host}: {source}, {fingerprint}, {kept}"

    def _key_sources(self):
        """Return in words where an administrator can give the key; else it lies in a file."""
        return {
            "option": self.env._("from the configuration file"),
            "variable": self.env._("from an environment variable"),
        }

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
        last = self._moment(cron.sudo().lastcall) or "–"
        return True, self.env._("last run %(moment)s", moment=last)

    def _report(self, principal, checks):
        module = self.env["ir.module.module"].sudo()
        version = module._get("l10n_pl_ksef_auth").latest_version
        url = self._address(principal) or "–"
        zone = self.env.user.tz or TIME_ZONE
        lines = [
            f"KSeF {principal.l10n_pl_ksef_environment} {url}",
            f"l10n_pl_ksef_auth {version}, Odoo {release.version}",
            f"{fields.Datetime.now()} UTC; {zone}",
            *(f"[{MARKS[check['ok']]}] {check['name']}: {check['text']}" for check in checks),
        ]
        return "\n".join(lines)
