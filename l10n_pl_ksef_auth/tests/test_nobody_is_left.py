import os
import time
import traceback
from collections import Counter, namedtuple
from datetime import timedelta
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.exceptions import LoginNeeded
from odoo.addons.l10n_pl_ksef_auth.models.base import problems
from odoo.addons.l10n_pl_ksef_auth.tools import clock

from . import causes
from .scenarios import ScenarioCase

try:
    from stack.sizes import wide
except ImportError:
    wide = bool

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
# At each look the scheduled action runs until it asks for a pause that is longer than this.
AT_ONCE = timedelta(seconds=5)
# Before (below zero) and after the end of the login; the renewal begins two to three days before.
LOOKS = (
    -4 * DAY,
    -2 * DAY,
    -25 * HOUR,
    -DAY + MINUTE,
    -12 * HOUR,
    -HOUR,
    -MINUTE,
    MINUTE,
    HOUR + MINUTE,
    2 * HOUR,
    DAY,
)
# So many looks belong to the first of two causes: the second begins half a day before the end.
CHANGE = 5
# Whether a login is for the NIP that the company has now.
RIGHTFUL = "context_digits = (SELECT l10n_pl_ksef_digits FROM res_company WHERE id = company_id)"
# Of these there are no mails.
QUIET = ("copy_duplicated",)

Told = namedtuple("Told", "at reason level cause")


