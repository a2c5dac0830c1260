"""What is made at KSeF is written down first, and cleaned up whatever happens."""

from __future__ import annotations

import stat

import pytest

from ksef_simulator import identities
from ksef_simulator.state import LoginContext, Who
from live import cast, runner
from live.fact import FACTS, NotSeen
from live.journal import Journal

PERSON = ("person", "5265877635", ("Pesel", "03810188708"))


@pytest.fixture
def journal(tmp_path):
    """Give an empty journal."""
    return Journal(tmp_path / "journal.jsonl")


def test_what_was_written_is_read_by_the_next_process(journal):
    journal.will_make(*PERSON)
    (entry,) = Journal(journal.path).left()
    assert (entry.kind, entry.nip, entry.who) == PERSON


def test_what_is_gone_is_not_read_again_and_the_last_one_takes_the_file_along(journal):
    journal.will_make(*PERSON)
    journal.will_make("block", "5265877635")
    journal.is_gone(journal.left()[0])
    assert [entry.kind for entry in Journal(journal.path).left()] == ["person"]
    journal.forget(*PERSON)
    assert not journal.path.exists()


def test_half_a_line_is_of_something_that_was_never_made(journal):
    journal.will_make(*PERSON)
    with journal.path.open("a") as file:
        file.write('{"kind": "per')
    assert len(Journal(journal.path).left()) == 1


def test_only_its_owner_can_read_it_and_it_shows_no_number(journal):
    journal.will_make(*PERSON)
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert "03810188708" not in repr(journal.left())


def test_guests_are_cleaned_up_before_owners_and_people_last(journal):
    for kind in ("person", "owner", "permission", "guest", "block"):
        journal.will_make(kind, "5265877635", ("Pesel", "03810188708"))
    kinds = [entry.kind for entry in journal.left()]
    assert kinds == ["block", "guest", "owner", "permission", "person"]


def test_it_is_written_before_the_request_is_sent(live, sim):
    run = live()
    sim.faults.add("testdata", "lost")
    runner.see(run.life, FACTS[1])
    assert [entry.kind for entry in run.life.journal.left()] == ["person"]


def test_a_number_that_ksef_knows_is_dropped_and_not_cleaned_up(live, sim):
    run = live()
    sim.faults.add("testdata", "refusal", code=30001)
    nip, pesel = cast.owner_of_a_nip(run.life, "A")
    people = [entry for entry in run.life.journal.left() if entry.kind == "person"]
    assert [(entry.nip, entry.who[1]) for entry in people] == [(nip, pesel)]
    assert sim.requests.count("testdata") == 2


def test_a_context_in_which_somebody_has_rights_is_dropped(live, sim):
    run = live()
    stranger = identities.STRANGER.identity
    learn = run.life.redactor.learn

    def seen(value, label):
        learn(value, label)
        if label == "NIP of A" and not sim.requests.count("testdata"):
            sim.world.grant(stranger, value)

    run.life.redactor.learn = seen
    nip, _pesel = cast.owner_of_a_nip(run.life, "A")
    assert sim.requests.count("testdata") == 2
    assert not sim.world.rights(Who("pesel", stranger.value), LoginContext("Nip", nip))


def test_numbers_are_not_drawn_for_ever(live, sim):
    sim.faults.add("testdata", "refusal", code=30001, times=-1)
    with pytest.raises(NotSeen, match="is known at KSeF"):
        cast.owner_of_a_nip(live().life, "A")
    assert sim.requests.count("testdata") == 5


def clean_world(sim) -> bool:
    """Return True if nothing of a run is left at KSeF."""
    if any(item.status == "Active" for item in sim.state.ksef_tokens.values()):
        return False
    if sim.state.subject_limits:
        return False
    now = sim.clock.now()
    active = [item for item in sim.state.certificates.values() if item.status(now) == "Active"]
    people = [item for item in sim.world.people.values() if item.pesel[2] in "89"]
    return not (
        active or sim.state.grants or any(item.nips for item in people) or sim.world.blocked
    )


def interrupted_at(monkeypatch, name: str, error: BaseException) -> None:
    """Have a fact end in an exception after it has done its work."""
    (fact,) = (fact for fact in FACTS if fact.name == name)

    def see(life):
        fact.see(life)
        raise error

    changed = [type(fact)(**{**vars(item), "see": see}) if item is fact else item for item in FACTS]
    monkeypatch.setattr(runner, "FACTS", changed)


@pytest.mark.parametrize(
    "name, error",
    [
        ("linked_person_is_owner", KeyboardInterrupt()),
        ("one_right_lets_in", ZeroDivisionError()),
        ("employee_enters", KeyboardInterrupt()),
    ],
)
def test_an_interrupted_run_cleans_up(live, sim, monkeypatch, name, error):
    interrupted_at(monkeypatch, name, error)
    run = live("--block")
    with pytest.raises(type(error)):
        run.run()
    assert clean_world(sim)
    assert not run.life.journal.left()


@pytest.mark.parametrize(
    "name", ["one_right_lets_in", "renewal", "token_gets_no_data", "employee_enters"]
)
def test_what_a_killed_run_has_left_is_removed_by_the_second_command(live, sim, name):
    run = live()
    for row in runner.rows(run.life, FACTS):
        if row.fact.name == name:
            break
    assert not clean_world(sim)
    assert live("clean").clean() == 0
    assert clean_world(sim)


def test_a_run_does_not_begin_before_the_former_one_is_cleaned_up(live, capsys):
    runner.see(live().life, FACTS[1])
    assert live().run() == 1
    assert "./run live clean" in capsys.readouterr().out


def test_what_cannot_be_cleaned_up_stays_in_the_journal(live, sim):
    runner.see(live().life, FACTS[1])
    sim.faults.add("testdata", "500")
    assert live("clean").clean() == 1
    assert live("clean").clean() == 0


def test_limits_that_a_killed_run_has_set_are_put_back(live, sim):
    run = live()
    for row in runner.rows(run.life, FACTS):
        if row.fact.name == "long_name":
            break
    login = run.life["login to B"]
    limits = {"subjectIdentifierType": "Nip", "certificate": {"maxCertificates": 0}}
    path = "/testdata/limits/subject/certificate"
    run.life.door.call("POST", path, login.access, json=limits)
    assert sim.state.subject_limits[Who("nip", run.life["B"])]
    assert live("clean").clean() == 0
    assert clean_world(sim)
