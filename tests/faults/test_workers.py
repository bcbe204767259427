"""A process that trains is killed, a pack does not fit into memory, a loss is not finite: through the command, on a real Ray."""

from __future__ import annotations

import time

import pytest

from rhm_sweeps.ledger import Ledger

from .conftest import Report, Stages
from .oracle import Oracle
from .stage import NAME, PATIENCE_S, Stage, ended_well
from .test_signals import CHECKPOINT_S, INTERVAL, LOST_S, STEP_S
from .training_site.sitecustomize import MOST_MEMBERS

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]


def launch_and_wait(made: Stage, step: int, **environment: str) -> float:
    """Launch the sweep, wait until it is past a step, kill one of its workers, and return the seconds until its pack goes on."""
    command = made.start("launch", f"{NAME}.yaml", *INTERVAL, step_s=STEP_S, **environment)
    command.wait_until(lambda: furthest(made.oracle) > step, PATIENCE_S)
    worker = command.living_workers()[0]
    worker.kill()
    killed = time.monotonic()
    command.wait_until(lambda: len(command.living_workers()) > 1 and redone(made.oracle) > 0, PATIENCE_S)
    return time.monotonic() - killed


def furthest(oracle: Oracle) -> int:
    return max((step for _, step in oracle.steps()), default=0)


def redone(oracle: Oracle) -> int:
    steps = oracle.steps()
    return steps.total() - len(steps)


def test_a_worker_is_killed(stage: Stages, report: Report) -> None:
    made = stage(2, steps="{grid: [1500, 1501]}")
    recovery_s = launch_and_wait(made, 600)
    ended = ended_well(made.commands[0])
    assert "its process died" in ended.err
    happened = "its pack went on from its checkpoint in a new process, within the same command"
    record = report(made.oracle.look("worker SIGKILL", happened, made.commands, recovery_s, [ended.code]))
    assert record.done == 4
    assert 0 < record.steps_redone <= 2 * LOST_S / STEP_S
    assert CHECKPOINT_S < LOST_S


def test_a_pack_does_not_fit_into_memory(stage: Stages, report: Report) -> None:
    made = stage(8, steps="{grid: [64]}")
    command = made.start("launch", f"{NAME}.yaml", **{MOST_MEMBERS: "2"})
    ended = ended_well(command)
    assert "does not fit the memory of its pool and is halved" in ended.err
    happened = "packs of four did not fit and were halved until they did"
    record = report(made.oracle.look("out of memory in a pack", happened, made.commands, None, [ended.code]))
    assert record.done == 8
    assert record.steps_redone == 0


def test_a_loss_is_not_finite(stage: Stages, report: Report) -> None:
    made = stage(3, learning_rate="{grid: [0.01, 1e+38]}", steps="{grid: [64]}")
    ended = made.start("launch", f"{NAME}.yaml").wait(PATIENCE_S)
    assert ended.code == 1, ended.err
    with Ledger(made.folder.path) as ledger:
        assert {trial.reason for trial in ledger.trials("failed")} == {"loss is not finite at step 2"}
    happened = "the trial failed with its step; the others of its pack went on"
    record = report(made.oracle.look("loss not finite", happened, made.commands, None, [ended.code]))
    assert (record.done, record.failed) == (3, 3)
