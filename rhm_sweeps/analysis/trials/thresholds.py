"""What counts as learned and as memorized."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np

from rhm_sweeps.analysis.trials.point_grid import Floats
from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.grammar.theory import chance_validity

LEAST_RANGE = 0.05
"""A sampler whose ceiling is nearer to chance than this share of the way to 1 shows nothing of what a network knows."""


@dataclass(frozen=True)
class Thresholds:
    """What counts as learned and as memorized; all in (0, 1)."""

    learned: float = 0.9
    """A level is learned when its validity has come this fraction of the way from chance to the sampler's ceiling."""
    copied: float = 0.1
    """Copies begin when their share of the samples exceeds chance (valid * P / P_max) by this much."""
    gap: float = 0.1
    """The losses have parted when `loss_gap` is at least this for the rest of training."""

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not 0 < value < 1:
                raise UsageError(f"threshold `{name}` is {value}, but must be between 0 and 1, both excluded")


def learned_validity(chance: float, thresholds: Thresholds, ceiling: float = 1.0) -> float:
    """The validity at which a level counts as learned: chance + learned * (ceiling - chance).

    Infinite where the ceiling is so near to chance that validity cannot tell: no model learns the level as far as one can see.
    """
    if ceiling - chance < LEAST_RANGE * (1 - chance):
        return float("inf")
    return chance + thresholds.learned * (ceiling - chance)


def learned_bounds(
    grammars: Sequence[GrammarConfig], thresholds: Thresholds, ceilings: Sequence[tuple[float, ...] | None]
) -> Floats:
    """`learned_validity` of levels 1..M of each of N trials, (N, M) with the largest depth M; NaN beyond a trial's depth.

    Args:
        ceilings: of each trial, for l = 1..L; None: 1.
    """
    depths = [grammar.num_layers for grammar in grammars]
    bounds = np.full((len(depths), max(depths, default=GrammarConfig.model_fields["num_layers"].default)), np.nan)
    for row, grammar, ceiling in zip(bounds, grammars, ceilings, strict=True):
        chances = _chance(grammar)
        pairs = zip(chances, ceiling or (1.0,) * len(chances), strict=True)
        row[: len(chances)] = [learned_validity(chance, thresholds, most) for chance, most in pairs]
    return bounds


@lru_cache(maxsize=4096)
def _chance(grammar: GrammarConfig) -> tuple[float, ...]:
    return tuple(chance_validity(grammar))
