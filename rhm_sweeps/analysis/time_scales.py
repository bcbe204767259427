"""When a trial learns each level of rules, and when it begins to memorize (arXiv 2505.16959, 2505.17638)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.grammar.theory import chance_validity

Regime = Literal["untrained", "partial", "generalizing", "memorizing"]
REGIMES: tuple[Regime, ...] = ("untrained", "partial", "generalizing", "memorizing")


@dataclass(frozen=True)
class Thresholds:
    """What counts as learned and as memorized; all in (0, 1)."""

    learned: float = 0.9
    """A level is learned when its validity has come this fraction of the way from chance to 1."""
    copied: float = 0.1
    """Copies begin when their share of the samples exceeds chance (valid * P / P_max) by this much."""
    gap: float = 0.1
    """The losses have parted when `loss_gap` is at least this for the rest of training."""

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not 0 < value < 1:
                raise UsageError(f"threshold `{name}` is {value}, but must be between 0 and 1, both excluded")


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
    regime: Regime | None
    """State at the last point; None without points."""

    @property
    def innovation_window(self) -> tuple[float, float]:
        """(tau_rule(L), tau_mem by copies): between them the model makes new valid strings; NaN where not reached."""
        return self.tau_rule[-1], self.tau_mem_copies


def crossing(steps: ArrayLike, values: ArrayLike, threshold: float, *, for_good: bool = False) -> float:
    """First step at which `values` reach `threshold`, interpolated linearly in log2(step); NaN when they never do.

    With `for_good`, the step after which they never fall below it again. Values that are not finite are left out;
    values that reach the threshold at the first point give its step, an upper bound.

    Args:
        steps: ascending optimizer steps, shape (K,).
        values: shape (K,).
    """
    x, y = np.asarray(steps, dtype=np.float64), np.asarray(values, dtype=np.float64)
    known = np.isfinite(y)
    x, y = np.log2(np.maximum(x[known], 1)), y[known]
    reached = y >= threshold
    if not reached.any() or (for_good and not reached[-1]):
        return float("nan")
    first = _after_last(~reached) if for_good else int(reached.argmax())
    if first == 0:
        return float(2 ** x[0])
    part = (threshold - y[first - 1]) / (y[first] - y[first - 1])
    return float(2 ** (x[first - 1] + part * (x[first] - x[first - 1])))


def _after_last(flags: NDArray[np.bool_]) -> int:
    places = np.flatnonzero(flags)
    return int(places[-1]) + 1 if len(places) else 0


def loss_gap(points: Mapping[str, Any]) -> NDArray[np.float64]:
    """1 - r / r_0 at each point, r = train_loss / test_loss, shape (K,): 0 before memorization, towards 1 after it.

    r_0 is r at the first point: an untrained network knows neither set, so its r differs from 1 only by the finite draw
    of (x_t, t) pairs, and that draw is the same at all points.
    """
    train, test = (np.asarray(points[name], dtype=np.float64) for name in ("train_loss", "test_loss"))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = train / test
        known = ratio[np.isfinite(ratio)]
        return 1 - ratio / known[0] if len(known) else np.full(len(ratio), np.nan)


def learned_validity(chance: float, thresholds: Thresholds) -> float:
    """The validity at which a level counts as learned: chance + learned * (1 - chance)."""
    return chance + thresholds.learned * (1 - chance)


def time_scales(points: Mapping[str, Any], grammar: GrammarConfig, thresholds: Thresholds | None = None) -> TimeScales:
    """Date what a trial learns from its metric points.

    Args:
        points: columns by name (a data frame or arrays of shape (K,)), ascending in `step`.
        grammar: the trial's grammar; it sets the chance validity f**((s**l - 1)/(s - 1)), f = m / v**(s-1).
    """
    limits = thresholds or Thresholds()
    steps, novel = np.asarray(points["step"]), np.asarray(points["novel_valid"], dtype=np.float64)
    bounds = [learned_validity(chance, limits) for chance in _chance(grammar)]
    clean = np.asarray(points["excess_copies"]) < limits.copied
    best = int(np.nanargmax(novel)) if np.isfinite(novel).any() else None
    return TimeScales(
        tau_rule=tuple(crossing(steps, points[f"validity_{i}"], bound) for i, bound in enumerate(bounds, 1)),
        tau_mem_copies=crossing(steps, points["excess_copies"], limits.copied),
        tau_mem_loss=crossing(steps, loss_gap(points), limits.gap, for_good=True),
        best_step=float("nan") if best is None else float(steps[best]),
        best_novel_valid=float("nan") if best is None else float(novel[best]),
        clean_validity=tuple(_largest(np.asarray(points[f"validity_{i}"])[clean]) for i in range(1, len(bounds) + 1)),
        regime=_regime(points, bounds, limits) if len(steps) else None,
    )


def _largest(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.max()) if len(known) else float("nan")


def _regime(points: Mapping[str, Any], bounds: list[float], limits: Thresholds) -> Regime:
    """Memorizing: copies exceed chance; generalizing: level L is learned; partial: level 1 is; else untrained."""
    if np.asarray(points["excess_copies"])[-1] >= limits.copied:
        return "memorizing"
    if np.asarray(points[f"validity_{len(bounds)}"])[-1] >= bounds[-1]:
        return "generalizing"
    return "partial" if np.asarray(points["validity_1"])[-1] >= bounds[0] else "untrained"


@lru_cache(maxsize=4096)
def _chance(grammar: GrammarConfig) -> tuple[float, ...]:
    return tuple(chance_validity(grammar))
