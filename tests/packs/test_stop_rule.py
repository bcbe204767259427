"""When a trial ends early."""

import pytest

from rhm_sweeps.config import StopConfig
from rhm_sweeps.packs.stop_rule import stop_reason


def points(*test_losses, copies=0.1):
    return [{"test_loss": loss, "copies": copies} for loss in test_losses]


def test_nothing_ends_a_trial_without_bounds():
    assert stop_reason(StopConfig(), points(1.0, 2.0, 3.0, copies=1.0)) == ""


@pytest.mark.parametrize(("copies", "ends"), [(0.49, False), (0.5, True), (0.9, True)])
def test_copies_end_it_at_their_bound(copies, ends):
    reason = stop_reason(StopConfig(copy_fraction=0.5), points(1.0, copies=copies))
    assert bool(reason) == ends
    assert not ends or reason == f"copies {copies:.3f} >= stop.copy_fraction 0.5"


@pytest.mark.parametrize(
    ("losses", "ends"),
    [
        ((3.0, 2.0, 1.0), False),
        ((1.0, 1.5), False),
        ((1.0, 1.5, 1.2), True),
        ((1.0, 1.5, 0.8), False),
        ((1.0, 0.95, 0.93), True),  # lower, but each time by less than min_delta
        ((1.0, 0.95, 0.85), False),
        ((float("nan"), float("nan")), True),
    ],
)
def test_a_test_loss_that_does_not_fall_ends_it_after_patience(losses, ends):
    reason = stop_reason(StopConfig(patience=2, min_delta=0.1), points(*losses))
    assert bool(reason) == ends
    assert not ends or "for 2 evaluation points (stop.patience)" in reason
