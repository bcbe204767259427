"""When a trial learns each level of rules, and when it begins to memorize (arXiv 2505.16959, 2505.17638)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhm_sweeps.analysis.trials.crossings import crossing, crossings
from rhm_sweeps.analysis.trials.point_grid import Floats, PointGrid
from rhm_sweeps.analysis.trials.regimes import regime_grid, regime_metrics
from rhm_sweeps.analysis.trials.thresholds import Thresholds, learned_bounds, learned_validity
from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.tracking.trial_summary import rule_scales

__all__ = ["Thresholds", "TimeScales", "crossing", "learned_validity", "loss_gap", "time_scale_columns", "time_scales"]


@dataclass(frozen=True)
class TimeScales:
    """The time scales of one trial in optimizer steps, NaN where not reached."""

    tau_rule: tuple[float, ...]
    """Step at which level l is learned, l = 1..L counted from the leaves."""
    tau_mem_copies: float
    """Step at which copies of training strings exceed chance."""
    tau_mem_loss: float
    """Step at which the test loss leaves the train loss for good."""
    best_step: float
    """Evaluation step with the largest novel-valid fraction: the checkpoint that early stopping should keep."""
    best_novel_valid: float
    clean_validity: tuple[float, ...]
    """Largest validity of level l before copies exceed chance: what the model learned other than by heart; NaN without."""
    regime: str | None
    """State at the last point, of `regimes`; None without points."""

    @property
    def innovation_window(self) -> tuple[float, float]:
        """(tau_rule(L), tau_mem by copies): between them the model makes new valid strings; NaN where not reached."""
        return self.tau_rule[-1], self.tau_mem_copies


def time_scales(
    points: Mapping[str, Any],
    grammar: GrammarConfig,
    thresholds: Thresholds | None = None,
    ceiling: tuple[float, ...] | None = None,
) -> TimeScales:
    """Date what a trial learns from its metric points.

    Args:
        points: columns by name (a data frame or arrays of shape (K,)), ascending in `step`.
        grammar: the trial's grammar; it sets the chance validity f**((s**l - 1)/(s - 1)), f = m / v**(s-1).
        ceiling: validity that the sampler allows at levels 1..L, of `sampler_ceiling`; None: 1.
    """
    limits, levels = thresholds or Thresholds(), grammar.num_layers
    grid = PointGrid.of_trial(points, scale_metrics(levels))
    bounds = learned_bounds([grammar], limits, [ceiling])
    row = {name: values[0] for name, values in time_scale_columns(grid, bounds, np.array([levels]), limits).items()}
    return TimeScales(
        tau_rule=tuple(float(row[name]) for name in rule_scales(levels)),
        clean_validity=tuple(float(row[f"clean_validity_{level}"]) for level in range(1, levels + 1)),
        regime=row["regime"],
        **{name: float(row[name]) for name in ("tau_mem_copies", "tau_mem_loss", "best_step", "best_novel_valid")},
    )


def scale_metrics(levels: int) -> list[str]:
    """The metrics that the time scales follow from."""
    return [*regime_metrics(levels), "train_loss", "test_loss", "novel_valid"]


def time_scale_columns(
    grid: PointGrid, bounds: Floats, depths: NDArray[np.intp], thresholds: Thresholds
) -> dict[str, NDArray[Any]]:
    """`time_scales` of N trials at once: columns tau_rule_1.., tau_mem_copies, ..., regime, each (N,).

    Args:
        bounds: validity from which levels 1..M count as learned, of `learned_bounds`: (N, M).
        depths: L of each trial, (N,).
    """
    levels = range(1, bounds.shape[1] + 1)
    excess, novel = grid["excess_copies"], grid["novel_valid"]
    clean = excess < thresholds.copied
    best = np.where(np.isfinite(novel), novel, -np.inf).argmax(1)[:, None]
    found = np.take_along_axis(novel, best, 1)[:, 0]
    parted = crossings(grid.steps, loss_gaps(grid), thresholds.gap, for_good=True)
    rules = {f"tau_rule_{i}": crossings(grid.steps, grid[f"validity_{i}"], bounds[:, i - 1]) for i in levels}
    return {
        **rules,
        "tau_mem_copies": crossings(grid.steps, excess, thresholds.copied),
        "tau_mem_loss": parted,
        "best_step": np.where(np.isnan(found), np.nan, np.take_along_axis(grid.steps, best, 1)[:, 0]),
        "best_novel_valid": found,
        **{f"clean_validity_{i}": _largest(np.where(clean, grid[f"validity_{i}"], np.nan)) for i in levels},
        "regime": grid.last(regime_grid(grid, bounds, depths, thresholds)),
    }


def loss_gap(points: Mapping[str, Any]) -> Floats:
    """1 - r / r_0 at each point, r = train_loss / test_loss, shape (K,): 0 before memorization, towards 1 after it.

    r_0 is r at the first point: an untrained network knows neither set, so its r differs from 1 only by the finite draw
    of (x_t, t) pairs, and that draw is the same at all points.
    """
    count = len(points["step"]) if "step" in points else len(points["train_loss"])
    steps = {"step": np.arange(count), **{name: points[name] for name in ("train_loss", "test_loss")}}
    return loss_gaps(PointGrid.of_trial(steps, ["train_loss", "test_loss"]))[0, :count]


def loss_gaps(grid: PointGrid) -> Floats:
    """`loss_gap` of N trials at once, (N, K)."""
    ratio, first = _loss_ratios(grid)
    return 1 - ratio / first


def gap_errors(grid: PointGrid) -> Floats:
    """Standard error of `loss_gaps`, (N, K), that of r_0 left out; NaN where the points do not tell."""
    _, first = _loss_ratios(grid)
    return grid["loss_ratio_error"] / first


def _loss_ratios(grid: PointGrid) -> tuple[Floats, Floats]:
    """train_loss / test_loss at each point, (N, K), and at the first one, (N, 1)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = grid["train_loss"] / grid["test_loss"]
    return ratio, np.take_along_axis(ratio, np.isfinite(ratio).argmax(1)[:, None], 1)


def _largest(values: Floats) -> Floats:
    """Largest finite value of each row, (N, K) to (N,); NaN without."""
    most = np.where(np.isfinite(values), values, -np.inf).max(1)
    return np.where(np.isfinite(most), most, np.nan)
