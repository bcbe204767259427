"""What MLflow shows of a trial is what the analysis says of it."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rhm_sweeps.analysis.trials.thresholds import Thresholds
from rhm_sweeps.analysis.trials.trial_summaries import trial_summaries

NAN = math.nan


def analysis(**columns: Any) -> Any:
    """An analysis of one trial of depth 2 in a sweep of depth 3, with these columns instead of the usual ones."""
    row = {
        "state": "done", "tau_rule_1": 12.34567, "tau_rule_2": 1234.567, "tau_rule_3": NAN, "tau_mem_copies": 2000.4,
        "tau_mem_loss": NAN, "best_step": 1024.0, "best_novel_valid": 0.123456, "regime": "generalizing", "last_step": 4096.0,
        **columns,
    }  # fmt: skip
    index = pd.Index(["abc"])
    trials = pd.DataFrame([row], index=index)
    results = SimpleNamespace(trials=pd.DataFrame({"grammar.num_layers": [2]}, index=index))
    return SimpleNamespace(trials=trials, results=results, thresholds=Thresholds())


def test_time_scales_have_four_digits_and_only_those_of_the_trials_own_levels() -> None:
    (summary,) = trial_summaries(analysis()).values()
    assert summary.metrics["tau_rule_1"] == 12.35
    assert summary.metrics["tau_rule_2"] == 1235
    assert "tau_rule_3" not in summary.metrics
    assert summary.metrics["innovation_window"] == 765.8
    assert summary.metrics["best_novel_valid"] == 0.123456
    assert math.isnan(summary.metrics["tau_mem_loss"])
    assert summary.tags == {
        "rhm_sweep.regime": "generalizing",
        "rhm_sweep.not_reached": "tau_mem_loss",
        "rhm_sweep.thresholds": "learned 0.9, copied 0.1, gap 0.1",
    }


def test_a_window_that_has_no_end_has_no_width() -> None:
    (summary,) = trial_summaries(analysis(tau_mem_copies=NAN)).values()
    assert math.isnan(summary.metrics["innovation_window"])
    assert summary.tags["rhm_sweep.not_reached"] == "tau_mem_copies tau_mem_loss"


@pytest.mark.parametrize("state", ["done", "stopped", "failed"])
def test_trials_that_have_ended_are_told(state: str) -> None:
    assert set(trial_summaries(analysis(state=state))) == {"abc"}


@pytest.mark.parametrize("columns", [{"state": "running"}, {"state": "pending"}, {"state": "failed", "last_step": NAN}])
def test_others_are_not(columns: dict[str, Any]) -> None:
    assert trial_summaries(analysis(**columns)) == {}


@pytest.mark.parametrize("nothing", [None, NAN])
def test_a_trial_without_samples_has_no_regime(nothing: float | None) -> None:
    (summary,) = trial_summaries(
        analysis(best_step=NAN, best_novel_valid=NAN, regime=nothing, tau_mem_loss=99.99)
    ).values()
    assert dict(summary.metrics) == {"tau_mem_loss": 99.99}
    assert set(summary.tags) == {"rhm_sweep.thresholds"}


@pytest.mark.parametrize("nothing", [None, NAN, np.nan])
def test_samples_at_some_points_but_not_at_the_last_leave_the_regime_open(nothing: float | None) -> None:
    (summary,) = trial_summaries(analysis(regime=nothing)).values()
    assert summary.tags["rhm_sweep.regime"] == ""
