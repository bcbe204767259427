"""The process that drives a sweep is killed, told to end and interrupted; afterwards nothing is lost and little is done twice."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Sequence

import pytest

from .conftest import Report, Stages
from .stage import NAME, PATIENCE_S, Stage, ended_well, recovery_s

pytestmark = [pytest.mark.long, pytest.mark.timeout(2400)]

CHECKPOINT_S, STEP_S = 0.5, 0.005
LOST_S = CHECKPOINT_S + 1.0
"""What a kill may cost a pack that trains: the interval, and the second between two looks at the clock, when packs save."""
AXES = {"steps": "{grid: [32, 3000]}"}
INTERVAL = ("--checkpoint-interval", str(CHECKPOINT_S))
TRIALS = 8


def steps_at_risk(kills: int) -> float:
    """How many steps so many kills may cost at most, over all trials, if each step takes at least `STEP_S`."""
    return kills * TRIALS * LOST_S / STEP_S


def test_killed_at_random_moments(stage: Stages, report: Report) -> None:
    """Five times with SIGKILL: twice while Python and Ray start, three times while packs train."""
    made, moments, codes = stage(4, **AXES), random.Random(1), []
    command = made.start("launch", f"{NAME}.yaml", *INTERVAL, step_s=STEP_S)
    made.wait_for_step(command, 0)
    for trains in moments.sample([True, True, True, False, False], 5):
        if trains:
            made.wait_for_step(command, made.oracle.executed() + moments.randrange(1500))
        else:
            time.sleep(moments.uniform(0, 4))
        codes.append(made.kill(command))
        command = made.start("resume", NAME, *INTERVAL, step_s=STEP_S)
    assert codes == [-signal.SIGKILL] * 5
    recovered_s = recovery_s(made.oracle, command)
    codes.append(ended_well(command).code)
    happened = "the driver was killed five times, at seeded random moments; `resume` after each"
    record = report(made.oracle.look("driver SIGKILL, five times", happened, made.commands, recovered_s, codes))
    assert record.done == TRIALS
    assert record.steps_redone <= steps_at_risk(5)


def send(pid: int, numbers: Sequence[int]) -> None:
    """Send signals to all processes of a command, a moment apart, as a terminal does."""
    for number in numbers:
        os.killpg(pid, number)
        time.sleep(0.3)


SIGNALS = [
    ("SIGINT", [signal.SIGINT], 130),
    ("SIGINT, twice", [signal.SIGINT, signal.SIGINT], 130),
    ("SIGTERM", [signal.SIGTERM], 143),
]


@pytest.mark.parametrize(("fault", "numbers", "code"), SIGNALS, ids=[name for name, _, _ in SIGNALS])
def test_told_to_end(fault: str, numbers: list[int], code: int, stage: Stages, report: Report) -> None:
    made = stage(4, **AXES)
    command = made.start("launch", f"{NAME}.yaml", *INTERVAL, step_s=STEP_S)
    made.wait_for_step(command, 1000)
    if numbers == [signal.SIGTERM]:
        command.process.send_signal(signal.SIGTERM)  # as `kill` and batch systems do; Ray's processes do not hear it
    else:
        send(command.process.pid, numbers)
    ended = command.wait(PATIENCE_S)
    assert ended.code == code, ended.err
    assert "Traceback" not in ended.err
    finish(made, fault, ended.code, 1 if len(numbers) > 1 else 0, report)


def test_told_to_end_while_it_starts(stage: Stages, report: Report) -> None:
    """SIGTERM at twelve moments of a launch: while Python, Ray and the plan start, and the first packs.

    Python that only just starts ends by the signal itself, and in the instant in which Ray puts its own handler there, Ray aborts.
    """
    made, codes = stage(4, **AXES), []
    for moment in range(12):
        command = made.start("launch", f"{NAME}.yaml", *INTERVAL, step_s=STEP_S)
        time.sleep(0.5 + 0.8 * moment)
        command.process.send_signal(signal.SIGTERM)
        ended = command.wait(PATIENCE_S)
        assert ended.code in (143, -signal.SIGTERM, -signal.SIGABRT), f"{moment}: {ended.err}"
        codes.append(ended.code)
    assert codes.count(-signal.SIGABRT) <= 1
    command = made.start("launch", f"{NAME}.yaml", *INTERVAL, step_s=STEP_S)
    recovered_s = recovery_s(made.oracle, command)
    codes.append(ended_well(command).code)
    happened = "the launch ended at once, or its packs saved; `launch` again, at last to the end"
    record = report(
        made.oracle.look("SIGTERM at twelve moments of a launch", happened, made.commands, recovered_s, codes)
    )
    assert record.done == TRIALS
    assert record.steps_redone == 0


def finish(made: Stage, fault: str, code: int, kills: int, report: Report) -> None:
    """Resume to the end; what was told to end once has saved, what was told twice may not."""
    command = made.start("resume", NAME, *INTERVAL, step_s=STEP_S)
    recovered_s = recovery_s(made.oracle, command)
    ended = ended_well(command)
    happened = "ended at once; `resume`" if kills else "the packs saved and ended; `resume`"
    record = report(made.oracle.look(fault, happened, made.commands, recovered_s, (code, ended.code)))
    assert record.done == TRIALS
    assert record.steps_redone <= steps_at_risk(kills)
