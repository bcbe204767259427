"""How uncertain time scales are, because an evaluation has finitely many samples and a setting finitely many seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rhm_sweeps.analysis.groups import Groups
from rhm_sweeps.analysis.trials.crossings import crossings, known_first
from rhm_sweeps.analysis.trials.point_grid import Floats, PointGrid
from rhm_sweeps.analysis.trials.thresholds import Thresholds
from rhm_sweeps.analysis.trials.time_scales import gap_errors, loss_gaps

FEWEST, MOST = 200, 1000
NUMBERS, AT_ONCE = 2_000_000, 500_000
"""Numbers that are kept of each time scale, and numbers in memory at a time: both bound the work, not the result."""
INTERVAL = (0.025, 0.975)
SEED = 0


@dataclass(frozen=True)
class Resampled:
    """Time scales of N trials in B resamples each: arrays (N, B) by name, infinite where not reached."""

    draws: Mapping[str, Floats]

    def intervals(self) -> pd.DataFrame:
        """Columns <time scale>_low and <time scale>_high of each trial: its 95 % interval, NaN beyond its last step."""
        return pd.DataFrame({
            f"{name}_{end}": values
            for name, draws in self.draws.items()
            for end, values in zip(("low", "high"), interval(draws), strict=True)
        })  # fmt: skip

    def rows(self, kept: NDArray[np.bool_]) -> Resampled:
        """Those of some of the trials."""
        return Resampled({name: draws[kept] for name, draws in self.draws.items()})


def resample_scales(
    grid: PointGrid, bounds: Floats, num_samples: Floats, depths: NDArray[np.intp], thresholds: Thresholds
) -> Resampled:
    """Date tau_rule(l) and tau_mem by copies again, with the shares of each point drawn anew: a parametric bootstrap.

    A share p of n samples is normal with variance p (1 - p) / n, clipped to [0, 1]; excess copies have that of copies - mu *
    valid, mu = P / P_max. This bounds the error from above twice: a level's blocks count as one per sample, though there are
    s**(L - l), and points count as independent, though an evaluator that repeats its random draws makes them agree.
    tau_mem by the losses has its error from their pairs; sweeps with points that do not tell it have no such interval.

    Args:
        bounds: validity from which levels 1..M count as learned, (N, M).
        num_samples: strings sampled at each point of a trial, (N,).
        depths: L of each trial, (N,).
    """
    trials, points = grid.steps.shape
    count = int(np.clip(NUMBERS // max(trials, 1), FEWEST, MOST))
    noise = np.random.default_rng(SEED).standard_normal((count, 1, points))
    parts = list(_parts(trials, max(1, AT_ONCE // (count * points))))
    draws: dict[str, Floats] = {}
    for level in range(1, bounds.shape[1] + 1):
        shares, name = grid[f"validity_{level}"], f"tau_rule_{level}"
        draws[name] = _dated(
            grid.steps, shares, _deviation(shares * (1 - shares), num_samples), bounds[:, level - 1], noise, parts
        )
    excess, copied = grid["excess_copies"], np.full(trials, thresholds.copied)
    deviation = _deviation(_of_excess(grid, depths), num_samples)
    draws["tau_mem_copies"] = _dated(grid.steps, excess, deviation, copied, noise, parts)
    gaps, errors = loss_gaps(grid), gap_errors(grid)
    if np.isfinite(errors).any() and np.isfinite(errors[np.isfinite(gaps)]).all():
        parted = np.full(trials, thresholds.gap)
        draws["tau_mem_loss"] = _dated(grid.steps, gaps, errors, parted, noise, parts, for_good=True)
    return Resampled(draws)


def setting_intervals(taus: pd.DataFrame, resampled: Resampled, groups: Groups) -> pd.DataFrame:
    """The 95 % intervals of the settings' median time scales, as columns <time scale>_low and _high; index `group`.

    A bootstrap in two stages: seeds are drawn with replacement, then one resample of each. Time scales without resamples are
    drawn by seeds alone. NaN where the interval's end lies beyond the last step. With n seeds the interval hardly leaves their
    range, in which the true median lies with probability 1 - 2**(1 - n) only: 0.75 for three seeds. With one seed it says
    nothing of the spread between seeds.

    Args:
        taus: time scales of each trial, (N, S); NaN where not reached.
        resampled: of the same trials in the same order.
    """
    codes = groups.of_trial.reindex(taus.index)
    inside = codes.notna().to_numpy()
    columns: dict[str, Floats] = {}
    members = pd.Series(np.flatnonzero(inside)).groupby(codes[inside].to_numpy()).agg(np.asarray)
    for name in taus.columns:
        alone = taus[[name]].fillna(np.inf).to_numpy()
        low, high = _of_settings(list(members), resampled.draws.get(name, alone))
        columns |= {f"{name}_low": low, f"{name}_high": high}
    return pd.DataFrame(columns, index=pd.Index(members.index, name="group").astype("int64"))


def interval(draws: Floats) -> tuple[Floats, Floats]:
    """The 95 % percentile interval of each row, (N, B) to two of (N,); NaN for an end that is infinite."""
    if not draws.size:
        return np.full(len(draws), np.nan), np.full(len(draws), np.nan)
    ends = np.quantile(draws, INTERVAL, axis=1, method="inverted_cdf")
    low, high = np.where(np.isfinite(ends), ends, np.nan)
    return low, high


def _dated(
    steps: Floats,
    values: Floats,
    deviation: Floats,
    bounds: Floats,
    noise: Floats,
    parts: list[slice],
    *,
    for_good: bool = False,
) -> Floats:
    """The crossings of noisy curves, (N, B); infinite where there is none."""
    x, y = known_first(steps, values)
    _, deviation = known_first(steps, np.where(np.isfinite(values), deviation, np.nan))
    found = np.empty((len(steps), len(noise)))
    for part in parts:
        drawn = np.minimum(y[part] + deviation[part] * noise, 1)
        found[part] = crossings(x[part], drawn, bounds[part], for_good=for_good).T
    return np.where(np.isnan(found), np.inf, found)


def _deviation(variance: Floats, num_samples: Floats) -> Floats:
    """The standard error of a mean over samples, (N, K)."""
    found: Floats = np.sqrt(variance / num_samples[:, None])
    return found


def _of_excess(grid: PointGrid, depths: NDArray[np.intp]) -> Floats:
    """Variance of copy - mu * valid for one sample: c (1 - mu)**2 + (v - c) mu**2 - excess**2, as copies are valid."""
    excess, copies = grid["excess_copies"], grid["copies"]
    validity = grid.levels("validity", int(depths.max(initial=1)))
    valid = np.take_along_axis(validity, (depths - 1)[None, :, None], 0)[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        mu = np.where(valid > 0, np.clip((copies - excess) / valid, 0, 1), 0.0)
    squares: Floats = copies * (1 - mu) ** 2 + np.maximum(valid - copies, 0) * mu**2
    return np.maximum(squares - excess**2, 0.0)


def _of_settings(members: list[NDArray[np.intp]], draws: Floats) -> tuple[Floats, Floats]:
    """Ends of the interval of each setting's median; settings with equally many trials together."""
    low, high = np.full(len(members), np.nan), np.full(len(members), np.nan)
    sizes = np.array([len(rows) for rows in members])
    random = np.random.default_rng(SEED)
    for size in np.unique(sizes):
        places = np.flatnonzero(sizes == size)
        count = int(np.clip(NUMBERS // (size * len(places)), FEWEST, MOST))
        for part in _parts(len(places), max(1, AT_ONCE // (size * count))):
            rows = np.stack([members[place] for place in places[part]])
            picked = random.integers(size, size=(len(rows), count, size))
            seeds = np.take_along_axis(rows[:, None], picked, 2)
            medians = np.median(draws[seeds, random.integers(draws.shape[1], size=seeds.shape)], axis=2)
            low[places[part]], high[places[part]] = interval(medians)
    return low, high


def _parts(count: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, count, size))
