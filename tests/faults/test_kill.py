"""One sweep that is stopped, killed, killed again, told to end, and still finishes as if nothing had happened."""

from __future__ import annotations

import os
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from mlflow import MlflowClient
from mlflow.entities import Run

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.ledger import Ledger, MetricPoint
from rhm_sweeps.packs.pack_run import PackRun
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.folder import SweepFolder, sweep_status
from rhm_sweeps.sweeps.lock import is_locked
from rhm_sweeps.tracking.runs import SIGNATURE
from rhm_sweeps.training.checkpoints import latest_checkpoint
from rhm_sweeps.training.saved_models import load_model

from ..pack_runs import exactly, finish, start
from ..processes import Command, Ended
from .conftest import Report
from .oracle import Oracle, log2_steps
from .stage import NAME, Stage, recovery_s, space_text

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(900)]

SHORT_STEPS = 32


@dataclass
class Story:
    """What happened to the sweep, told in order."""

    folder: SweepFolder
    long_steps: int
    oracle: Oracle
    commands: list[Command] = field(default_factory=list)
    sigint: Ended | None = None
    sigint_s: float = 0.0
    sigterm: Ended | None = None
    last: Ended | None = None
    recovery_s: float | None = None
    saved_and_reported: list[tuple[int, int]] = field(default_factory=list)
    after_kill: dict[str, object] = field(default_factory=dict)
    finished_early: dict[int, MetricPoint] = field(default_factory=dict)

    def points(self) -> list[MetricPoint]:
        if not (self.folder.path / "ledger.db").is_file():
            return []
        with Ledger(self.folder.path) as ledger:
            return list(ledger.points())

    def long_points(self) -> int:
        """How many points the long trials have."""
        with Ledger(self.folder.path) as ledger:
            long = {trial.signature for trial in ledger.trials() if trial.config["training"]["steps"] > SHORT_STEPS}
        return sum(point.signature in long for point in self.points())


def tiny_trial(steps: int) -> TrialConfig:
    return parse_trial({
        "grammar": {"num_features": 4, "num_classes": 4, "num_synonyms": 2, "num_layers": 2},
        "diffusion": {"timesteps": 4},
        "model": {"width": 8},
        "training": {"train_size": 8, "test_size": 4, "batch_size": 8, "steps": steps},
        "evaluation": {"num_samples": 16, "loss_pairs": 16},
    })  # fmt: skip


def enough_steps(folder: Path) -> int:
    """Steps that take this machine some seconds, so that a run can be interrupted in the middle again and again."""
    run = PackRun([tiny_trial(128)], folder / "pack", folder / "models")
    run.advance(60)
    started = time.monotonic()
    while not run.advance(60).finished:
        pass
    return int(min(max(127 / (time.monotonic() - started) * 8, 1500), 20_000))


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, put_mlflow: Callable[[Path], None]) -> Iterator[Story]:
    path = tmp_path_factory.mktemp("survivor")
    put_mlflow(path)
    long_steps = enough_steps(tmp_path_factory.mktemp("pace"))
    text = space_text(4, steps=f"{{grid: [{SHORT_STEPS}, {long_steps}]}}")
    (path / "space.yaml").write_text(text)
    stage = Stage(path, SearchSpace.from_yaml(text, "space.yaml"))
    told = Story(stage.folder, long_steps, stage.oracle, stage.commands)

    def start(*arguments: str) -> Command:
        return stage.start(*arguments, "--checkpoint-interval", "0.5")

    try:
        tell(told, start)
        yield told
    finally:
        stage.end()


def tell(told: Story, start: Callable[..., Command]) -> None:
    command = start("launch", "space.yaml")
    command.wait_until(lambda: bool(told.points()) and told.long_points() > 0)
    asked = time.monotonic()
    os.killpg(command.process.pid, signal.SIGINT)  # as Ctrl-C does in a terminal
    told.sigint = command.wait()
    told.sigint_s = time.monotonic() - asked
    told.finished_early = finished_points(told)
    told.saved_and_reported = saved_and_reported(told)

    command = start("resume", NAME)
    wait_for_more(told, command)
    command.kill()
    told.after_kill = sweep_status(told.folder)

    command = start("resume", NAME)
    command.wait_until(lambda: is_locked(told.folder.path))
    command.kill()

    command = start("resume", NAME)
    wait_for_more(told, command)
    command.process.send_signal(signal.SIGTERM)
    told.sigterm = command.wait()

    command = start("resume", NAME)
    told.recovery_s = recovery_s(told.oracle, command)
    told.last = command.wait()


def finished_points(told: Story) -> dict[int, MetricPoint]:
    """The points of the trials that are done, by their id in the ledger."""
    with Ledger(told.folder.path) as ledger:
        done = {trial.signature for trial in ledger.trials("done")}
    return {point.id: point for point in told.points() if point.signature in done}


def saved_and_reported(told: Story) -> list[tuple[int, int]]:
    """Of each unfinished pack that has begun: the step of its checkpoint and the last step that was reported."""
    with Ledger(told.folder.path) as ledger:
        packs = {trial.signature: trial.pack for trial in ledger.trials("pending")}
    reported: dict[str, int] = {}
    for point in told.points():
        if pack := packs.get(point.signature):
            reported[pack] = max(point.step, reported.get(pack, 0))
    states = {pack: latest_checkpoint(told.folder.packs / pack)[0] or {"trainer": {"step": 0}} for pack in reported}
    return [(states[pack]["trainer"]["step"], step) for pack, step in reported.items()]