@tagged("post_install", "-at_install")
class TestNobodyIsLeft(ScenarioCase):
    """Whatever keeps a connection from going on, a person hears of it (docs/design.md 26).

    Each cause is brought about a week before the login's end, and stays until a day after it.
    `CAUSES=WORD` tries those alone whose name holds a word.
    """

    # Whether a person signs at each look after the login's end.
    signs_in_vain = False
    # Whether KSeF closes no login.
    closes_nothing = False

    def setUp(self):
        super().setUp()
        self.own_client = self.registry["res.company"]._l10n_pl_ksef_client

    def tearDown(self):
        # Faults give these answers even to calls for which the contract does not list them.
        faults = tuple(f": {status} is not in the contract" for status in (401, 403, 410))
        self.broken[:] = [told for told in self.broken if not told.endswith(faults)]
        super().tearDown()

    def no_waiting(self):
        """Have whoever waits move time instead."""
        return patch("time.sleep", lambda seconds: self.travel(timedelta(seconds=seconds)))

    def begin_world(self):
        """Connect the company with a certificate, and keep this moment for every cause."""
        self.prepare("enrollment")
        self.go_on(HOUR, until=self.has_certificate)
        self.settle()
        self.add_to_world()
        self.keep_world()

    def add_to_world(self):
        """Do what a test's world has besides; by itself it has nothing more."""

    def leave_older_login(self):
        """Replace the login by another while KSeF closes none: the older one stays behind."""
        self.closes_nothing = True
        self.refuse_to_close()
        self.sign_in(consent=False)
        self.settle()
        with self.environment() as env:
            active = env["l10n_pl_ksef.session"].search([("state", "=", "active")])
            self.assertEqual(active.mapped("revoke_requested"), [False, True])

    def refuse_to_close(self):
        if self.closes_nothing:
            self.simulator.faults.add("session-revoke", "503", times=-1)

    def download_only(self):
        """Download a file that nobody signs."""
        with self.environment(self.user_id) as env:
            company = env["res.company"].browse(self.company_id)
            action = company.l10n_pl_ksef_open_authorization()
            window = env["l10n_pl_ksef.authorization"].browse(action["params"]["wizard_id"])
            window.prepare_download()
            self.assertEqual(window.sudo().session_id.state, "waiting")

    def anew(self):
        """Begin at the same moment again, with nothing told."""
        self.restore_world()
        self.simulator.faults.clear()
        self.simulator.settings.reset()
        self.refuse_to_close()
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM mail_mail")
            cr.execute("DELETE FROM mail_activity WHERE res_model LIKE 'l10n_pl_ksef%'")
        self.told, self.heard, self.wrong = [], set(), Counter()
        self.without_since, self.said_well = None, False

    # ------------------------------------------------------------------
    # The matrix
    # ------------------------------------------------------------------
    def test_nobody_is_left_without_word(self):
        chosen = causes.all_causes() if wide() else causes.few_causes()
        word = os.environ.get("CAUSES", "")
        self.live_with_all({name: [cause] for name, cause in chosen.items() if word in name})

    def test_nobody_is_left_without_word_when_one_cause_follows_another(self):
        """What is told of the first is not taken for a word about the second."""
        known = causes.all_causes()
        names = list(known) if wide() else causes.CHANGES
        pairs = zip(names, [*names[1:], names[0]], strict=True)
        word = os.environ.get("CAUSES", "")
        changes = {f"{one}, then {two}": [known[one], known[two]] for one, two in pairs}
        self.live_with_all({name: both for name, both in changes.items() if word in name})

    def live_elsewhere(self):
        """Live with some causes in the world that `add_to_world` makes."""
        chosen = causes.all_causes()
        names = chosen if wide() else causes.ELSEWHERE
        word = os.environ.get("CAUSES", "")
        self.live_with_all({name: [chosen[name]] for name in names if word in name})

    def test_nobody_is_left_without_word_while_an_older_login_waits_to_be_closed(self):
        self.add_to_world = self.leave_older_login
        self.live_elsewhere()

    def test_nobody_is_left_without_word_when_a_file_was_downloaded_before(self):
        self.add_to_world = self.download_only
        self.live_elsewhere()

    def live_with_all(self, chosen):
        """Live with some causes, each by itself, and report what people heard.

        :param dict chosen: by a name, the causes that follow one another
        """
        began, sums, failures = time.monotonic(), Counter(), []
        with self.same_every_time(), self.no_waiting():
            self.begin_world()
            for name, followers in chosen.items():
                self.anew()
                try:
                    with self.silence():
                        self.live_with(followers)
                except Exception:
                    self.wrong[traceback.format_exc()] += 1
                sums.update(self.wrong)
                self.wrong = +self.wrong
                sums["causes"] += 1
                sums["told"] += bool(self.told)
                failures += [f"{name}: {wrong}" for wrong in self.wrong]
        self.figures(
            f"nobody is left: {sums['causes']} causes, {sums['told']} told,"
            f" {sums['silent']} silent, {sums['told twice']} told twice, {sums['needless']} told"
            f" although a login succeeded within the hour ({time.monotonic() - began:.0f} s)"
        )
        self.assertFalse(failures, "\n".join(failures))

    def live_with(self, followers):
        """Live with one cause after another until a day after the login's end, then with none."""
        end = self.row()["refresh_valid_until"]
        parts = [LOOKS] if len(followers) == 1 else [LOOKS[:CHANGE], LOOKS[CHANGE:]]
        for cause, looks in zip(followers, parts, strict=True):
            with cause(self):
                self.look()
                for distance in looks:
                    self.go_to(end + distance)
                    self.look()
        self.recover()

    def go_to(self, moment):
        """Travel to a moment (naive UTC) by KSeF's clock; nothing runs meanwhile."""
        self.travel(moment - self.simulator.clock.now().replace(tzinfo=None))

    def look(self):
        """Let the scheduled action run, and note what is not as it has to be."""
        if self.signs_in_vain and not self.row()["live"]:
            self.sign_in(consent=False)
        for pause in self._pauses(HOUR):
            if pause > AT_ONCE:
                break
        self.hear()
        with self.environment(self.user_id) as env:
            now = env["l10n_pl_ksef.session"]._now()
        row = self.row()
        live = row["live"]
        if live:
            self.without_since = None
        elif not self.without_since:
            self.without_since = now
        if self.must_be_told(row, now):
            self.judge(row, now)

    def must_be_told(self, row, now):
        """Return True if the rule asks for a word: only the database's own dates are asked."""
        if row["live"]:
            left = row["refresh_valid_until"] - now
            begun = not row["renew_at"] or row["renew_at"] + HOUR <= now
            return left <= DAY and begun
        # What KSeF ended before its time has an hour to be replaced.
        return self.without_since + HOUR <= now or any(told.level == 1 for told in self.told)

    def judge(self, row, now):
        level = 1 if row["live"] else 0
        of_logins = [told for told in self.told if told.reason == "login"]
        if row["live"]:
            heard = any(told.level == 1 for told in of_logins)
        else:
            # What was said before the end is no word about the end.
            heard = any(told.level == 0 and told.at >= self.without_since for told in of_logins)
        if not heard:
            self.wrong["silent"] += 1
            self.wrong[f"nothing of level {level} told at {now}, only {self.told[-1:]}"] += 1
        with self.environment(self.user_id) as env:
            company = env["res.company"].browse(self.company_id)
            panel = company.l10n_pl_ksef_panel()
            dot = env["l10n_pl_ksef.dot"]._colors(company)[company.id]
        if "green" in (panel["color"], dot):
            self.wrong["a green panel or dot"] += 1
        if not panel["problem"] and not (panel["headline"] and row["live"]):
            self.wrong[f"a panel that does not say why: {panel['state']}"] += 1
        if panel["problem"] and not row["live"]:
            self.compare(panel["problem"])
        if not row["live"]:
            self.ask_for_token()

    def compare(self, shown):
        """Note if the panel names a cause of which nobody was told."""
        codes = [told.cause.split(":")[1] for told in self.told if ":" in (told.cause or "")]
        if any(code in shown["technical"] for code in codes):
            return
        with self.environment() as env:
            alert = env["l10n_pl_ksef.alert"].search(
                [("reason", "in", ("login", "key")), ("closed_at", "=", False)], limit=1
            )
            problem = alert.problem and problems.lasting(alert.problem)
            told = problem and problems.texts(env, problem)
            if (
                told
                and problems.cause(problem) != "wait"
                and told["technical"] != shown["technical"]
            ):
                self.wrong[f"a panel that says {shown} where {told} was told"] += 1

    def ask_for_token(self):
        """Ask for a token, as other addons do: who cannot have one hears so within a second.

        Of this thread's own work, and of the waiting, which moves the clocks here; other programs
        on a busy machine do not count.
        """
        began, worked, answer = clock.now(), time.thread_time(), "a token"
        with self.environment(self.user_id) as env:
            try:
                env["res.company"].browse(self.company_id).l10n_pl_ksef_access_token()
            except Exception as error:
                answer = type(error).__name__
                if isinstance(error, LoginNeeded) and len(str(error)) > 40:
                    answer = None
                env.cr.rollback()
        if answer and not (answer == "a token" and self.row()["live"]):
            self.wrong[f"a caller gets {answer}"] += 1
        if (clock.now() - began).total_seconds() + time.thread_time() - worked > 1:
            self.wrong["a caller waits for more than a second"] += 1

    # ------------------------------------------------------------------
    # What people hear
    # ------------------------------------------------------------------
    def hear(self):
        """Note each mail, or in a duplicate of the database each activity, that came since."""
        with self.environment() as env:
            for alert in env["l10n_pl_ksef.alert"].search([("tell_at", "=", False)], order="id"):
                sent = [("model", "=", alert._name), ("res_id", "=", alert.id)]
                quiet = (alert.problem or {}).get("code") in QUIET
                said = alert.activity_ids if quiet else env["mail.mail"].search(sent, order="id")
                news = [item for item in said if str(item) not in self.heard]
                self.heard.update(map(str, news))
                # One word for each cause, the newest last.
                known = [None] * len(news) + (alert.causes or [])
                for item, cause in zip(news, known[len(known) - len(news) :], strict=True):
                    self.hear_of(alert, item, quiet, cause)

    def hear_of(self, alert, item, quiet, cause):
        now, live = alert._now(), self.row()["live"]
        if not quiet and item.recipient_ids.mapped("email") != ["accountant@example.com"]:
            self.wrong["a mail without a reader"] += 1
        if not alert.user_id.has_group("l10n_pl_ksef_auth.group_ksef_connection"):
            self.wrong["told to somebody who cannot act"] += 1
        if alert.closed_at:
            self.wrong["closed without success"] += not live
            self.said_well = True
            return
        told = Told(now, alert.reason, alert.level, cause)
        same = [one for one in self.told if one[1:] == told[1:]]
        if same and not self.has_succeeded(same[-1].at):
            self.wrong["told twice"] += 1
        if alert.reason == "login" and self.has_succeeded(now - HOUR):
            self.wrong["needless"] += 1
        self.told.append(told)

    # ------------------------------------------------------------------
    # What holds, by the database alone
    # ------------------------------------------------------------------
    def row(self):
        """Return the dates of the company's newest login that worked, and whether it lives."""
        with self.registry.cursor() as cr:
            cr.execute(
                f"SELECT state, refresh_valid_until, renew_at, {RIGHTFUL} FROM l10n_pl_ksef_session"
                " WHERE activated_at IS NOT NULL ORDER BY activated_at DESC, id DESC LIMIT 1"
            )
            state, until, renew_at, rightful = cr.fetchone()
        with self.environment() as env:
            now = env["l10n_pl_ksef.session"]._now()
        live = state == "active" and rightful and until > now
        return {"live": live, "refresh_valid_until": until, "renew_at": renew_at}

    def has_succeeded(self, since):
        """Return True if a login has succeeded since a moment."""
        query = f"SELECT 1 FROM l10n_pl_ksef_session WHERE activated_at > %s AND {RIGHTFUL}"
        with self.registry.cursor() as cr:
            cr.execute(query, [since])
            return bool(cr.fetchall())

    # ------------------------------------------------------------------
    # Afterwards
    # ------------------------------------------------------------------
    def recover(self):
        """The cause is gone: a machine logs in again, or else a person signs; and says so."""
        heard = len(self.told)
        if not self.go_on(3 * HOUR, until=self.is_well):
            self.sign_in(consent=False)
            self.go_on(HOUR, until=self.is_well)
        self.settle()
        self.hear()
        with self.environment() as env:
            alerts = env["l10n_pl_ksef.alert"].search([("reason", "in", ("login", "key"))])
            open_ones = alerts.filtered(lambda alert: not alert.closed_at)
            quiet = any((alert.problem or {}).get("code") in QUIET for alert in alerts)
        if not self.is_well():
            self.wrong[f"not well in the end: {self.states()}"] += 1
        if open_ones:
            self.wrong["an alert that stays open"] += 1
        if heard and not quiet and not self.said_well:
            self.wrong["nobody is told that it works again"] += 1

    def is_well(self):
        return self.row()["live"] and self.is_renewed()

    def is_renewed(self):
        """Return True if the login that lives has more than a day to live."""
        with self.environment() as env:
            now = env["l10n_pl_ksef.session"]._now()
        return self.row()["refresh_valid_until"] > now + 2 * DAY
