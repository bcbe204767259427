"""How the sample complexity of each level grows with the number of synonyms m: as m^(l+1), by theory (arXiv 2502.12089)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rhm_sweeps.analysis.groups import value_label
from rhm_sweeps.analysis.laws.sample_complexity import LevelComplexity
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.analysis.trials.resampling import INTERVAL

SYNONYMS = "grammar.num_synonyms"
MOSTLY = 0.9
"""Part of the resamples in which every P*_l must lie inside the sizes for an interval."""


@dataclass(frozen=True)
class SynonymLaw:
    """The exponent of m in P*_l; `low` and `high` bound its 95 % bootstrap interval over seeds, NaN without one."""

    level: int
    exponent: float
    low: float
    high: float
    synonyms: tuple[int, ...]
    """The values of m that the fit rests on."""

    @property
    def expected(self) -> int:
        """l + 1."""
        return self.level + 1


def synonym_laws(analysis: SweepAnalysis, complexities: Sequence[LevelComplexity]) -> tuple[SynonymLaw, ...]:
    """Fit log P*_l = a log m + b for each level, with one slope a for all and one b for each setting of all else.

    A level needs its P*_l inside the sizes for two values of m in one such setting; the others are left out.
    """
    levels = sorted({item.level for item in complexities})
    fits = (_fit(analysis, level, [item for item in complexities if item.level == level]) for level in levels)
    return tuple(law for law in fits if law is not None)


def _fit(analysis: SweepAnalysis, level: int, complexities: Sequence[LevelComplexity]) -> SynonymLaw | None:
    by_rest: dict[Hashable, list[LevelComplexity]] = defaultdict(list)
    for item in complexities:
        if item.place == "inside":
            by_rest[_all_but_synonyms(analysis, item)].append(item)
    families = [family for family in by_rest.values() if len({item.grammar.num_synonyms for item in family}) > 1]
    if not families:
        return None
    log_m = [np.log([item.grammar.num_synonyms for item in family]) for family in families]
    exponent = _slope(log_m, [np.array([[item.size for item in family]]) for family in families])[0]
    low, high = _interval(log_m, families)
    used = sorted({item.grammar.num_synonyms for family in families for item in family})
    return SynonymLaw(level, float(exponent), low, high, tuple(used))


def _all_but_synonyms(analysis: SweepAnalysis, item: LevelComplexity) -> Hashable:
    row = analysis.settings[analysis.settings["facet"] == item.facet].iloc[0]
    facets = tuple(value_label(row[field]) for field in analysis.groups.facets if field != SYNONYMS)
    return facets, item.grammar.model_copy(update={"num_synonyms": 1})


def _interval(log_m: list[NDArray[np.float64]], families: list[list[LevelComplexity]]) -> tuple[float, float]:
    if any(len(item.resampled) == 0 for family in families for item in family):
        return float("nan"), float("nan")
    slopes = _slope(log_m, [np.column_stack([item.resampled for item in family]) for family in families])
    known = slopes[np.isfinite(slopes)]
    if len(known) < MOSTLY * len(slopes):
        return float("nan"), float("nan")
    low, high = np.quantile(known, INTERVAL)
    return float(low), float(high)


def _slope(log_m: list[NDArray[np.float64]], sizes: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The common least-squares slope of families, each centred: their log m (F,), their P*_l (R, F) -> (R,)."""
    products, squares = np.zeros(len(sizes[0])), 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        for x, family in zip(log_m, sizes, strict=True):
            x_c = x - x.mean()
            products = products + np.log(family) @ x_c
            squares += float(x_c @ x_c)
    return products / squares
