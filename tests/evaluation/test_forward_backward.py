"""The exact experiment against enumeration of all strings, all noised strings and all answers of a tiny grammar."""

from __future__ import annotations

import itertools
from dataclasses import asdict, replace

import numpy as np
import pytest

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.evaluation.evidence import PROCESSES, Process
from rhm_sweeps.evaluation.forward_backward import ForwardBackward, exact_forward_backward
from rhm_sweeps.grammar import Parser, decode_strings, make_grammar, productions
from rhm_sweeps.grammar.productions import WeightedGrammar

CONFIG = GrammarConfig(num_features=3, num_classes=2, num_synonyms=2, num_layers=2, seed_rules=1)
RULES = make_grammar(CONFIG)
GRAMMAR = WeightedGrammar.of(RULES)
STRINGS = decode_strings(RULES, range(CONFIG.p_max))[0]
TREES = [STRINGS, *Parser(RULES).levels(STRINGS)][::-1]  # for each depth (strings, nodes)


def channel(process: Process, noise: float) -> np.ndarray:
    """p(seen | x_0) of each string: (strings, everything that can be seen)."""
    v, seen = 3, range(4)  # 3 stands for the mask
    token = np.eye(3, 4) * (1 - noise)
    if process == "masked":
        token[:, 3] = noise
    else:
        token[:, :3] += noise / v
    return np.stack([token[STRINGS, list(all_seen)].prod(1) for all_seen in itertools.product(seen, repeat=4)], 1)


def joint(process: Process, noise: float) -> np.ndarray:
    """p(x_0, x_0'): (strings, strings)."""
    if process == "epsilon":
        p_0, other = 1 - noise + noise / 3, noise / 3
        weights = np.where(STRINGS[:, None] == STRINGS[None], p_0, other).prod(-1)
        return weights / weights.sum(1, keepdims=True) / len(STRINGS)
    likelihood = channel(process, noise)
    seen = likelihood.sum(0)
    return likelihood @ (likelihood / np.where(seen > 0, seen, 1)).T / len(STRINGS)


def expected(process: Process, noise: float) -> tuple[list[float], float, float]:
    """Probability that a node is unchanged, by depth, the susceptibility and the correlation length."""
    p = joint(process, noise)
    unchanged = [float((p * (depth[:, None] == depth[None]).mean(-1)).sum()) for depth in TREES]
    changed = np.where(STRINGS[:, None] != STRINGS[None], 1.0, -1.0).reshape(-1, 4)
    covariance = np.cov(changed.T, aweights=p.ravel(), ddof=0)
    distance = np.abs(np.subtract.outer(np.arange(4), np.arange(4)))
    length = (distance * covariance).sum() / covariance.sum()
    return unchanged, covariance.sum() / np.trace(covariance), length


@pytest.mark.parametrize("process", ["epsilon", "uniform", "masked"])
def test_curves_are_those_of_enumeration(process: Process) -> None:
    noise = [0.15, 0.5, 0.9]
    curves = exact_forward_backward(GRAMMAR, process, noise, 8192)
    assert curves.noise == noise
    for index, strength in enumerate(noise):
        unchanged, susceptibility, length = expected(process, strength)
        found = [depth[index] for depth in curves.latents_unchanged]
        assert found == pytest.approx(unchanged, abs=0.015)
        assert curves.class_flip[index] == pytest.approx(1 - found[0])
        assert curves.overlap[index] == pytest.approx(2 * found[0] - 1)
        assert curves.tokens_changed[index] == pytest.approx(1 - found[-1])
        assert curves.susceptibility[index] == pytest.approx(susceptibility, abs=0.06)
        assert curves.correlation_length[index] == pytest.approx(length, abs=0.06)


def test_gaussian_curves_are_those_of_enumeration() -> None:
    """Noised strings are drawn, the strings that answer are enumerated."""
    noise, generator = 0.5, np.random.default_rng(0)
    known = np.eye(3)[STRINGS]
    truth = generator.integers(len(STRINGS), size=20_000)
    x_t = (1 - noise) ** 0.5 * known[truth] + noise**0.5 * generator.normal(size=(len(truth), 4, 3))
    distances = ((x_t[:, None] - (1 - noise) ** 0.5 * known[None]) ** 2).sum((-2, -1))
    posterior = np.exp(-(distances - distances.min(1, keepdims=True)) / (2 * noise))
    posterior /= posterior.sum(1, keepdims=True)
    same = [(depth[truth][:, None] == depth[None]).mean(-1) for depth in TREES]
    curves = exact_forward_backward(GRAMMAR, "gaussian", [noise], 20_000)
    found = [depth[0] for depth in curves.latents_unchanged]
    assert found == pytest.approx([float((posterior * depth).sum(1).mean()) for depth in same], abs=0.01)


def test_errors_are_the_spread_between_experiments() -> None:
    """The bootstrap of one experiment against experiments with other strings."""
    others = [exact_forward_backward(GRAMMAR, "uniform", [0.4], 400, seed) for seed in range(40)]
    errors = exact_forward_backward(GRAMMAR, "uniform", [0.4], 400, 0, resamples=200).errors
    assert set(errors) == set(asdict(others[0])) - {"noise", "resampled"}
    for name, error in errors.items():
        spread = np.std([getattr(one, name) for one in others], 0, ddof=1)
        assert np.array(error) == pytest.approx(spread, rel=0.4)


