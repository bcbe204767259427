"""The outcomes of a trial by which parameters and groups are judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rhm_sweeps.analysis.phrases import plain, scale_label


@dataclass(frozen=True)
class Outcome:
    """A number per trial: its column, its name in figures and in sentences; a time scale is judged in doublings of the step."""

    name: str
    title: str
    words: str
    is_step: bool = False


OUTCOMES = (
    Outcome("best_novel_valid", "novel valid, best", "the best novel-valid share"),
    Outcome("last_novel_valid", "novel valid, last", "the last novel-valid share"),
    Outcome("last_validity", "valid, last", "the last valid share"),
    Outcome("last_copies", "copies, last", "the last share of copies"),
    Outcome("tau_rule_L", scale_label("tau_rule_L"), "τ_rule of level L", is_step=True),
    Outcome("tau_mem_copies", scale_label("tau_mem_copies"), "τ_mem by copies", is_step=True),
    Outcome("tau_mem_loss", scale_label("tau_mem_loss"), "τ_mem by losses", is_step=True),
    Outcome("last_test_loss", "test loss, last", "the last test loss"),
)
_BY_NAME = {outcome.name: outcome for outcome in OUTCOMES}
STEPS = frozenset(outcome.name for outcome in OUTCOMES if outcome.is_step)


def outcome_of(name: str) -> Outcome:
    """The outcome of a column; one that is not in `OUTCOMES` is called as its column."""
    return _BY_NAME.get(name) or Outcome(name, plain(name), name)


def outcome_table(trials: pd.DataFrame, depths: Sequence[int]) -> pd.DataFrame:
    """The `OUTCOMES` of each trial, time scales as log2(step); NaN where not reached or not measured.

    Args:
        trials: rows of `trial_table`, shape (N, ...).
        depths: L of each trial's grammar, shape (N,); `tau_rule_L` is the time scale of the trial's own top level.
    """
    depth = pd.Series(depths, index=trials.index, dtype="float64")
    top = pd.Series(np.nan, index=trials.index)
    for level in depth.dropna().unique():
        top = top.where(depth != level, trials[f"tau_rule_{level:.0f}"])
    values = trials.assign(tau_rule_L=top).reindex(columns=[outcome.name for outcome in OUTCOMES]).astype("float64")
    values[sorted(STEPS)] = np.log2(values[sorted(STEPS)])
    return values.where(np.isfinite(values))
