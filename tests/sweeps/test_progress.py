"""How far a sweep is, as arithmetic."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from rhm_sweeps.ledger import MetricPoint
from rhm_sweeps.packs.pack_progress import Ending, Progress
from rhm_sweeps.packs.pack_run import PackRun
from rhm_sweeps.sweeps.progress import SweepProgress, duration

from ..tiny_sweeps import tiny_packs, tiny_plan


def started(members: dict[str, int], seconds_ago: float = 10.0, finished_before: int = 0) -> SweepProgress:
    return SweepProgress(members, finished_before, started=time.monotonic() - seconds_ago)


def ending(state: str) -> Ending:
    return Ending("x", state)  # type: ignore[arg-type]


def test_nothing_is_known_before_the_first_report() -> None:
    progress = started({"a": 2})
    assert (progress.planned, progress.done, progress.fraction, progress.eta_s) == (2, 0, 0.0, None)
    assert progress.steps_per_second == 0


def test_shares_are_of_trials_and_their_steps() -> None:
    progress = started({"a": 3, "b": 1})
    progress.update("a", Progress(50, 100, 3, 10.0))
    assert progress.fraction == pytest.approx(0.5 * 3 / 4)
    assert progress.steps_per_second == 30
    progress.update("b", Progress(100, 100, 0, 5.0, endings=(ending("done"),)))
    assert progress.fraction == pytest.approx((1.5 + 1) / 4)
    assert progress.steps_per_second == 30  # what has ended trains no more
    progress.update("a", Progress(60, 100, 1, 20.0, endings=(ending("failed"), ending("done"))))
    assert progress.fraction == pytest.approx((2 + 0.6 + 1) / 4)
    assert (progress.done, progress.failed) == (2, 1)


def test_where_the_work_is_known_it_counts_and_not_the_steps() -> None:
    progress = started({"a": 2})
    progress.update("a", Progress(1, 100, 2, 10.0, work=0.4))
    assert progress.fraction == pytest.approx(0.4)
    progress.update("a", Progress(1, 100, 1, 10.0, work=0.4))
    assert progress.fraction == pytest.approx((1 + 0.4) / 2)


def test_time_to_go_follows_from_the_pace() -> None:
    progress = started({"a": 1})
    progress.update("a", Progress(25, 100, 1, 10.0))
    assert progress.eta_s == pytest.approx(30, rel=0.01)
    progress.update("a", Progress(100, 100, 0, 10.0))
    assert progress.eta_s == 0


def test_what_a_checkpoint_brought_is_no_pace() -> None:
    progress = started({"a": 1})
    progress.update("a", Progress(80, 100, 1, 0.0))
    assert progress.fraction == 0.8
    assert progress.eta_s is None
    progress.update("a", Progress(90, 100, 1, 10.0))
    assert progress.eta_s == pytest.approx(10, rel=0.01)


def test_a_restored_pack_reports_its_checkpoint_before_any_pace(tmp_path: Path) -> None:
    """This is how progress tells a checkpoint's steps from this session's."""
    trials = tiny_packs(tiny_plan())[0].trials
    first = PackRun(trials, tmp_path / "pack", tmp_path / "models")
    assert first.advance(10).steps_per_second > 0
    first.save()
    assert PackRun(trials, tmp_path / "pack", tmp_path / "models").advance(10).steps_per_second == 0


def test_what_was_finished_before_counts_as_planned_only() -> None:
    progress = started({"a": 2}, finished_before=5)
    assert progress.planned == 7
    progress.update("a", Progress(50, 100, 2, 1.0))
    assert progress.fraction == 0.5
    assert started({}, finished_before=5).fraction == 1.0


def test_a_classifier_has_neither_validity_nor_copies() -> None:
    progress = SweepProgress({"a": 1})
    progress.update("a", Progress(4, 8, 1, 10.0, points=(MetricPoint("x", 4, {"test_accuracy": 0.5}, 0),)))
    assert (progress.packs["a"].validity, progress.packs["a"].copies) == (None, None)


def test_validity_is_that_of_the_top_level_and_the_newest_point() -> None:
    progress = started({"a": 2})

    def points(step: int, *values: float) -> tuple[MetricPoint, ...]:
        return tuple(
            MetricPoint("x", step, {"validity_1": 0.9, "validity_2": value, "validity_10": value / 2, "copies": 1.0})
            for value in values
        )

    progress.update("a", Progress(4, 8, 2, 1.0, points=(*points(2, 0.1, 0.1), *points(4, 0.2, 0.6))))
    assert progress.packs["a"].validity == pytest.approx(0.2)
    progress.update("a", Progress(5, 8, 2, 1.0, points=points(4, 0.6)))  # it trained on while it was evaluated
    assert progress.packs["a"].validity == pytest.approx(0.3)
    progress.update("a", Progress(6, 8, 2, 1.0))
    assert progress.packs["a"].validity == pytest.approx(0.3)
    assert progress.packs["a"].copies == 1.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "--"), (0, "0:00"), (59.6, "1:00"), (61, "1:01"), (3661, "1:01:01"), (360_000, "100:00:00")],
)
def test_durations_are_read_at_a_glance(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text
