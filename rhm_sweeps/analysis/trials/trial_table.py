"""One row per trial: its time scales and where it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rhm_sweeps.analysis.trials.ceilings import Ceilings
from rhm_sweeps.analysis.trials.point_grid import Floats, PointGrid
from rhm_sweeps.analysis.trials.regimes import Names, regime_grid
from rhm_sweeps.analysis.trials.resampling import Resampled, resample_scales
from rhm_sweeps.analysis.trials.sections import sections
from rhm_sweeps.analysis.trials.thresholds import Thresholds, learned_bounds
from rhm_sweeps.analysis.trials.time_scales import scale_metrics, time_scale_columns
from rhm_sweeps.config import EvaluationConfig, GrammarConfig
from rhm_sweeps.tracking.results import Results

LAST_METRICS = ("train_loss", "test_loss", "copies", "excess_copies", "novel_valid")
NUM_SAMPLES = "evaluation.num_samples"


@dataclass(frozen=True)
class DatedTrials:
    """The points of N trials with what they are held against, and what follows.

    `bounds`: validity from which levels 1..M count as learned, (N, M). `depths`: L of each trial, (N,).
    """

    results: Results
    thresholds: Thresholds
    grid: PointGrid
    bounds: Floats
    depths: NDArray[np.intp]

    def table(self) -> pd.DataFrame:
        """`trial_table` without the intervals."""
        scales = time_scale_columns(self.grid, self.bounds, self.depths, self.thresholds)
        found = pd.DataFrame({**scales, **self._last()}, index=self.results.trials.index)
        return pd.concat([self.results.trials[["state", "reason", *self.results.varied]], found], axis=1)

    def _last(self) -> dict[str, NDArray[Any]]:
        grid = self.grid
        names = {f"last_{name}": grid.last(grid[name]) for name in LAST_METRICS}
        validity = np.full(len(self.depths), np.nan)
        for depth in np.unique(self.depths):
            rows = self.depths == depth
            validity[rows] = grid.last(grid[f"validity_{depth}"])[rows]
        return {"last_step": grid.last(grid.steps), "last_validity": validity, **names}

    def regimes(self) -> Names:
        """The regime at each point, (N, K)."""
        return regime_grid(self.grid, self.bounds, self.depths, self.thresholds)

    def resampled(self) -> Resampled:
        """The time scales in resamples of the points."""
        default = EvaluationConfig.model_fields["num_samples"].default
        trials = self.results.trials
        samples = trials[NUM_SAMPLES].fillna(default) if NUM_SAMPLES in trials else pd.Series(default, trials.index)
        return resample_scales(self.grid, self.bounds, samples.to_numpy(dtype=np.float64), self.depths, self.thresholds)


def grammars(trials: pd.DataFrame) -> list[GrammarConfig]:
    """The grammar of each row of `Results.trials`."""
    return sections(trials, "grammar", GrammarConfig)


def date_trials(
    results: Results, thresholds: Thresholds | None = None, ceilings: Ceilings | None = None
) -> DatedTrials:
    """Lay out the points of all trials in the order of the plan; without ceilings every level can reach validity 1."""
    limits, found = thresholds or Thresholds(), grammars(results.trials)
    depths = np.array([grammar.num_layers for grammar in found], dtype=np.intp)
    metrics = dict.fromkeys([*scale_metrics(int(depths.max(initial=1))), *LAST_METRICS, "loss_ratio_error"])
    most = (ceilings or Ceilings.none(results.trials)).of_trial
    return DatedTrials(
        results=results,
        thresholds=limits,
        grid=PointGrid.of_results(results, list(metrics)),
        bounds=learned_bounds(found, limits, most),
        depths=depths,
    )


def trial_table(
    results: Results, thresholds: Thresholds | None = None, ceilings: Ceilings | None = None
) -> pd.DataFrame:
    """One row per trial in the order of the plan: state, reason, varied fields, time scales and last values.

    Columns tau_rule_1.., tau_mem_copies, tau_mem_loss, best_step, best_novel_valid, clean_validity_1.., regime, last_step,
    last_validity (of level L), last_<metric>, and the ends of the 95 % intervals of `Resampled.intervals`, such as
    tau_mem_copies_low. A trial without points has NaN and no regime.
    """
    dated = date_trials(results, thresholds, ceilings)
    return with_intervals(dated.table(), dated.resampled())


def with_intervals(table: pd.DataFrame, resampled: Resampled) -> pd.DataFrame:
    """The table with the trials' intervals as its last columns."""
    return pd.concat([table, resampled.intervals().set_axis(table.index)], axis=1)
