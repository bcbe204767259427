"""Belief propagation against brute force: every derivation of tiny grammars, one by one."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.grammar import make_dataset, make_grammar, productions
from rhm_sweeps.grammar.belief_propagation import leaf_cavities, log_likelihood, marginals
from rhm_sweeps.grammar.productions import Productions, WeightedGrammar

GRAMMARS = {
    "v2 m1 s2 L1": WeightedGrammar.of(make_grammar(GrammarConfig(
        num_features=2, num_classes=2, num_synonyms=1, num_layers=1))),
    "v3 n2 m2 s2 L2": WeightedGrammar.of(make_grammar(GrammarConfig(
        num_features=3, num_classes=2, num_synonyms=2, num_layers=2, seed_rules=1))),
    "v4 n1 m2 s2 L2": WeightedGrammar.of(make_grammar(GrammarConfig(
        num_features=4, num_classes=1, num_synonyms=2, num_layers=2, seed_rules=2))),
    "v2 n4 m1 s2 L3": WeightedGrammar.of(make_grammar(GrammarConfig(
        num_features=2, num_classes=4, num_synonyms=1, num_layers=3, seed_rules=3))),
    "v2 m2 s2 L3": WeightedGrammar.of(make_grammar(GrammarConfig(
        num_features=2, num_classes=2, num_synonyms=2, num_layers=3, seed_rules=4))),
    "v2 n3 m2 s3 L2": WeightedGrammar.of(make_grammar(GrammarConfig(
        num_features=2, num_classes=3, num_synonyms=2, tuple_size=3, num_layers=2, seed_rules=5))),
}  # fmt: skip


def ambiguous() -> WeightedGrammar:
    """2 classes -> pairs of 3 symbols -> triples of 2 tokens, of unequal weights; (0, 1, 1) and (2, 0) have two parents."""
    top = Productions(
        2, 3, torch.tensor([0, 1, 1, 1]), torch.tensor([[2, 0], [1, 1], [2, 0], [0, 1]]),
        torch.tensor([1, 0.5, 0.2, 0.3], dtype=torch.float64).log(),
    )  # fmt: skip
    bottom = Productions(
        3, 2, torch.tensor([2, 0, 1, 0]), torch.tensor([[0, 1, 1], [0, 1, 1], [1, 0, 0], [1, 1, 1]]),
        torch.tensor([1, 0.25, 1, 0.75], dtype=torch.float64).log(),
    )  # fmt: skip
    return WeightedGrammar(torch.tensor([0.9, 0.1], dtype=torch.float64).log(), (top, bottom))


GRAMMARS["ambiguous, weighted, level-dependent"] = ambiguous()
GRAMMARS |= {name: WeightedGrammar.of(make_grammar(config)) for name, config in {
    "explicit, ragged, weighted": GrammarConfig(explicit="1>ab|ba*3|bb 2>aa; a>ij|ik*2|jj b>kk"),
    "explicit, ambiguous": GrammarConfig(explicit="1>gh*0.2|gg 2>hg; g>ij|ji h>ji|jj*5"),
    "explicit, n != v, unreachable symbol": GrammarConfig(explicit="1>ab 2>ba 3>bb|aa; a>xy|yx b>zz|xx|yy c>zx; x y z w"),
    "explicit, triples": GrammarConfig(explicit="1>aab|bba*9; a>xyx b>yxx|xxx"),
    "zipf": GrammarConfig(num_features=3, num_classes=2, num_synonyms=3, num_layers=2, zipf_exponent=1.3, zipf_level=1),
}.items()}  # fmt: skip


def all_trees(grammar: WeightedGrammar) -> tuple[list[Tensor], Tensor]:
    """Every derivation: for each depth the symbols (trees, nodes), and the probabilities (trees,)."""
    grown = [([(root,)], math.exp(log_p)) for root, log_p in enumerate(grammar.log_prior.tolist())]
    for level in grammar.levels:
        rules: dict[int, list[tuple[list[int], float]]] = {}
        for parent, children, log_weight in zip(
            level.parents.tolist(), level.children.tolist(), level.log_weights.tolist(), strict=True
        ):
            rules.setdefault(parent, []).append((children, math.exp(log_weight)))
        grown = [
            ([*tree, tuple(symbol for children, _ in chosen for symbol in children)],
             p * math.prod(weight for _, weight in chosen))
            for tree, p in grown
            for chosen in itertools.product(*(rules[symbol] for symbol in tree[-1]))
        ]  # fmt: skip
    depths = [torch.tensor([tree[depth] for tree, _ in grown]) for depth in range(len(grammar.levels) + 1)]
    return depths, torch.tensor([p for _, p in grown], dtype=torch.float64)


def random_evidence(grammar: WeightedGrammar, count: int) -> Tensor:
    """Soft evidence; besides, the leaves of string 0 are masked and a leaf of string 1 is known: one token of a tree."""
    shape = (count, grammar.num_nodes[-1], grammar.levels[-1].num_children)
    evidence = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 3
    evidence[0] = 0
    evidence[1, 0, torch.arange(shape[2]) != all_trees(grammar)[0][-1][-1, 0]] = -torch.inf
    return evidence


def joint(grammar: WeightedGrammar, evidence: Tensor, without: int | None = None) -> Tensor:
    """p(tree, evidence) of all trees (strings, trees), the evidence of one leaf left out on demand."""
    depths, p = all_trees(grammar)
    leaves = depths[-1]
    seen = [i for i in range(leaves.shape[1]) if i != without]
    likelihood = evidence.exp()[:, torch.arange(leaves.shape[1]), leaves][:, :, seen].prod(-1)
    return likelihood * p


def shares(symbols: Tensor, weights: Tensor, num_symbols: int) -> Tensor:
    """Normalized weights (strings, trees) summed by the symbols (trees,) of one node: (strings, num_symbols)."""
    sums = torch.zeros(len(weights), num_symbols, dtype=torch.float64).index_add_(1, symbols, weights)
    return sums / weights.sum(1, keepdim=True)


@pytest.fixture(params=GRAMMARS.values(), ids=GRAMMARS)
def grammar(request: pytest.FixtureRequest) -> WeightedGrammar:
    return request.param


def test_trees_are_all_there(grammar: WeightedGrammar) -> None:
    assert float(all_trees(grammar)[1].sum()) == pytest.approx(1, abs=1e-12)


def test_log_likelihood(grammar: WeightedGrammar) -> None:
    evidence = random_evidence(grammar, 5)
    expected = joint(grammar, evidence).sum(1).log()
    assert log_likelihood(grammar, evidence) == pytest.approx(expected, abs=1e-10)
    assert float(expected[0]) == pytest.approx(0, abs=1e-12)


def test_marginals_of_every_node(grammar: WeightedGrammar) -> None:
    evidence = random_evidence(grammar, 5)
    ours, weights = marginals(grammar, evidence), joint(grammar, evidence)
    for symbols, found, nodes in zip(all_trees(grammar)[0], ours, grammar.num_nodes, strict=True):
        assert found.shape[:2] == (5, nodes)
        for node in range(nodes):
            assert found[:, node] == pytest.approx(shares(symbols[:, node], weights, found.shape[2]), abs=1e-10)


def test_cavities_leave_a_leafs_own_evidence_out(grammar: WeightedGrammar) -> None:
    evidence = random_evidence(grammar, 5)
    leaves, ours = all_trees(grammar)[0][-1], leaf_cavities(grammar, evidence).exp()
    for leaf in range(leaves.shape[1]):
        expected = shares(leaves[:, leaf], joint(grammar, evidence, without=leaf), evidence.shape[2])
        assert ours[:, leaf] == pytest.approx(expected, abs=1e-10)


def test_float32_agrees() -> None:
    rules = make_grammar(GrammarConfig(num_layers=4, num_classes=5))
    single, double = WeightedGrammar.of(rules, torch.float32), WeightedGrammar.of(rules)
    evidence = torch.randn(8, 16, 8, generator=torch.Generator().manual_seed(0))
    assert leaf_cavities(single, evidence).dtype == torch.float32
    assert leaf_cavities(single, evidence) == pytest.approx(leaf_cavities(double, evidence), abs=1e-4)


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    grammar = GRAMMARS["v3 n2 m2 s2 L2"]
    evidence = random_evidence(grammar, 7)
    at_once = [log_likelihood(grammar, evidence), leaf_cavities(grammar, evidence), *marginals(grammar, evidence)]
    monkeypatch.setattr(productions, "ENTRIES_AT_ONCE", 2 * 2 * 6 * 2)
    assert grammar.strings_at_once == 2
    chunked = [log_likelihood(grammar, evidence), leaf_cavities(grammar, evidence), *marginals(grammar, evidence)]
    for ours, expected in zip(chunked, at_once, strict=True):
        assert ours == pytest.approx(expected, abs=1e-14)


def test_no_strings_give_no_results() -> None:
    grammar = GRAMMARS["v3 n2 m2 s2 L2"]
    assert log_likelihood(grammar, torch.zeros(0, 4, 3)).shape == (0,)
    assert [depth.shape for depth in marginals(grammar, torch.zeros(0, 4, 3))] == [(0, 1, 2), (0, 2, 3), (0, 4, 3)]


def test_the_likelihood_of_strings() -> None:
    """Of certain evidence it is -log P_max for each string of the grammar and -inf for any other."""
    config = GrammarConfig(num_features=5, num_classes=3, num_layers=3, num_synonyms=2)
    grammar = make_grammar(config)
    strings = torch.from_numpy(make_dataset(grammar, 20, 0, 0).train).long()
    pairs = grammar.levels[-1].children.tolist()
    strings[0, 1] = next(token for token in range(5) if [int(strings[0, 0]), token] not in pairs)
    certain = torch.nn.functional.one_hot(strings, 5).double().log()
    found = log_likelihood(WeightedGrammar.of(grammar), certain)
    assert float(found[0]) == -torch.inf
    assert found[1:].numpy() == pytest.approx(-math.log(config.p_max), abs=1e-9)


@pytest.mark.parametrize("text", ["1>ab|ba*3|bb 2>aa; a>ij|ik*2|jj b>kk", "1>gh*0.2|gg 2>hg; g>ij|ji h>ji|jj*5"])
def test_the_likelihood_of_all_strings_is_their_probability(text: str, string_probabilities) -> None:
    """Of every string of tokens, weighted or ambiguous; they sum to 1."""
    grammar = make_grammar(GrammarConfig(explicit=text))
    tokens = grammar.num_features
    every = torch.tensor(list(itertools.product(range(tokens), repeat=4)))
    found = log_likelihood(WeightedGrammar.of(grammar), torch.nn.functional.one_hot(every, tokens).double().log()).exp()
    p = string_probabilities(grammar)
    assert found.tolist() == pytest.approx([p.get(tuple(string), 0.0) for string in every.tolist()], abs=1e-10)
    assert float(found.sum()) == pytest.approx(1, abs=1e-10)


def test_the_marginal_of_a_leaf_counts_its_own_evidence_and_the_cavity_does_not(grammar: WeightedGrammar) -> None:
    """marginal ∝ cavity * evidence: a sampler that multiplies by the evidence of x_t,i needs the cavity."""
    evidence = random_evidence(grammar, 5)
    cavity, marginal = leaf_cavities(grammar, evidence), marginals(grammar, evidence)[-1]
    assert (cavity + evidence).softmax(-1) == pytest.approx(marginal, abs=1e-10)
    assert cavity[0].exp() == pytest.approx(marginal[0], abs=1e-10)
    unknown = evidence.clone()
    unknown[:, 0] = 0
    assert leaf_cavities(grammar, unknown)[:, 0] == pytest.approx(cavity[:, 0], abs=1e-10)


def test_strong_contradictory_evidence_stays_finite() -> None:
    """Each half of a deep string insists on a symbol of its own: log-odds beyond what a float can hold as a number."""
    grammar = make_grammar(GrammarConfig(num_layers=8))
    strings = torch.from_numpy(make_dataset(grammar, 4, 0, 0, replacement=True).train).long()
    strings[:, 128:] = strings.flip(0)[:, 128:]
    evidence = torch.where(torch.nn.functional.one_hot(strings, 8) > 0, 0.0, -30.0).double()
    cavities = leaf_cavities(WeightedGrammar.of(grammar), evidence)
    assert not cavities.isnan().any()
    assert cavities.exp().sum(-1).numpy() == pytest.approx(1, abs=1e-10)


def test_evidence_of_another_shape_is_refused() -> None:
    with pytest.raises(UsageError, match=r"has the shape \(7, 4, 2\), but must have \(strings, 4, 3\)"):
        log_likelihood(GRAMMARS["v3 n2 m2 s2 L2"], torch.zeros(7, 4, 2))