def test_resamples_change_nothing_else() -> None:
    plain, resampled = (exact_forward_backward(GRAMMAR, "masked", [0.2, 0.6], 50, 1, count) for count in (0, 3))
    assert len(resampled.resampled) == 3
    assert replace(resampled, resampled=()) == plain
    assert resampled.resampled[0].noise == [0.2, 0.6]
    assert resampled.resampled[0].class_flip != plain.class_flip
    assert np.isnan(plain.errors["latents_unchanged"]).all()


@pytest.mark.parametrize("process", PROCESSES)
def test_no_noise_changes_nothing_and_full_noise_forgets_the_class(process: Process) -> None:
    grammar = WeightedGrammar.of(make_grammar(GrammarConfig(num_classes=5, num_layers=2)))
    curves = exact_forward_backward(grammar, process, [0.0, 1.0], 50)
    assert [depth[0] for depth in curves.latents_unchanged] == pytest.approx([1, 1, 1])
    assert curves.class_flip == pytest.approx([0, 4 / 5])
    assert curves.overlap == pytest.approx([1, 0])
    assert curves.tokens_changed[0] == pytest.approx(0)
    assert np.isnan([curves.susceptibility[0], curves.correlation_length[0]]).all()


def test_one_class_has_no_overlap() -> None:
    grammar = WeightedGrammar.of(make_grammar(GrammarConfig(num_classes=1, num_layers=2)))
    curves = exact_forward_backward(grammar, "uniform", [0.5], 10)
    assert curves.class_flip == pytest.approx([0])
    assert np.isnan(curves.overlap[0])


def test_the_seed_decides_and_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = [0.2, 0.6]
    first, other = (exact_forward_backward(GRAMMAR, "uniform", noise, 100, seed) for seed in (3, 4))
    assert first != other
    monkeypatch.setattr(productions, "ENTRIES_AT_ONCE", 200)
    assert GRAMMAR.strings_at_once < 100
    again = exact_forward_backward(GRAMMAR, "uniform", noise, 100, 3)
    for name, curve in asdict(first).items():
        assert np.array(getattr(again, name)) == pytest.approx(np.array(curve), abs=1e-12)


def test_explicit_and_weighted_grammars_have_their_own_curves() -> None:
    """Two leaf tuples, one 9 times as probable: of one that is hidden the posterior is its probability."""
    grammar = WeightedGrammar.of(make_grammar(GrammarConfig(explicit="1>ij*9|ji")))
    curves = exact_forward_backward(grammar, "masked", [0.5, 1.0], 20_000)
    unchanged = 0.9**2 + 0.1**2
    assert curves.tokens_changed == pytest.approx([0.25 * (1 - unchanged), 1 - unchanged], abs=0.01)
    assert curves.susceptibility == pytest.approx([2, 2])


@pytest.mark.slow
def test_published_class_flips_and_susceptibility() -> None:
    """(v, m) = (8, 3) with uniform noise, means over grammars whose own deviation is up to .03."""

    def curves(seed: int, num_layers: int, noise: list[float]) -> ForwardBackward:
        rules = make_grammar(GrammarConfig(seed_rules=seed, num_layers=num_layers))
        return exact_forward_backward(WeightedGrammar.of(rules), "uniform", noise, 512, seed)

    noise = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5]
    flips = np.mean([curves(seed, 3, noise).class_flip for seed in range(32)], 0)
    assert flips == pytest.approx([0.09, 0.20, 0.29, 0.39, 0.47, 0.55, 0.67, 0.76], abs=0.02)
    assert np.mean([curves(seed, 4, [0.2]).susceptibility[0] for seed in range(8)]) == pytest.approx(2.2, abs=0.15)


@pytest.mark.slow
def test_correlation_length_grows_with_depth_at_the_transition_only() -> None:
    """(v, m) = (8, 3) with uniform noise, means over grammars."""
    lengths = {}
    for num_layers in (3, 5):
        grammars = [make_grammar(GrammarConfig(seed_rules=seed, num_layers=num_layers)) for seed in range(8)]
        found = [exact_forward_backward(WeightedGrammar.of(g), "uniform", [0.2, 1.0], 1024) for g in grammars]
        lengths[num_layers] = np.mean([curves.correlation_length for curves in found], 0)
    assert lengths[5][0] > 2 * lengths[3][0] > 2 * 0.6
    assert lengths[3][1] < 0.8 * lengths[3][0]
    assert lengths[5][1] < 0.5 * lengths[5][0]


@pytest.mark.parametrize(
    ("process", "noise", "samples", "message"),
    [
        ("poisson", [0.1], 10, "`process` is 'poisson', but must be one of epsilon, uniform, masked, gaussian"),
        ("uniform", [0.1, 1.5, -0.2], 10, r"`noise` is 1.5, -0.2, but must be numbers in \[0, 1\]"),
        ("uniform", [float("nan")], 10, "`noise` is nan"),
        ("uniform", [], 10, "`noise` is empty"),
        ("uniform", [0.1], 0, "`num_samples` is 0, but must be >= 1"),
    ],
)
def test_wrong_experiments_are_refused(process: Process, noise: list[float], samples: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        exact_forward_backward(GRAMMAR, process, noise, samples)


def test_a_negative_number_of_resamples_is_refused() -> None:
    with pytest.raises(UsageError, match="`resamples` is -1, but must be >= 0"):
        exact_forward_backward(GRAMMAR, "uniform", [0.1], 10, resamples=-1)
