"""Driving a sweep: planned once, interrupted anywhere, finished exactly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from rhm_sweeps.errors import SweepError
from rhm_sweeps.ledger import Ledger, MetricPoint
from rhm_sweeps.sweeps import drive as drive_module
from rhm_sweeps.sweeps.code_identity import code_hash
from rhm_sweeps.sweeps.drive import Outcome, check_code, drive, is_planned, record_plan, unfinished_tasks
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.pack_progress import Ending, Progress
from rhm_sweeps.sweeps.search_space import SearchSpace
from rhm_sweeps.sweeps.tasks import Listener, PackTask
from rhm_sweeps.training.checkpoints import latest_checkpoint
from rhm_sweeps.version import __version__

from .conftest import LOG2_STEPS, RecordingView, run_alone, science, tiny_plan, tiny_space

Go = Callable[..., Outcome]


def recorded(ledger: Ledger) -> dict[tuple[str, int], MetricPoint]:
    return {(point.signature, point.step): point for point in ledger.points()}


def expected(ledger: Ledger) -> set[tuple[str, int]]:
    return {(trial.signature, step) for trial in ledger.trials() for step in LOG2_STEPS}


def test_the_plan_is_recorded_as_it_is(ledger: Ledger) -> None:
    plan = tiny_plan()
    trials = ledger.trials()
    assert [trial.signature for trial in trials] == [trial.signature for trial in plan.trials]
    assert [trial.config for trial in trials] == [trial.model_dump() for trial in plan.trials]
    assert {trial.pack: 0 for trial in trials}.keys() == {pack.id for pack in plan.packs}
    assert {trial.state for trial in trials} == {"pending"}
    assert ledger.meta("name") == "tiny"
    assert (ledger.meta("version"), ledger.meta("code_hash")) == (__version__, code_hash())
    assert SearchSpace.build(**ledger.meta("space")) == tiny_space()


def test_a_ledger_without_a_plan_says_so(tmp_path: Path, ledger: Ledger) -> None:
    assert is_planned(ledger)
    with Ledger(tmp_path / "new", create=True) as new:
        assert not is_planned(new)


def test_a_sweep_runs_to_its_end(ledger: Ledger, folder: SweepFolder, go: Go) -> None:
    assert go() == Outcome(done=4, failed=0, unfinished=0, interrupted=False)
    assert recorded(ledger).keys() == expected(ledger)
    assert ledger.meta("state") == "finished"
    assert {path.stem for path in folder.models.iterdir()} == {trial.signature for trial in ledger.trials()}
    assert unfinished_tasks(ledger, folder) == []


def test_a_finished_sweep_starts_nothing(go: Go) -> None:
    go()

    def never(tasks: Sequence[PackTask], listener: Listener) -> None:
        raise AssertionError(tasks)

    assert go(run=never).done == 4


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], MetricPoint]:
    path, view = tmp_path_factory.mktemp("whole"), RecordingView()
    with Ledger(path, create=True) as ledger:
        record_plan(ledger, tiny_plan())
        drive(ledger, SweepFolder(path), run_alone, view, view.stop)
        return recorded(ledger)


@pytest.mark.parametrize("reports", [1, 3, 6])
def test_interrupted_and_resumed_equals_uninterrupted(
    ledger: Ledger, go: Go, uninterrupted: dict[tuple[str, int], MetricPoint], reports: int, trained_steps: Counter[str]
) -> None:
    stopped = go(RecordingView(stop_after=reports))
    assert stopped.interrupted
    assert stopped.unfinished + stopped.done == 4
    assert ledger.counts()["running"] == 0
    assert ledger.meta("state") == "interrupted"
    assert go().done == 4
    assert set(trained_steps.values()) == {LOG2_STEPS[-1]}  # nothing was trained twice
    points = recorded(ledger)
    assert points.keys() == uninterrupted.keys() == expected(ledger)
    for key, point in uninterrupted.items():
        assert science(points[key]) == science(point)


def test_more_values_train_only_what_is_new(
    ledger: Ledger, folder: SweepFolder, go: Go, trained_steps: Counter[str]
) -> None:
    go()
    before = {point.id: point for point in ledger.points()}
    old = [trial.signature for trial in ledger.trials()]
    trained_steps.clear()
    record_plan(ledger, tiny_plan((4, 8, 12), finished=tuple(old)))
    assert len(unfinished_tasks(ledger, folder)) == 1
    assert go().done == 6
    new = [trial.signature for trial in ledger.trials()][4:]
    assert trained_steps == dict.fromkeys(new, LOG2_STEPS[-1])
    assert {point.id: point for point in ledger.points() if point.id in before} == before
    assert recorded(ledger).keys() == expected(ledger)
    assert [trial.position for trial in ledger.trials()] == list(range(6))
    assert len(ledger.meta("space")["space"]["training.train_size"]["grid"]) == 3


def test_recording_a_plan_again_changes_nothing(ledger: Ledger, go: Go) -> None:
    go()
    before = (ledger.trials(), ledger.meta("created_ms"))
    record_plan(ledger, tiny_plan())
    assert (ledger.trials(), ledger.meta("created_ms")) == before


def test_the_rest_of_a_pack_is_asked_for_when_some_of_it_is_done(ledger: Ledger, folder: SweepFolder) -> None:
    first, second, *others = [trial.signature for trial in ledger.trials()]
    ledger.set_state([first], "done")
    tasks = unfinished_tasks(ledger, folder)
    assert [[trial.signature for trial in task.trials] for task in tasks] == [[second], others]
    assert tasks[0].folder == folder.packs / tasks[0].id
    assert {task.models_folder for task in tasks} == {folder.models}


def scripted(*reports: tuple[int, Progress | str]) -> Any:
    """A run in which packs, by position, report what is given: progress, or the reason of a crash."""

    def run(tasks: Sequence[PackTask], listener: Listener) -> None:
        for position, report in reports:
            listener.started(tasks[position].id)
            if isinstance(report, str):
                listener.crashed(tasks[position].id, report)
            else:
                listener.progressed(tasks[position].id, report)

    return run


def report(*endings: Ending, points: tuple[MetricPoint, ...] = ()) -> Progress:
    return Progress(8, 8, 0, 1.0, points=points, endings=endings)


def test_failures_keep_their_reason_and_are_not_tried_again(ledger: Ledger, folder: SweepFolder, go: Go) -> None:
    first, second, third, fourth = [trial.signature for trial in ledger.trials()]
    view = RecordingView()
    done = report(Ending(third, "done"), Ending(fourth, "done"))
    outcome = go(view, scripted((0, report(Ending(first, "done"), Ending(second, "failed", "it burst"))), (1, done)))
    assert outcome == Outcome(done=3, failed=1, unfinished=0, interrupted=False)
    assert ledger.meta("state") == "failed"
    assert [(trial.signature, trial.reason) for trial in ledger.trials("failed")] == [(second, "it burst")]
    assert view.messages == [f"trial {second} failed: it burst"]
    assert unfinished_tasks(ledger, folder) == []


def test_a_crash_fails_what_is_left_of_the_pack(ledger: Ledger, go: Go) -> None:
    first, second, *others = [trial.signature for trial in ledger.trials()]
    outcome = go(run=scripted((0, report(Ending(first, "done"))), (0, "its process died"), (1, "no memory")))
    assert outcome == Outcome(done=1, failed=3, unfinished=0, interrupted=False)
    reasons = {trial.signature: trial.reason for trial in ledger.trials("failed")}
    assert reasons == {second: "its process died", **dict.fromkeys(others, "no memory")}


def test_a_run_that_breaks_leaves_a_sweep_that_can_be_resumed(ledger: Ledger, go: Go) -> None:
    def breaks(tasks: Sequence[PackTask], listener: Listener) -> None:
        listener.started(tasks[0].id)
        assert ledger.counts()["running"] == 2
        assert ledger.meta("state") == "running"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        go(run=breaks)
    assert ledger.counts()["pending"] == 4
    assert ledger.meta("state") == "interrupted"
    assert go().done == 4


def test_what_a_killed_driver_left_running_is_run_again(ledger: Ledger, go: Go) -> None:
    ledger.set_state([trial.signature for trial in ledger.trials()], "running")
    assert go().done == 4


def test_a_stopped_pack_has_saved_where_it_was(ledger: Ledger, folder: SweepFolder, go: Go) -> None:
    view = RecordingView(stop_after=3)
    go(view)
    pack, progress = view.updates[-1]
    state, problems = latest_checkpoint(folder.packs / pack)
    assert problems == []
    assert state is not None
    assert state["trainer"]["step"] == progress.step == 4


def test_other_code_is_refused_and_both_are_named(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    check_code(ledger)
    before = code_hash()
    monkeypatch.setattr(drive_module, "code_hash", lambda: "0123456789ab")
    with pytest.raises(SweepError, match=f"code {before} .* code 0123456789ab .*--accept-changes"):
        check_code(ledger)
    check_code(ledger, accept_changes=True)
    assert ledger.meta("code_hash") == "0123456789ab"
    check_code(ledger)
