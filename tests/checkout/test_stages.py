"""How ./run test shares the cores among its stages."""

import io
import os
import sys

import pytest
from tracked_files import tracked

from stack import testing
from stack.places import addons
from stack.programs import isolated
from stack.screen import Screen
from stack.stage import Program

NICENESS = "import os; print(os.getpriority(os.PRIO_PROCESS, 0) - {})"


def test_each_file_of_odoos_tests_belongs_to_one_stage():
    stages = [*testing._halves(addons()).values(), *testing.PROOFS.values()]
    files = [file for stage in stages for file in stage]
    assert sorted(files) == sorted(tracked("l10n_pl_*/tests/test_*.py"))


def test_the_two_halves_are_alike():
    first, second = testing._halves(addons()).values()
    assert abs(len(first) - len(second)) <= 1


@pytest.mark.parametrize("number", [1, 3, 12])
def test_a_stage_gives_way_to_those_before_it(tmp_path, number):
    own = os.getpriority(os.PRIO_PROCESS, 0)
    command = [sys.executable, "-c", NICENESS.format(own)]
    stages = [Program(f"part-{place}", command, isolated()) for place in range(number)]
    run = testing._Run(
        stages, Screen(io.StringIO()), lambda stage: stage.run([], tmp_path, tmp_path)
    )
    run.work_off(stages)
    told = [int(stage.tally.figures[0].partition(": ")[2]) for stage in stages]
    wanted = [min(testing.STEP_BACK * place, testing.FURTHEST_BACK) for place in range(number)]
    # Linux knows no more than 19.
    assert told == [min(niceness, 19 - own) for niceness in wanted]
