"""The number of training strings that the rules of each level take (arXiv 2502.12089)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rhm_sweeps.analysis.groups import TRAIN_SIZE, spread
from rhm_sweeps.analysis.once import once
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.analysis.trials.crossings import crossings
from rhm_sweeps.analysis.trials.resampling import INTERVAL
from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.grammar.theory import chance_validity, sample_complexity

HALF_WAY = 0.5
RESAMPLES = 1000
FEWEST_SIZES = 3
MOST_CURVES = 48

Place = Literal["inside", "below", "above"]


@dataclass(frozen=True)
class LevelComplexity:
    """P*_l of one level and grammar in one facet: from which P on its mean clean validity, rescaled, stays at a threshold."""

    facet: int
    grammar: GrammarConfig
    """Without its seed."""
    level: int
    sizes: NDArray[np.int64]
    """Training-set sizes, ascending, shape (K,)."""
    learned: NDArray[np.float64]
    """(validity - chance) / (ceiling - chance) at its largest before copies begin, mean over the seeds, shape (K,)."""
    size: float
    """P*_l, interpolated linearly in log P; NaN unless it lies inside the range of sizes."""
    place: Place
    """`below`: reached at the smallest size already; `above`: not reached, or lost again, at the largest."""
    low: float
    """2.5 % bound of the bootstrap over seeds: 0 where it lies below the sizes; NaN with one seed per size."""
    high: float
    """97.5 % bound: infinite where it lies above the sizes."""
    trials: int
    resampled: NDArray[np.float64] = field(repr=False, compare=False)
    """P*_l of each resample, 0 below and infinite above the sizes, shape (R,); empty with one seed per size."""

    @property
    def key(self) -> tuple[int, GrammarConfig]:
        """The setting that its levels share."""
        return self.facet, self.grammar

    @property
    def theory(self) -> int:
        """v m^(l+1)."""
        return sample_complexity(self.grammar)[self.level - 1]

    @property
    def ratio(self) -> float:
        """P*_l in units of v m^(l+1); the same for all levels and grammars if the theory holds."""
        return self.size / self.theory


@once
def level_complexities(analysis: SweepAnalysis, threshold: float = HALF_WAY) -> tuple[LevelComplexity, ...]:
    """Find P*_l of every level, grammar and facet with three sizes or more (48 at most, evenly spaced).

    Clean validity is the largest before copies begin, so that what is known by heart does not count. Empty unless
    train_size varies.

    Args:
        threshold: part of the way from chance to 1, in (0, 1); another one moves all P*_l by about the same factor.
    """
    if analysis.groups.axis != TRAIN_SIZE or analysis.settings.empty:
        return ()
    trials = analysis.measured
    shapes = {group: shape_of(grammar) for group, grammar in analysis.grammars.items()}
    numbers = {shape: number for number, shape in enumerate(dict.fromkeys(shapes.values()))}
    shape_number = trials["group"].map({group: numbers[shape] for group, shape in shapes.items()})
    keyed = trials.assign(facet=trials["group"].map(analysis.settings["facet"]), shape=shape_number)
    enough = keyed.groupby(["facet", "shape"])[TRAIN_SIZE].transform("nunique") >= FEWEST_SIZES
    curves = [rows for _, rows in keyed[enough].groupby(["facet", "shape"])]
    # One generator for all: equal draws would make the resamples of different curves rise and fall together.
    generator = np.random.default_rng(0)
    return tuple(
        found
        for rows in spread(curves, MOST_CURVES)
        for found in _levels(analysis, rows, shapes[rows["group"].iloc[0]], threshold, generator)
    )


def shape_of(grammar: GrammarConfig) -> GrammarConfig:
    """The grammar without its seed."""
    return grammar.model_copy(update={"seed_rules": 0})


def _levels(
    analysis: SweepAnalysis, rows: pd.DataFrame, shape: GrammarConfig, threshold: float, generator: np.random.Generator
) -> Iterator[LevelComplexity]:
    facet = int(analysis.settings.at[rows["group"].iloc[0], "facet"])
    for level, chance in enumerate(chance_validity(shape), 1):
        learned = _learned_part(analysis, rows, level, chance).dropna()
        by_size = {int(size): values.to_numpy() for size, values in learned.groupby(rows[TRAIN_SIZE])}
        if len(by_size) < FEWEST_SIZES:
            continue
        sizes, means = np.array(list(by_size)), np.array([values.mean() for values in by_size.values()])
        crossed = float(_crossing_sizes(sizes, means[None], threshold)[0])
        resampled = _crossing_sizes(sizes, _resampled_means(list(by_size.values()), generator), threshold)
        low, high = np.quantile(resampled, INTERVAL, method="nearest") if len(resampled) else (np.nan, np.nan)
        place: Place = "below" if crossed == 0 else "above" if np.isinf(crossed) else "inside"
        size = crossed if place == "inside" else float("nan")
        yield LevelComplexity(
            facet, shape, level, sizes, means, size, place, float(low), float(high), len(learned), resampled
        )


def _learned_part(analysis: SweepAnalysis, rows: pd.DataFrame, level: int, chance: float) -> pd.Series:
    """Clean validity of each trial from 0 at chance to 1 at the sampler's ceiling, as the bound of `learned` has it."""
    bounds = pd.Series(analysis.dated.bounds[:, level - 1], index=analysis.trials.index)
    ceiling_above = ((bounds - chance) / analysis.thresholds.learned).replace(np.inf, np.nan)
    return (rows[f"clean_validity_{level}"] - chance) / ceiling_above.reindex(rows.index)


def _crossing_sizes(sizes: NDArray[np.int64], learned: NDArray[np.float64], threshold: float) -> NDArray[np.float64]:
    """Size from which on each row (R, K) stays at the threshold or above, (R,); 0 if at the smallest, infinite if never."""
    found = crossings(sizes, learned, threshold, for_good=True)
    return np.where(np.isnan(found), np.inf, np.where((learned >= threshold).all(axis=1), 0.0, found))


def _resampled_means(by_size: list[NDArray[np.float64]], generator: np.random.Generator) -> NDArray[np.float64]:
    """Means over seeds drawn with replacement within each size, shape (R, K); no rows if every size has one seed."""
    if max(map(len, by_size)) == 1:
        return np.empty((0, len(by_size)))
    means = [values[generator.integers(len(values), size=(RESAMPLES, len(values)))].mean(axis=1) for values in by_size]
    return np.column_stack(means)
