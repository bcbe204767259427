"""What sampled strings say: do they obey the grammar, and do they repeat the training set?"""

from __future__ import annotations

import numpy as np

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.grammar import Parser, StringSet


def string_metrics(
    samples: np.ndarray, parser: Parser, training_set: StringSet, config: TrialConfig
) -> dict[str, float]:
    """Metrics of sampled strings (N, d).

    Returns:
        `validity_1` .. `validity_L`: share of aligned s**l blocks that parse to a level-l symbol, l counted from the leaves;
        `copies`: share of samples equal to a training string; `excess_copies`: copies beyond the valid share times P / P_max,
        which a perfect model would make by chance; `novel_valid`: share valid and not in the training set; `hamming`: mean
        Hamming distance to the nearest training string, in tokens.
    """
    parse = parser.parse(samples)
    copied = training_set.contains(samples)
    levels = {f"validity_{level}": float(share) for level, share in enumerate(parse.level_validity, start=1)}
    by_chance = float(parse.valid.mean()) * len(training_set) / config.grammar.p_max
    return {
        **levels,
        "copies": float(copied.mean()),
        "excess_copies": float(copied.mean()) - by_chance,
        "novel_valid": float((parse.valid & ~copied).mean()),
        "hamming": float(training_set.nearest_hamming(samples).mean()),
    }
