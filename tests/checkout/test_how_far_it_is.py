"""./run test tells how far it is, and shows a failing test when it fails."""

import io
import re
import sys
import time
from pathlib import Path

import pytest
from tracked_files import tracked

from stack import report, testing
from stack.core import Core, Log, tag
from stack.places import ROOT, TESTS
from stack.programs import isolated
from stack.screen import CLEAR, EVERY, Screen
from stack.stage import Program, Pytest, Stage
from stack.tally import Failure, Tally, line, short

RUNNING = Tally("odoo", 713, ended=310, failed=["a.py::test_b"])
RUNNING.running = {"tests/x.py::TestCase::test_slow": 100.0, "tests/x.py::test_new": 138.0}
OPTIONS = ["-c", str(ROOT / "setup.cfg"), "-p", "no:cacheprovider"]
HEAD = "2026-11-29 18:03:26,162 301 {} core_1 odoo.addons.account.tests.test_x: {}"

BESIDE_US = "\n".join(
    [
        HEAD.format("INFO", "Starting TestX.test_good ... "),
        HEAD.format("INFO", "Starting TestX.test_bad ... "),
        HEAD.format("ERROR", "FAIL: TestX.test_bad"),
        "AssertionError: 1 != 2",
        HEAD.format("ERROR", "1 failed, 0 error(s) of 2 tests when loading database 'core_1'"),
    ]
)


class Terminal(io.StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self):
        return True


def told(log, *lines):
    """What the reader of Odoo's log tells after these lines."""
    return [event for text in lines for event in log.take(text)]


def test_the_line_says_time_counts_failures_and_the_slowest_test():
    plain = Tally("plain", 2068, ended=1000)
    assert line([RUNNING, plain], now=148.0, seconds=245.0) == (
        "4:05 1310 of 2781 tests, 1 failed | 0:48 in odoo: test_slow"
        " | odoo 310/713, plain 1000/2068"
    )


def test_a_stage_that_has_not_begun_makes_the_sum_open():
    assert (
        line([Tally("odoo", 713), Tally("e2e")], 0, 0)
        == "0:00 0 of 713+ tests, 0 failed | odoo 0/713"
    )


def test_a_stage_that_never_says_how_many_tests_it_has_is_counted_all_the_same():
    core = Tally("core", ended=30, running={"account.tests.test_x: TestC.test_b": 1.0})
    assert line([core], 2.0, 0) == "0:00 30 of 30+ tests, 0 failed | 0:01 in core: test_b | core 30"


def test_a_stage_that_is_over_is_in_the_sum_alone():
    over = Tally("plain", 2, ended=2, over=True)
    assert line([over, Tally("odoo", 1)], 0, 0) == "0:00 2 of 3 tests, 0 failed | odoo 0/1"


@pytest.mark.parametrize(
    "test, name",
    [
        ("tests/a.py::test_b", "test_b"),
        ("tests/a.py::TestC::test_b[1.5::x]", "test_b[1.5::x]"),
        ("account.tests.test_x: TestC.test_b", "test_b"),
    ],
)
def test_the_line_names_a_test_without_its_file(test, name):
    assert short(test) == name


def test_a_tally_counts_events_and_hands_a_failure_on():
    tally = Tally("plain")
    told = [
        tally.take(event, 1.0)
        for event in (
            {"collected": 2},
            {"began": "a"},
            {"outcome": "passed", "test": "a"},
            {"ended": "a"},
            {"began": "b"},
            {"outcome": "failed", "test": "b", "text": "why"},
        )
    ]
    assert [failure for failure in told if failure] == [Failure("b", "why")]
    assert (tally.collected, tally.ended, tally.passed, tally.failed) == (2, 1, 1, ["b"])
    assert tally.running == {"b": 1.0}


