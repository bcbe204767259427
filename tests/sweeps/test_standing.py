"""How far a sweep is, from counts and packs alone."""

from __future__ import annotations

import pytest

from rhm_sweeps.ledger import STATES, PackRecord
from rhm_sweeps.sweeps.standing import STALE_MS, standing

NOW = 10**12


def counts(**given: int) -> dict[str, int]:
    return dict.fromkeys(STATES, 0) | given


def pack(step: int, active: int, rate: float = 10.0, age_ms: int = 0) -> PackRecord:
    return PackRecord(f"{step}-{active}", "local", 0, step, 100, active, rate, NOW - age_ms)


def test_pace_and_time_to_go_are_arithmetic() -> None:
    """Of ten trials four ended, two are at a quarter, three at half, one waits: 150 + 150 + 100 steps at 2*10 + 3*20."""
    found = standing(counts(done=2, failed=1, stopped=1, running=5, pending=1), [pack(25, 2), pack(50, 3, 20.0)], NOW)
    assert found.fraction == pytest.approx((4 + 2 * 0.25 + 3 * 0.5) / 10)
    assert found.steps_per_second == 80
    assert found.eta_s == pytest.approx(400 / 80)
    assert len(found.running) == 2


def test_what_was_extended_does_not_count() -> None:
    assert standing(counts(done=1, pending=1, extended=5), [], NOW).fraction == 0.5


def test_a_sweep_that_is_over_has_no_time_to_go() -> None:
    found = standing(counts(done=3, failed=1), [pack(60, 2)], NOW)  # a pack that failed left its record
    assert (found.fraction, found.eta_s, found.running) == (1.0, 0.0, ())


def test_nothing_trains_that_nobody_drives_or_that_is_silent() -> None:
    silent = standing(counts(running=2), [pack(50, 2, age_ms=STALE_MS + 1)], NOW)
    undriven = standing(counts(pending=2), [pack(50, 2)], NOW)
    for found in (silent, undriven):
        assert (found.fraction, found.steps_per_second, found.eta_s, found.running) == (0.5, 0.0, None, ())


def test_packs_that_only_wait_have_no_steps_yet() -> None:
    found = standing(counts(pending=4), [PackRecord("waiting", "h100")], NOW)
    assert (found.fraction, found.eta_s) == (0.0, None)


def test_an_empty_sweep_has_nothing_to_do() -> None:
    assert standing(counts(), [], NOW).fraction == 1.0
