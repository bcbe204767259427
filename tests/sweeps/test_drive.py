"""Driving a sweep: planned once, interrupted anywhere, finished exactly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from rhm_sweeps.ledger import Ledger, MetricPoint, PackRecord, now_ms
from rhm_sweeps.packs.pack_progress import Ending, Progress
from rhm_sweeps.running.tasks import Driver
from rhm_sweeps.sweeps.drive import Outcome, drive
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.training.checkpoints import latest_checkpoint

from ..tiny_sweeps import LIMITS, LOG2_STEPS, RecordingView, record, run_alone, science, tiny_plan

Go = Callable[..., Outcome]


def recorded(ledger: Ledger) -> dict[tuple[str, int], MetricPoint]:
    return {(point.signature, point.step): point for point in ledger.points()}


def expected(ledger: Ledger) -> set[tuple[str, int]]:
    return {(trial.signature, step) for trial in ledger.trials() for step in LOG2_STEPS}


def test_a_sweep_runs_to_its_end(ledger: Ledger, folder: SweepFolder, go: Go) -> None:
    assert go() == Outcome(done=4, failed=0, unfinished=0, interrupted=False)
    assert recorded(ledger).keys() == expected(ledger)
    assert ledger.meta("state") == "finished"
    assert {path.stem for path in folder.models.iterdir()} == {trial.signature for trial in ledger.trials()}


def test_a_finished_sweep_starts_nothing(go: Go) -> None:
    go()

    def never(driver: Driver) -> None:
        raise AssertionError(driver)

    assert go(run=never).done == 4


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], MetricPoint]:
    path, view = tmp_path_factory.mktemp("whole"), RecordingView()
    with Ledger(path, create=True) as ledger:
        record(ledger, tiny_plan())
        drive(ledger, SweepFolder(path), run_alone, LIMITS, view, view.stop)
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


def test_more_values_train_only_what_is_new(ledger: Ledger, go: Go, trained_steps: Counter[str]) -> None:
    go()
    before = {point.id: point for point in ledger.points()}
    old = [trial.signature for trial in ledger.trials()]
    trained_steps.clear()
    record(ledger, tiny_plan((4, 8, 12), finished=tuple(old)))
    assert go().done == 6
    new = [trial.signature for trial in ledger.trials()][4:]
    assert trained_steps == dict.fromkeys(new, LOG2_STEPS[-1])
    assert {point.id: point for point in ledger.points() if point.id in before} == before
    assert recorded(ledger).keys() == expected(ledger)
    assert [trial.position for trial in ledger.trials()] == list(range(6))
    assert len(ledger.meta("space")["space"]["training.train_size"]["grid"]) == 3


def scripted(*reports: tuple[int, Progress]) -> Any:
    """A run in which packs, by position, report what is given."""

    def run(driver: Driver) -> None:
        tasks = [task for _ in range(2) if (task := driver.next_pack())]
        for position, report in reports:
            driver.started(tasks[position].id)
            driver.progressed(tasks[position].id, report)

    return run


def report(*endings: Ending, points: tuple[MetricPoint, ...] = ()) -> Progress:
    return Progress(8, 8, 0, 1.0, points=points, endings=endings)


def test_failures_keep_their_reason_and_are_not_tried_again(ledger: Ledger, go: Go) -> None:
    first, second, third, fourth = [trial.signature for trial in ledger.trials()]
    view = RecordingView()
    done = report(Ending(third, "done"), Ending(fourth, "done"))
    outcome = go(view, scripted((0, report(Ending(first, "done"), Ending(second, "failed", "it burst"))), (1, done)))
    assert outcome == Outcome(done=3, failed=1, unfinished=0, interrupted=False)
    assert ledger.meta("state") == "failed"
    assert [(trial.signature, trial.reason) for trial in ledger.trials("failed")] == [(second, "it burst")]
    assert view.messages == [f"trial {second} failed: it burst"]
    assert go().failed == 1


def test_a_run_that_breaks_leaves_a_sweep_that_can_be_resumed(ledger: Ledger, go: Go) -> None:
    def breaks(driver: Driver) -> None:
        task = driver.next_pack()
        assert task is not None
        driver.started(task.id)
        assert ledger.counts()["running"] == 2
        assert ledger.meta("state") == "running"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        go(run=breaks)
    assert ledger.counts()["pending"] == 4
    assert ledger.meta("state") == "interrupted"
    assert go().done == 4


def test_what_a_killed_driver_left_running_is_run_again(ledger: Ledger, go: Go) -> None:
    packs = {trial.pack for trial in ledger.trials()}
    ledger.set_state([trial.signature for trial in ledger.trials()], "running")
    ledger.set_packs(PackRecord(pack, "local", 0, 4, 8, 2, 10.0, now_ms()) for pack in packs)
    begun: list[set[PackRecord]] = []

    def run(driver: Driver) -> None:
        begun.append(set(ledger.packs().values()))
        run_alone(driver)

    assert go(run=run).done == 4
    assert begun == [{PackRecord(pack, "local", 0, 4, 8, 2) for pack in packs}], "none of them trains yet"


def test_a_stopped_pack_has_saved_where_it_was(ledger: Ledger, folder: SweepFolder, go: Go) -> None:
    view = RecordingView(stop_after=3)
    go(view)
    pack, progress = view.updates[-1]
    state, problems = latest_checkpoint(folder.packs / pack)
    assert problems == []
    assert state is not None
    assert state["trainer"]["step"] == progress.step == 4