def test_a_terminal_has_one_moving_line_that_gives_way_to_what_stays(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen(Terminal())
    for text in ("one", "one", "two"):
        screen.update(text)
    screen.tell("stays")
    assert screen._stream.getvalue() == f"{CLEAR}one{CLEAR}two{CLEAR}stays\n"


def test_elsewhere_there_is_one_line_a_minute():
    now = [0.0]
    screen = Screen(io.StringIO(), clock=lambda: now[0])
    for moment in (1, EVERY, EVERY + 1, 2 * EVERY):
        now[0] = moment
        screen.update(f"at {moment:.0f}")
    assert screen._stream.getvalue() == "at 60\nat 120\n"


def test_a_failure_is_shown_while_its_stage_goes_on(tmp_path):
    go_on = tmp_path / "go_on"
    (tmp_path / "test_two.py").write_text(
        "import pathlib, time\n"
        "def test_wrong():\n    assert 1 == 2\n"
        "def test_waits():\n"
        f"    while not pathlib.Path({str(go_on)!r}).exists():\n        time.sleep(0.05)\n"
    )
    stage = Pytest("two", [str(tmp_path)], sys.executable, OPTIONS)
    stage.environment["PYTHONPATH"] = str(TESTS)

    class Seen(Screen):
        """Lets the second test end when the first one's failure is on the screen."""

        def tell(self, text):
            assert stage.code is None
            assert text.startswith("──── FAILED two: ") and "assert 1 == 2" in text
            go_on.touch()

    screen = Seen(io.StringIO())
    run = testing._Run([stage], screen, lambda stage: stage.run([], tmp_path, tmp_path))
    run.work_off([stage])
    tally = stage.tally
    assert (tally.ended, tally.passed, len(tally.failed), stage.code) == (2, 1, 1, 1)
    assert "1 failed, 1 passed" in stage.log.read_text()
    assert 0 < stage.cpu_seconds and 0 < stage.seconds


def test_a_stage_that_waits_for_its_turn_has_no_news():
    assert Pytest("plain", ["tests"], sys.executable).news() == []


def test_a_stage_that_breaks_off_is_a_failure_with_its_last_words(tmp_path):
    script = "print('no such file'); raise SystemExit(3)"
    stage = Program("fuzz", [sys.executable, "-c", script], isolated())
    stage.run([], tmp_path, tmp_path)
    (failure,) = stage.news()
    assert failure.test == "fuzz"
    assert "ended with code 3" in failure.text and "no such file" in failure.text


def test_a_program_that_ends_well_is_one_passed_test_and_its_last_line_a_figure(tmp_path):
    stage = Program("soak", [sys.executable, "-c", "print('soak: 3 h')"], isolated())
    stage.run([], tmp_path, tmp_path)
    assert stage.news() == []
    assert (stage.tally.passed, stage.tally.ended, stage.tally.figures) == (1, 1, ["soak: 3 h"])


def test_a_program_that_lacks_what_it_needs_is_a_skipped_test_with_the_reason(tmp_path):
    script = "print('fuzz: no atheris'); raise SystemExit(77)"
    stage = Program("fuzz", [sys.executable, "-c", script], isolated())
    stage.run([], tmp_path, tmp_path)
    assert stage.news() == []
    assert (stage.tally.passed, stage.tally.skipped) == (0, 1)
    assert stage.tally.figures == ["fuzz: no atheris"]


def test_a_stage_that_is_stopped_ends_at_once(tmp_path):
    stage = Program("soak", [sys.executable, "-c", "import time; time.sleep(60)"], isolated())
    run = testing._Run(
        [stage], Screen(io.StringIO()), lambda stage: stage.run([], tmp_path, tmp_path)
    )
    began = time.monotonic()

    def interrupt():
        if stage.tally.running:
            raise KeyboardInterrupt

    run._look = lambda look=run._look: (look(), interrupt())
    with pytest.raises(KeyboardInterrupt):
        run.work_off([stage])
    assert stage.code is not None
    assert time.monotonic() - began < 10


def test_odoos_log_tells_which_of_its_tests_passed_failed_and_were_skipped():
    log = Log()
    events = told(
        log,
        HEAD.format("INFO", "Starting TestX.test_good ... "),
        HEAD.format("INFO", "Starting TestX.test_bad ... "),
        HEAD.format("INFO", "=" * 70),
        HEAD.format("ERROR", "FAIL: TestX.test_bad"),
        "Traceback (most recent call last):",
        "AssertionError: 1 != 2",
        HEAD.format("INFO", "Starting TestX.test_none ... "),
        HEAD.format("INFO", "skipped TestX.test_none : no such thing"),
        HEAD.format("ERROR", "1 failed, 0 error(s) of 3 tests when loading database 'core_1'"),
    )
    outcomes = [(event["outcome"], event["test"][-4:]) for event in events if "outcome" in event]
    assert outcomes == [("passed", "good"), ("failed", "_bad"), ("skipped", "none")]
    (text,) = [event["text"] for event in events if event.get("text")]
    assert text == "Traceback (most recent call last):\nAssertionError: 1 != 2"
    assert sum("ended" in event for event in events) == 3
    assert log.complete


def test_odoos_log_tells_of_a_class_that_could_not_be_prepared():
    events = told(
        Log(),
        HEAD.format("ERROR", "ERROR: setUpClass (odoo.addons.account.tests.test_x.TestX)"),
        'psycopg2.errors.NotNullViolation: null value in column "x"',
        HEAD.format("INFO", "Starting TestY.test_good ... "),
    )
    assert [event.get("outcome") for event in events] == ["failed", None]
    assert "NotNullViolation" in events[0]["text"]


@pytest.mark.parametrize(
    "test, wanted",
    [
        ("account.tests.test_x: TestX.test_y", "*/account:TestX.test_y"),
        ("account.tests.test_x: Subtest TestX.test_y (a='b.c')", "*/account:TestX.test_y"),
        ("odoo.tests.suite: setUpClass (odoo.addons.base_vat.tests.t.TestX)", "*/base_vat:TestX"),
    ],
)
def test_each_of_odoos_tests_can_be_run_alone(test, wanted):
    assert tag(test) == wanted


class OdooThatFails(Core):
    """Odoo's own tests, of which one fails beside us; the second run's log is given."""

    def __init__(self, without_us):
        Stage.__init__(self, "core", isolated())
        self._reader, self._suspects, self._again = Log(), [], Path()
        self._missing = set()
        self._ours, self._plain = BESIDE_US, without_us

    def _command(self, database, tags):
        return [sys.executable, "-c", f"print({database!r})"]


@pytest.mark.parametrize(
    "without_us, failed, skipped",
    [
        (BESIDE_US, 0, 1),
        (BESIDE_US.replace("TestX.test_bad", "TestX.test_other"), 1, 0),
        ("Odoo broke off", 1, 0),
    ],
    ids=["fails", "passes", "breaks off"],
)
def test_one_of_odoos_tests_fails_only_if_it_passes_without_us(
    tmp_path, without_us, failed, skipped
):
    stage = OdooThatFails(without_us)
    stage.run([], tmp_path, tmp_path)
    stage.news()
    assert (len(stage.tally.failed), stage.tally.skipped, stage.tally.passed) == (
        failed,
        skipped,
        1,
    )


def test_a_stage_that_was_stopped_calls_no_further_program(tmp_path):
    stage = OdooThatFails(BESIDE_US)
    stage.stop()
    stage.run([], tmp_path, tmp_path)
    assert not stage.log.exists()


def test_odoos_own_tests_that_break_off_are_a_failure(tmp_path):
    stage = OdooThatFails("")
    stage._ours = HEAD.format("INFO", "Starting TestX.test_good ... ")
    stage.run([], tmp_path, tmp_path)
    assert [failure.test for failure in stage.news()] == ["core"]


@pytest.mark.parametrize(
    "wanted, failed",
    [
        ({"*/account", "*/account:TestX"}, []),
        ({"*/account", "*/base_vat"}, ["no test ran of */base_vat"]),
        ({"*/account:TestY"}, ["no test ran of */account:TestY"]),
    ],
)
def test_it_is_a_failure_when_none_of_a_modules_tests_runs(tmp_path, wanted, failed):
    stage = OdooThatFails(BESIDE_US)
    stage._missing = wanted
    stage.run([], tmp_path, tmp_path)
    assert [failure.text for failure in stage.news()] == failed


def test_the_times_are_a_table():
    rows = [report.Row("odoo", 713, 245.4, 230.2), report.Row("PostgreSQL", None, None, 80.0)]
    assert report.table(rows).splitlines() == [
        "odoo         713 tests   4:05 min     230 s CPU",
        "PostgreSQL                             80 s CPU",
    ]


@pytest.mark.parametrize(
    "words, every, named",
    [
        ([], True, ["core", "fuzz", "soak", "bench"]),
        ([], False, []),
        (["-k", "soak or herd"], False, ["soak"]),
        (["-k", "herd"], False, []),
    ],
)
def test_what_is_no_pytest_run_is_found_by_name_in_either_size(words, every, named):
    assert testing._extras(words, every) == named


def test_some_test_carries_the_mark_of_the_long_ones():
    marks = r"@pytest\.mark\.long\b|@tagged\(.*\"long\""
    tests = [name for name in tracked("*/test_*.py") if not name.endswith("test_how_far_it_is.py")]
    assert any(re.search(marks, (ROOT / name).read_text()) for name in tests)


def test_a_proof_that_is_long_is_left_out_of_the_short_size_alone(tmp_path):
    (tmp_path / "test_three.py").write_text(
        "import pytest, unittest\n"
        "@pytest.mark.long\ndef test_marked(): pass\n"
        "class TestTagged(unittest.TestCase):\n"
        "    test_tags = {'long'}\n"
        "    def test_tagged(self): pass\n"
        "def test_short(): pass\n"
    )
    for name, words, passed in (
        ("short", testing.SHORT, 1),
        ("all", [], 3),
        ("k", ["-k", "tagged"], 1),
    ):
        stage = Pytest(name, [str(tmp_path)], sys.executable, OPTIONS)
        stage.environment["PYTHONPATH"] = str(TESTS)
        stage.run(words, tmp_path, tmp_path)
        stage.news()
        assert (stage.tally.passed, stage.tally.failed) == (passed, [])
