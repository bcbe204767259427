"""What theory says about a grammar, before anything is trained.

Rule level l counts from the leaves: l = 1 makes leaf tuples, l = L is the class rule.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rhm_sweeps.config import GrammarConfig


def chance_validity(config: GrammarConfig) -> list[float]:
    """Probability that s**l uniformly random tokens parse to a level-l symbol, for l = 1..L.

    f**((s**l - 1)/(s - 1)) with f = m/v**(s-1), the share of tuples that have a parent; for the class rule (l = L) that
    share is n*m/v**s, which equals f if n = v.
    """
    v, m, s = config.num_features, config.num_synonyms, config.tuple_size
    chances = [(m / v ** (s - 1)) ** ((s**level - 1) // (s - 1)) for level in range(1, config.num_layers + 1)]
    return [*chances[:-1], chances[-1] * config.num_classes / v]


def sample_complexity(config: GrammarConfig) -> list[int]:
    """P*_l = v * m**(l+1): about how many training strings level-l rules take, for l = 1..L (arXiv 2502.12089)."""
    return [config.num_features * config.num_synonyms ** (level + 1) for level in range(1, config.num_layers + 1)]


def bayes_floor(config: GrammarConfig, timesteps: int) -> float:
    """ln(P_max)/(d*T): about the lowest loss per token of uniform diffusion with T timesteps, in nats."""
    return math.log(config.p_max) / (config.string_length * timesteps)


def fixed_point(config: GrammarConfig) -> float | None:
    """Return p*, the probability of a correct token at which the epsilon-process is critical, or None if there is none.

    Up the tree, p_{l+1} = F(p_l) = [p**s + g(1 - p**s)] / [p**s + f(1 - p**s)] with f = (mv - 1)/(v**s - 1),
    g = (m - 1)/(v**s - 1) (arXiv 2402.16991). F fixes 1 (all is known) and 1/v (nothing is). Only if both are stable,
    F'(1) = s*m*(v - 1)/(v**s - 1) < 1 and F'(1/v) = s*v**(s-1)*(v - 1)/((v**s - 1)*m) < 1, an unstable p* between them
    separates noise that the tree corrects from noise that it does not. For s = 2, p* = (m - 1)/(v - m).
    """
    v, m, s = config.num_features, config.num_synonyms, config.tuple_size
    slope = s * (v - 1) / (v**s - 1)
    if slope * m >= 1 or slope * v ** (s - 1) / m >= 1:
        return None
    f, g = (m * v - 1) / (v**s - 1), (m - 1) / (v**s - 1)
    equation = np.array([1 - f, g - 1, *[0.0] * (s - 2), f, -g])
    remaining, _ = np.polydiv(equation, np.poly([1.0, 1 / v]))
    return _root_between(remaining, 1 / v, 1.0)


def epsilon_star(config: GrammarConfig) -> float | None:
    """eps* = (1 - p*) * v/(v - 1): noise of the epsilon-process that hides the class of a deep tree; None if none does.

    Each leaf is unknown with probability eps, so p_0 = 1 - eps + eps/v. Uniform and masked diffusion lose it earlier.
    """
    critical, v = fixed_point(config), config.num_features
    return None if critical is None else (1 - critical) * v / (v - 1)


def _root_between(polynomial: NDArray[np.float64], low: float, high: float) -> float:
    rising = np.polyval(polynomial, high) > 0
    for _ in range(64):
        middle = (low + high) / 2
        if (np.polyval(polynomial, middle) > 0) == rising:
            high = middle
        else:
            low = middle
    return (low + high) / 2
