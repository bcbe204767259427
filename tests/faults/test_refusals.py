"""What may not go on is refused, through the command, and costs nothing: a second launch, other code; a changed space adds trials."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.sent_code import copy_code

from .conftest import Report, Stages
from .stage import NAME, PATIENCE_S, Stage, ended_well, planned_steps, site_path, space_text
from .test_signals import INTERVAL, STEP_S

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

LAUNCH, RESUME = ("launch", f"{NAME}.yaml", *INTERVAL), ("resume", NAME, *INTERVAL)


def interrupt(made: Stage) -> int:
    """Launch the sweep, tell it to end in the middle, and return its exit code."""
    command = made.start(*LAUNCH, step_s=STEP_S)
    made.wait_for_step(command, 500)
    command.process.send_signal(signal.SIGTERM)
    return command.wait(PATIENCE_S).code


def test_a_second_launch(stage: Stages, report: Report) -> None:
    made = stage(2, steps="{grid: [1500, 1501]}")
    first = made.start(*LAUNCH, step_s=STEP_S)
    made.wait_for_step(first, 300)
    codes = []
    for words in (LAUNCH, RESUME):
        refused = made.start(*words, step_s=STEP_S).wait(PATIENCE_S)
        assert f"already running: process {first.process.pid} on " in refused.err
        codes.append(refused.code)
    codes.append(ended_well(first).code)
    happened = "`launch` and `resume` were refused, naming host and process; the first went on"
    record = report(made.oracle.look("second launch", happened, made.commands, None, codes))
    assert (record.done, record.steps_redone, codes) == (4, 0, [1, 1, 0])


def test_other_code_on_resume(stage: Stages, report: Report, tmp_path: Path) -> None:
    made = stage(2, steps="{grid: [1500, 1501]}")
    codes = [interrupt(made)]
    other = copy_code(tmp_path / "other")
    with (other / "training" / "loop.py").open("a") as file:
        file.write("# changed\n")
    path = os.pathsep.join((str(other.parent), site_path()))
    refused = made.start(*RESUME, step_s=STEP_S, PYTHONPATH=path).wait(PATIENCE_S)
    assert "--accept-changes" in refused.err
    codes += [refused.code, ended_well(made.start(*RESUME, step_s=STEP_S)).code]
    happened = "`resume` was refused, naming both hashes; with the code of the launch it went on"
    record = report(made.oracle.look("changed code on resume", happened, made.commands, None, codes))
    assert (record.done, record.steps_redone, codes) == (4, 0, [143, 1, 0])


def test_another_space_on_launch(stage: Stages, report: Report) -> None:
    made = stage(2, steps="{grid: [1500]}")
    codes = [interrupt(made)]
    text = space_text(2, steps="{grid: [1501]}")
    (made.path / f"{NAME}.yaml").write_text(text)
    ended = ended_well(made.start(*LAUNCH, step_s=STEP_S))
    assert "of earlier launches too: not in this space" in ended.err
    codes.append(ended.code)
    planned = {**planned_steps(made.space), **planned_steps(SearchSpace.from_yaml(text, f"{NAME}.yaml"))}
    oracle = replace(made.oracle, planned=planned)
    happened = "`launch` told of the trials that the space has no more, ended them as planned, and added the new ones"
    record = report(oracle.look("changed space on launch", happened, made.commands, None, codes))
    assert (record.done, record.steps_redone, codes) == (4, 0, [143, 0])
