"""What ran, counted by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rhm_sweeps.analysis.sweep_analysis import analyze
from rhm_sweeps.analysis.trials.coverage import coverage, missing_points, reasons
from rhm_sweeps.analysis.trials.coverage_limits import coverage_limits
from rhm_sweeps.tracking.results import Results


def with_states(results: Results, *states: str) -> Results:
    return replace(results, trials=results.trials.assign(state=list(states)))


def without_rows(results: Results, *rows: tuple[int, int]) -> Results:
    """Without the points (trial, step)."""
    signatures = list(results.trials.index)
    gone = {(signatures[trial], step) for trial, step in rows}
    kept = [key not in gone for key in zip(results.points["signature"], results.points["step"], strict=True)]
    return replace(results, points=results.points[np.array(kept)])


@pytest.fixture
def mixed(make_sweep, grid) -> Results:
    """One trial in each state; the pending one has no points, and neither has the failed one."""
    results = make_sweep(grid(sizes=(64,), seeds=5), length={1: 7, 2: 0, 4: 0}, extended=2)
    return with_states(results, "done", "stopped", "failed", "running", "pending")


def test_trials_by_state(mixed) -> None:
    found = coverage(mixed)
    assert found.planned == 5
    assert found.states == {"done": 1, "stopped": 1, "extended": 2, "failed": 1, "running": 1, "pending": 1}
    assert list(found.states) == ["done", "stopped", "extended", "failed", "running", "pending"]
    assert found.without_points == 1


def test_a_trial_that_ended_early_misses_nothing(mixed) -> None:
    assert coverage(mixed).missing_points == 0


def test_points_that_others_have_are_missed(make_sweep, grid) -> None:
    results = without_rows(make_sweep(grid(sizes=(64,), seeds=4)), (0, 8), (0, 64), (2, 1))
    assert missing_points(results).reindex(results.trials.index).tolist() == [2, 0, 1, 0]
    assert (coverage(results).missing_points, coverage(results).gaps) == (3, 2)


def test_points_of_one_trial_alone_are_not_expected_of_others(make_sweep, grid) -> None:
    results = without_rows(make_sweep(grid(sizes=(64,), seeds=3)), (0, 8), (1, 8))
    assert coverage(results).missing_points == 0


def test_trials_of_other_evaluation_steps_are_not_compared(make_sweep) -> None:
    results = make_sweep(
        [{"training.steps": steps, "training.seed": seed} for steps in (4096, 8192) for seed in range(2)]
    )
    sparse = without_rows(results, (2, 8), (3, 8))
    assert coverage(sparse).missing_points == 0
    assert missing_points(without_rows(results, (2, 8))).sum() == 1


def test_nothing_planned(make_sweep) -> None:
    found = coverage(make_sweep([]))
    assert (found.planned, found.states, found.missing_points, found.reasons) == (0, {}, 0, ())


def test_reasons_are_counted_and_ordered(make_sweep, grid) -> None:
    results = make_sweep(grid(), failed=(0, 1, 2, 3, 4, 5, 6))
    trials = results.trials.assign(reason=["out of memory", *["nan at step 8"] * 6, ""])
    found = reasons(trials, "failed")
    assert [(one.reason, one.trials) for one in found] == [("nan at step 8", 6), ("out of memory", 1)]
    assert found[0].signatures == tuple(results.trials.index[1:6])


def test_limits_name_everything_that_is_not_done(mixed) -> None:
    said = " ".join(coverage_limits(analyze(mixed)))
    for part in ("2 trials of 5 not finished (1 running, 1 pending)", "1 trial failed", "1 trial stopped early"):
        assert part in said


def test_limits_name_gaps_and_trials_without_points(make_sweep, grid) -> None:
    results = without_rows(make_sweep(grid(sizes=(64,), seeds=3), length={1: 0}), (2, 8))
    # Of the two trials with points one has step 8: half of them, so it is expected.
    said = " ".join(coverage_limits(analyze(results)))
    assert "1 metric point missing in 1 trial" in said
    assert "1 trial begun without a metric point" in said


def test_a_whole_sweep_has_no_such_limits(make_sweep, grid) -> None:
    assert list(coverage_limits(analyze(make_sweep(grid())))) == []
