"""What rules of early stopping would have cost the trials of a sweep, and saved (arXiv 2505.16959)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rhm_sweeps.analysis.once import once
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.analysis.trials.point_grid import Floats, PointGrid
from rhm_sweeps.analysis.trials.thresholds import Thresholds
from rhm_sweeps.analysis.trials.time_scales import loss_gaps
from rhm_sweeps.config import StopConfig

Places = NDArray[np.intp]
LOSS_GAP, COPIED, LOWEST, PATIENCE, NEVER = "loss_gap", "copies", "lowest_test_loss", "patience", "never"
RULES = {
    LOSS_GAP: "where the losses part",
    COPIED: "where copies begin",
    LOWEST: "at the lowest test loss",
    PATIENCE: "when patience with the test loss ends",
    NEVER: "at the last step",
}
"""The rules in words."""
TWO_POINTS = StopConfig(patience=2)


@dataclass(frozen=True)
class EarlyStopping:
    """What each rule does to each trial, to settings and to the sweep.

    `trials`, a row per (signature, rule): `group`; `stop_step`, at which the rule ends training, and `early`, whether that is
    before the last point; `kept_step`, whose checkpoint it keeps; `novel_valid` there, and `cost`, by how much the trial's best is
    higher; `saved`, the share of the trial's steps after `stop_step`. Trials that a rule cannot be applied to are left out.
    """

    trials: pd.DataFrame

    @property
    def settings(self) -> pd.DataFrame:
        """Medians over the trials of each (group, rule), with `early` as a share and `trials`, their number."""
        return _summary(self.trials, ["group", "rule"])

    @property
    def sweep(self) -> pd.DataFrame:
        """A row per rule: medians over all trials, `cost_low` and `cost_high` their quartiles."""
        cost = self.trials.groupby("rule", sort=False)["cost"]
        ends = pd.DataFrame({"cost_low": cost.quantile(0.25), "cost_high": cost.quantile(0.75)})
        return _summary(self.trials, ["rule"]).join(ends)


@once
def early_stopping(analysis: SweepAnalysis, stop: StopConfig = TWO_POINTS) -> EarlyStopping:
    """Apply the rules to the recorded points of all measured trials.

    `loss_gap` ends training at the first point where the losses have parted, `copies` where copies exceed chance; both keep
    the checkpoint before, the last one before tau_mem. `lowest_test_loss`, known in hindsight only, ends and keeps where the
    test loss is lowest. `patience` is the trials' own `stop.patience`, and keeps the lowest test loss so far. `never` trains to
    the end. Costs are those of noisy shares: the best of K points is above what a new sample of it would give.

    Args:
        stop: `patience` (evaluation points, which are log2-spaced) and `min_delta` of that rule.
    """
    rows = analysis.measured
    places = pd.Index(analysis.trials.index).get_indexer(rows.index)
    grid = PointGrid(analysis.dated.grid.steps[places], {n: v[places] for n, v in analysis.dated.grid.columns.items()})
    decisions = decide(grid, analysis.thresholds, stop)
    tables = [_table(rows, grid, rule, *decision) for rule, decision in decisions.items()]
    return EarlyStopping(pd.concat(tables, ignore_index=True))


def decide(grid: PointGrid, thresholds: Thresholds, stop: StopConfig) -> dict[str, tuple[Places, Places]]:
    """The points (stop, kept) of each rule and trial, each (N,); stop is K where the rule does not fire, kept -1 where unknown."""
    parted = _first(loss_gaps(grid) >= thresholds.gap)
    copied = _first(grid["excess_copies"] >= thresholds.copied)
    last = grid.counts - 1
    loss = np.where(np.isfinite(grid["test_loss"]), grid["test_loss"], np.inf)
    lowest = np.where(np.isfinite(loss).any(1), loss.argmin(1), -1)
    no_loss, ends = lowest < 0, grid.steps.shape[1]
    tired = _out_of_patience(grid["test_loss"], stop)
    so_far = np.where(np.arange(ends) <= tired[:, None], loss, np.inf).argmin(1)
    before_gap = np.where(no_loss, -1, np.minimum(np.maximum(parted - 1, 0), last))
    return {
        LOSS_GAP: (parted, before_gap),
        COPIED: (copied, np.minimum(np.maximum(copied - 1, 0), last)),
        LOWEST: (lowest, lowest),
        PATIENCE: (tired, np.where(no_loss, -1, so_far)),
        NEVER: (np.full(len(last), ends), last),
    }


def _first(flags: NDArray[np.bool_]) -> Places:
    """The first true column of each row; the number of columns where there is none."""
    first: Places = np.where(flags.any(1), flags.argmax(1), flags.shape[1])
    return first


def _out_of_patience(loss: Floats, stop: StopConfig) -> Places:
    """First point that ends `patience` ones in a row at which the loss is not lower by more than min_delta."""
    best, stale = np.full(len(loss), np.inf), np.zeros(len(loss), dtype=np.intp)
    found = np.full(len(loss), loss.shape[1])
    for point, values in enumerate(loss.T):
        lower = values < best - stop.min_delta
        best, stale = np.where(lower, values, best), np.where(lower, 0, stale + np.isfinite(values))
        tired = (stale >= (stop.patience or np.inf)) & (found == loss.shape[1])
        found = np.where(tired, point, found)
    return found


def _table(rows: pd.DataFrame, grid: PointGrid, rule: str, stops: Places, kept: Places) -> pd.DataFrame:
    last = grid.counts - 1
    ended = np.minimum(stops, last)
    steps, novel = grid.steps, grid["novel_valid"]
    everyone = np.arange(len(rows))
    found = pd.DataFrame({
        "signature": rows.index,
        "group": rows["group"].to_numpy(),
        "rule": rule,
        "stop_step": steps[everyone, ended],
        "early": stops < last,
        "kept_step": steps[everyone, kept],
        "novel_valid": novel[everyone, kept],
        "cost": rows["best_novel_valid"].to_numpy() - novel[everyone, kept],
        "saved": 1 - steps[everyone, ended] / rows["last_step"].to_numpy(),
    })  # fmt: skip
    return found[(kept >= 0) & np.isfinite(found["cost"].to_numpy())]


def _summary(trials: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    by = trials.groupby(keys, sort=False)
    medians = by[["stop_step", "kept_step", "novel_valid", "cost", "saved"]].median()
    return medians.assign(early=by["early"].mean(), trials=by.size())
