"""What theory says about a grammar, before anything is trained.

Rule level l counts from the leaves: l = 1 makes leaf tuples, l = L is the class rule.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.grammar.grammar import Grammar
from rhm_sweeps.grammar.making import make_grammar


def chance_validity(config: GrammarConfig) -> list[float]:
    """Probability that s**l uniformly random tokens parse to a level-l symbol, for l = 1..L.

    f**((s**l - 1)/(s - 1)) with f = m/v**(s-1), the share of tuples that have a parent; for the class rule (l = L) that
    share is n*m/v**s, which equals f if n = v. Explicit grammars: by recursion over the symbols (`symbol_chances`).

    Raises:
        UsageError: if the grammar is ambiguous.
    """
    if config.explicit is not None:
        return [float(chances.sum()) for chances in symbol_chances(make_grammar(config))]
    v, m, s = config.num_features, config.num_synonyms, config.tuple_size
    chances = [(m / v ** (s - 1)) ** ((s**level - 1) // (s - 1)) for level in range(1, config.num_layers + 1)]
    return [*chances[:-1], chances[-1] * config.num_classes / v]


def symbol_chances(grammar: Grammar) -> list[NDArray[np.float64]]:
    """Probability that s**l uniformly random tokens parse to each symbol of level l, for l = 1..L.

    That of a symbol is the sum over its rules of the product over their children; no string is counted twice, as no tuple
    has two parents.

    Raises:
        UsageError: if the grammar is ambiguous.
    """
    if grammar.ambiguity is not None:
        raise UsageError(
            f"chance validity is only known of unambiguous grammars, but {grammar.ambiguity} make one tuple"
        )
    chances = [np.full(grammar.num_features, 1 / grammar.num_features)]
    for level in reversed(grammar.levels):
        of_rules = chances[-1][level.children].prod(axis=1)
        chances.append(np.bincount(level.parents, of_rules))
    return chances[1:]


def sample_complexity(config: GrammarConfig) -> list[int]:
    """P*_l = v * m**(l+1): about how many training strings level-l rules take, for l = 1..L (arXiv 2502.12089).

    The theory is that of a random grammar. For an explicit one, with v tokens and m the most rules of a symbol, it is a guide.
    """
    return [config.num_features * config.num_synonyms ** (level + 1) for level in range(1, config.num_layers + 1)]


def bayes_floor(config: GrammarConfig, timesteps: int) -> float:
    """H/(d*T): about the lowest loss per token of uniform diffusion with T timesteps, in nats.

    H is the entropy of the strings, ln(P_max) where they are equally probable, as those of a random grammar are.
    """
    entropy = math.log(config.p_max) if config.is_plain else derivation_entropy(make_grammar(config))
    return entropy / (config.string_length * timesteps)


def derivation_entropy(grammar: Grammar) -> float:
    """Entropy of the derivations in nats; of the strings, unless the grammar is ambiguous."""
    below: NDArray[Any] = np.zeros(grammar.num_features)
    for level in reversed(grammar.from_start):
        of_rules = below[level.children].sum(axis=1) - level.log_probabilities
        below = np.bincount(level.parents, level.probabilities * of_rules)
    return float(below[0])


def fixed_point(config: GrammarConfig) -> float | None:
    """Return p*, the probability of a correct token at which the epsilon-process is critical, or None if there is none.

    Up the tree, p_{l+1} = F(p_l) = [p**s + g(1 - p**s)] / [p**s + f(1 - p**s)] with f = (mv - 1)/(v**s - 1),
    g = (m - 1)/(v**s - 1) (arXiv 2402.16991). F fixes 1 (all is known) and 1/v (nothing is). Only if both are stable,
    F'(1) = s*m*(v - 1)/(v**s - 1) < 1 and F'(1/v) = s*v**(s-1)*(v - 1)/((v**s - 1)*m) < 1, an unstable p* between them
    separates noise that the tree corrects from noise that it does not. For s = 2, p* = (m - 1)/(v - m). None also for explicit
    and weighted grammars, of which this theory says nothing.
    """
    if not config.is_plain:
        return None
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
