"""What sampled strings say: do they obey the grammar, and do they repeat the training set?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rhm_sweeps.evaluation.rule_usage import RuleFrequencies, rule_frequencies, total_variation
from rhm_sweeps.evaluation.subtuples import SubtupleSet
from rhm_sweeps.grammar import Grammar, Parser, StringSet, string_keys


@dataclass(frozen=True, eq=False)
class Reference:
    """What samples are held against: a grammar and a training set; build it once, use it at each evaluation.

    Attributes:
        parser: of the grammar.
        rules: how often its rules should be used, for l = 1..L.
        training_set: the training strings.
        subtuples: their blocks.
        training_mass: probability that a string of the grammar is a training string; P / P_max if strings are equally probable.
    """

    parser: Parser
    rules: list[RuleFrequencies]
    training_set: StringSet
    subtuples: SubtupleSet
    training_mass: float

    @classmethod
    def of(cls, grammar: Grammar, train: NDArray[np.uint8]) -> Self:
        """The reference of a grammar and training strings (P, d).

        Raises:
            UsageError: if the grammar is ambiguous.
        """
        parser, rules = Parser(grammar), rule_frequencies(grammar)
        likelihoods = _parse(np.unique(train, axis=0), parser, rules).log_likelihoods
        training_mass = float(np.exp(likelihoods).sum())
        return cls(parser, rules, StringSet(train), SubtupleSet(train, grammar.tuple_size), training_mass)


@dataclass(frozen=True, eq=False)
class _Parsed:
    """For l = 1..L which blocks are valid, (N, s**(L-l)), and the distance of the rules' usage from what is expected; of each
    string its class, -1 if invalid, and log-likelihood in nats, -inf if invalid."""

    valid: list[NDArray[np.bool_]]
    usage_tv: list[float]
    classes: NDArray[np.integer]
    log_likelihoods: NDArray[np.float64]


def string_metrics(samples: NDArray[np.uint8], reference: Reference) -> dict[str, float]:
    """Metrics of sampled strings (N, d); level l counts from the leaves, blocks are aligned and have s**l tokens.

    Returns:
        `validity_1` .. `validity_L`: share of blocks that parse to a level-l symbol.
        `rule_usage_tv_1` .. `rule_usage_tv_L`: total-variation distance between the frequencies of the level's rules in valid
        blocks and in strings of the grammar; a perfect sampler's is about sqrt(R / (2 pi B)) with R rules and B blocks.
        `class_balance_tv`: the same of the classes of valid samples.
        `subtuple_copies_1` .. `subtuple_copies_L`: share of valid blocks that are a block of a training string.
        `log_likelihood`: mean log-probability of valid samples under the grammar, nats per string.
        `copies`: share of samples equal to a training string; `excess_copies`: copies beyond the valid share times P / P_max,
        which a perfect model would make by chance (times the training strings' probability, if that is not the same for all
        strings); `novel_valid`: share valid and not in the training set; `distinct`: number of different samples by that of
        samples, small where a model says the same string again and again, however valid it is.
        `hamming`, `hamming_min`, `hamming_median`, `hamming_max`: mean, least, median and greatest Hamming distance of a sample
        to its nearest training string, in tokens.

        Those of valid blocks or samples are NaN if there are none.
    """
    parsed, seen = _parse(samples, reference.parser, reference.rules), reference.subtuples.contains(samples)
    valid, copied = parsed.classes >= 0, seen[-1][:, 0]
    counts = np.bincount(parsed.classes[valid], minlength=reference.parser.grammar.num_classes)
    return {
        **_by_level("validity", [_mean(blocks) for blocks in parsed.valid]),
        **_by_level("rule_usage_tv", parsed.usage_tv),
        "class_balance_tv": total_variation(counts, np.full(len(counts), 1 / len(counts))),
        **_by_level("subtuple_copies", [_mean(a[b]) for a, b in zip(seen, parsed.valid, strict=True)]),
        "log_likelihood": _mean(parsed.log_likelihoods[valid]),
        "copies": _mean(copied),
        "excess_copies": _mean(copied) - _mean(valid) * reference.training_mass,
        "novel_valid": _mean(valid & ~copied),
        "distinct": len(np.unique(string_keys(samples))) / len(samples),
        **_distances(reference.training_set.nearest_hamming(samples)),
    }


def _parse(strings: NDArray[np.uint8], parser: Parser, rules: list[RuleFrequencies]) -> _Parsed:
    log_likelihoods = np.full(len(strings), -np.log(parser.grammar.num_classes))
    valid, usage_tv = [], []
    symbols = [strings.astype(np.int16), *parser.levels(strings)]
    for level, (children, parents) in zip(rules, pairwise(symbols), strict=True):
        valid.append(parents >= 0)
        used = level.find(children.reshape(*parents.shape, -1)[valid[-1]])
        usage_tv.append(level.distance(used))
        of_nodes = np.full(parents.shape, -np.inf)
        of_nodes[valid[-1]] = level.log_probabilities[used]
        log_likelihoods += of_nodes.sum(1)
    return _Parsed(valid, usage_tv, symbols[-1][:, 0], log_likelihoods)


def _by_level(name: str, values: list[float]) -> dict[str, float]:
    return {f"{name}_{level}": value for level, value in enumerate(values, start=1)}


def _mean(values: NDArray[np.bool_] | NDArray[np.float64]) -> float:
    return float(values.mean()) if values.size else float("nan")


def _distances(nearest: NDArray[np.int64]) -> dict[str, float]:
    return {
        "hamming": float(nearest.mean()),
        "hamming_min": float(nearest.min()),
        "hamming_median": float(np.median(nearest)),
        "hamming_max": float(nearest.max()),
    }