def wait_for_more(told: Story, command: Command) -> None:
    """Wait until a resumed sweep has trained further than it was."""
    before = told.long_points()
    command.wait_until(lambda: told.long_points() > before)


def planned(told: Story) -> dict[str, int]:
    """Steps of each trial by signature."""
    with Ledger(told.folder.path) as ledger:
        return {trial.signature: trial.config["training"]["steps"] for trial in ledger.trials()}


def test_every_planned_trial_is_done(story: Story) -> None:
    assert story.last is not None
    assert story.last.code == 0, story.last.err
    status = sweep_status(story.folder)
    assert status["state"] == "finished"
    assert {state: count for state, count in status["trials"].items() if count} == {"planned": 8, "done": 8}
    models = {path.stem for path in story.folder.models.iterdir()}
    assert models == set(planned(story))


def test_nothing_is_lost_twice_or_left(story: Story, report: Report) -> None:
    codes = [command.process.returncode for command in story.commands]
    assert codes == [130, -signal.SIGKILL, -signal.SIGKILL, 143, 0]
    happened = "one after the other, `resume` after each"
    record = report(
        story.oracle.look(
            "SIGINT, SIGKILL twice, SIGTERM in one sweep", happened, story.commands, story.recovery_s, codes
        )
    )
    assert record.done == 8


def test_ctrl_c_ends_soon_and_says_how_to_go_on(story: Story) -> None:
    assert story.sigint is not None
    print(f"SIGINT to end: {story.sigint_s:.1f} s")
    assert story.sigint.code == 130
    assert story.sigint.out == ""
    assert re.search(rf"^  go on with  rhm-sweep resume {NAME}$", story.sigint.err, re.MULTILINE)
    assert "stopping: the packs save where they are" in story.sigint.err
    assert story.sigint_s < 20  # some 5 s on a machine that does nothing else


def test_ctrl_c_loses_nothing(story: Story) -> None:
    assert story.saved_and_reported
    assert all(saved >= reported for saved, reported in story.saved_and_reported)


def test_sigterm_is_told_apart(story: Story) -> None:
    assert story.sigterm is not None
    assert story.sigterm.code == 143
    assert f"rhm-sweep resume {NAME}" in story.sigterm.err


def test_after_a_kill_nothing_looks_as_if_it_ran(story: Story) -> None:
    assert story.after_kill["state"] == "interrupted"
    trials = story.after_kill["trials"]
    assert isinstance(trials, dict)
    assert (trials["planned"], trials["running"]) == (8, 0)


def test_no_traceback_and_no_noise(story: Story) -> None:
    assert story.sigint is not None
    assert story.sigterm is not None
    assert story.last is not None
    for ended in (story.sigint, story.sigterm, story.last):
        assert "Traceback" not in ended.err
        assert "ray" not in ended.err.lower()


def test_every_point_is_recorded_once(story: Story) -> None:
    expected = {(signature, step) for signature, steps in planned(story).items() for step in log2_steps(steps)}
    assert Counter((point.signature, point.step) for point in story.points()) == Counter(expected)


def test_what_was_finished_was_not_touched_again(story: Story) -> None:
    now = {point.id: point for point in story.points()}
    assert len(story.finished_early) > 0
    assert {key: now[key] for key in story.finished_early} == story.finished_early


def runs(story: Story) -> tuple[MlflowClient, list[Run]]:
    client = MlflowClient(f"sqlite:///{story.folder.path.parents[1] / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("rhm-sweeps")
    assert experiment is not None
    return client, list(client.search_runs([experiment.experiment_id]))


def test_mlflow_has_one_run_per_trial_and_one_for_the_sweep(story: Story) -> None:
    _, found = runs(story)
    signatures = Counter(run.data.tags.get(SIGNATURE, "") for run in found)
    assert signatures == Counter({"": 1, **dict.fromkeys(planned(story), 1)})
    assert {run.info.status for run in found} == {"FINISHED"}


def test_mlflow_has_every_point_once(story: Story) -> None:
    client, found = runs(story)
    for run in found:
        signature = run.data.tags.get(SIGNATURE)
        if signature:
            expected = Counter(log2_steps(planned(story)[signature]))
            for metric in ("train_loss", "copies", "validity_2", "wall_time_s"):
                history = client.get_metric_history(run.info.run_id, metric)
                assert Counter(found.step for found in history) == expected


def test_it_equals_a_sweep_that_nothing_happened_to(story: Story, tmp_path: Path) -> None:
    """Bit by bit, on the pack of the first of the long trials."""
    with Ledger(story.folder.path) as ledger:
        trials = ledger.trials()
        pack = next(trial.pack for trial in trials if trial.config["training"]["steps"] > SHORT_STEPS)
        members = [parse_trial(trial.config) for trial in trials if trial.pack == pack]
    whole, _ = finish(start(members, tmp_path))
    recorded = {(point.signature, point.step): point for point in story.points()}
    assert exactly({key: recorded[key] for key in whole}) == exactly(whole)
    for member in members:
        name = f"{member.signature}.safetensors"
        ours, theirs = (
            load_model(models / name).model.state_dict() for models in (story.folder.models, tmp_path / "models")
        )
        assert all(torch.equal(ours[weight], theirs[weight]) for weight in theirs)
