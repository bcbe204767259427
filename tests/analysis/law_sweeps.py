"""Sweeps whose sample complexities are known exactly."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.grammar.theory import chance_validity

SIZES = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)


def ramp_about(size: float, middle: float) -> float:
    """0 below middle / 2, 1 above 2 * middle, linear in log2 between: half-way at `middle`."""
    return float(np.clip((math.log2(size / middle) + 1) / 2, 0, 1))


def with_complexities(
    analysis: SweepAnalysis, complexity: Callable[[int, int], float], noise: Sequence[float] = ()
) -> SweepAnalysis:
    """The analysis with clean validities that cross half-way at `complexity(m, level)`, up to noise by replica."""
    synonyms = analysis.results.trials["grammar.num_synonyms"]
    for place, (trial, row) in enumerate(analysis.results.trials.iterrows()):
        group = analysis.groups.of_trial[trial]
        for level, chance in enumerate(chance_validity(analysis.grammars[group]), 1):
            shift = 2 ** noise[place % len(noise)] if len(noise) else 1
            part = ramp_about(row["training.train_size"], complexity(int(synonyms[trial]), level) * shift)
            analysis.trials.loc[trial, f"clean_validity_{level}"] = chance + (1 - chance) * part
    return analysis
