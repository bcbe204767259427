"""What a sweep's samplers hide, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.printable import count

LOW = 0.9
"""A lower ceiling is worth a sentence."""


def ceiling_limits(analysis: SweepAnalysis) -> Iterator[str]:
    """Which samplers' ceilings are unknown, and which are so low that a level is seen in part, or not at all."""
    ceilings = analysis.ceilings
    if ceilings.left_out:
        yield (
            f"The ceiling of {ceilings.left_out:,} of {count(ceilings.settings, 'sampler')} was not computed, as it would take too "
            "long: there τ_rule is held against validity 1, which few sampling steps may not allow."
        )
    known = [values for values in ceilings.of_trial if values is not None]
    lowest = min((min(values) for values in known), default=1.0)
    if lowest < LOW:
        yield (
            f"Even a perfect model's samples would be valid in {lowest:.0%} of cases only at the worst level and setting, as the "
            "sampler takes few steps; τ_rule is held against what the sampler allows."
        )
    hidden = int(np.isposinf(analysis.dated.bounds).any(axis=1).sum())
    if hidden:
        yield (
            f"In {count(hidden, 'trial')} the sampler's ceiling at some level is hardly above chance: whether the level is learned "
            "cannot be seen. More sampling steps (evaluation.sampling_steps) would show it."
        )
