from tools.deadline import Deadline, deadline_of


def test_a_deadline_is_handed_down_in_a_context():
    deadline = Deadline(5)
    assert deadline_of({"lang": "pl_PL", **deadline.context()}) is deadline
    assert deadline_of({"lang": "pl_PL"}) is None


def test_what_a_browser_puts_there_is_no_deadline():
    (key,) = Deadline(5).context()
    assert deadline_of({key: 0}) is None
    assert deadline_of({key: {"moment": 0}}) is None


def test_the_time_that_is_left_runs_out():
    assert 4 < Deadline(5).left <= 5
    assert Deadline(-1).left < 0
