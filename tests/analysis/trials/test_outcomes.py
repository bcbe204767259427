"""The outcomes of trials."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rhm_sweeps.analysis.sweep_analysis import analyze
from rhm_sweeps.analysis.trials.outcomes import OUTCOMES, outcome_of, outcome_table


def test_time_scales_are_doublings_and_the_top_level_is_the_trials_own() -> None:
    trials = pd.DataFrame(
        {"tau_rule_2": [16.0, 32], "tau_rule_3": [64.0, 128], "tau_mem_copies": [np.nan, 8], "last_copies": [0.5, 0]}
    )
    table = outcome_table(trials, [2, 3])
    assert list(table["tau_rule_L"]) == [4, 7]
    assert list(table["tau_mem_copies"].fillna(-1)) == [-1, 3]
    assert list(table["last_copies"]) == [0.5, 0]
    assert table["last_test_loss"].isna().all()


def test_every_outcome_is_in_the_trial_table(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=(64, 128), seeds=1)))
    assert list(analysis.outcomes.columns) == [outcome.name for outcome in OUTCOMES]
    assert analysis.outcomes.notna().all(axis=None)
    assert analysis.outcomes["tau_mem_copies"].tolist() == pytest.approx([8.2, 9.2])


def test_no_trials_and_other_columns() -> None:
    assert outcome_table(pd.DataFrame({"tau_rule_1": []}), []).empty
    assert outcome_of("cost$").title == r"cost\$"
