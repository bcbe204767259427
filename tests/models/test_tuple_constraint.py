"""Legal tuples against enumeration of all tuples, for pairs and for triples."""

import itertools

import pytest
import torch

from rhm_sweeps.models.tuple_constraint import constrained, illegal_mass, tuple_table

V = 4


def case(size, blocks=2, members=2):
    """Logits (K, B, blocks * s, v), and each member's legal tuples."""
    generator = torch.Generator().manual_seed(size)
    every = torch.tensor(list(itertools.product(range(V), repeat=size)))
    legal = [every[torch.randperm(len(every), generator=generator)[:7]] for _ in range(members)]
    return 2 * torch.randn(members, 3, blocks * size, V, generator=generator), legal


def by_enumeration(logits, tuples):
    """Of one block (s, v): each token's law given that the tuple is legal, and the chance that it is not."""
    probs, law, legal = logits.softmax(-1), torch.zeros_like(logits), 0.0
    for chosen in tuples.tolist():
        weight = float(torch.stack([probs[i, token] for i, token in enumerate(chosen)]).prod())
        legal += weight
        for i, token in enumerate(chosen):
            law[i, token] += weight
    return law / legal, 1 - legal


@pytest.mark.parametrize("size", [2, 3])
def test_probabilities_are_those_of_enumeration(size):
    logits, legal = case(size)
    table = torch.stack([tuple_table(tuples, V) for tuples in legal])
    found, mass = constrained(logits, table).softmax(-1), illegal_mass(logits, table)
    for k, string in itertools.product(range(2), range(3)):
        expected = [by_enumeration(block, legal[k]) for block in logits[k, string].reshape(-1, size, V)]
        torch.testing.assert_close(found[k, string], torch.cat([law for law, _ in expected]), atol=1e-5, rtol=1e-4)
        assert float(mass[k, string]) == pytest.approx(sum(chance for _, chance in expected) / 2, abs=1e-5)


def test_a_token_of_no_legal_tuple_gets_no_probability():
    table = tuple_table(torch.tensor([[0, 1], [2, 3]]), V)[None]
    probs = constrained(torch.randn(1, 5, 2, V), table).softmax(-1)
    assert float(probs[..., 0, [1, 3]].max()) < 1e-20
    assert float(probs[..., 1, [0, 2]].max()) < 1e-20


def test_gradients_push_mass_to_legal_tuples():
    logits, legal = case(2)
    table = torch.stack([tuple_table(tuples, V) for tuples in legal])
    logits.requires_grad_()
    before = illegal_mass(logits, table)
    before.sum().backward()
    assert bool((illegal_mass(logits - 0.1 * logits.grad, table) < before).all())
