"""Time and steps, added up by hand."""

from __future__ import annotations

import pytest

from rhm_sweeps.analysis.report.cost import cost, date, duration


def test_packs_are_summed_and_trials_counted(make_sweep, grid) -> None:
    """Six trials in packs of four: each pack trained for 40.96 s; each trial for 4,096 steps."""
    found = cost(make_sweep(grid(sizes=(64, 128, 256), seeds=2)))
    assert (found.packs, found.steps, found.points) == (2, 6 * 4096, 6 * 13)
    assert found.training_s == pytest.approx(2 * 40.96)
    assert found.wall_s == pytest.approx(409.6)


def test_nothing_ran(make_sweep) -> None:
    found = cost(make_sweep([]))
    assert (found.wall_s, found.training_s, found.packs, found.steps, found.points) == (None, None, 0, 0, 0)


def test_a_record_without_launch_has_no_wall_time(make_sweep) -> None:
    assert cost(make_sweep([{}], created_ms=None)).wall_s is None


@pytest.mark.parametrize(
    ("seconds", "text"), [(-3, "0 s"), (45.4, "45 s"), (600, "10 min"), (12_000, "3 h 20 min"), (7199, "2 h 0 min")]
)
def test_durations_are_written_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_dates_are_utc() -> None:
    assert date(1_770_000_000_000) == "2026-02-02 02:40 UTC"
