"""Evidence of each noise process, checked token by token."""

from __future__ import annotations

import pytest
import torch

from rhm_sweeps.config import parse_trial
from rhm_sweeps.diffusion.processes import make_process
from rhm_sweeps.evaluation.evidence import (
    PROCESSES,
    noised_evidence,
    noised_tokens,
    token_evidence,
    unit_scale_noise,
    words_per_token,
)
from rhm_sweeps.streams import Streams

X_0 = torch.arange(40_000).reshape(10_000, 4) % 5
WORDS = Streams([0]).words("noise", torch.arange(10_000), 4)[0]


def test_evidence_of_a_token_is_the_forward_process() -> None:
    found = token_evidence(torch.tensor([[2, 0]]), 0.3, 3).exp()
    assert found.tolist() == [[pytest.approx([0.1, 0.1, 0.8]), pytest.approx([0.8, 0.1, 0.1])]]


def test_epsilon_is_centred_on_the_true_tokens() -> None:
    found = noised_evidence("epsilon", X_0, 0.25, WORDS, 5).exp()
    true = torch.nn.functional.one_hot(X_0, 5).bool()
    assert found[true].unique().tolist() == pytest.approx([0.75 + 0.25 / 5])
    assert found[~true].unique().tolist() == pytest.approx([0.25 / 5])


def test_uniform_replaces_tokens_and_believes_in_what_it_sees() -> None:
    x_t = noised_tokens(X_0, 0.25, WORDS, 5)
    assert float((x_t != X_0).float().mean()) == pytest.approx(0.25 * 4 / 5, abs=0.01)
    replaced = torch.bincount(x_t[X_0 == 2], minlength=5) / int((X_0 == 2).sum())
    assert replaced.tolist() == pytest.approx([0.05, 0.05, 0.8, 0.05, 0.05], abs=0.01)
    assert torch.equal(noised_evidence("uniform", X_0, 0.25, WORDS, 5), token_evidence(x_t, 0.25, 5))


def test_masked_knows_a_token_or_nothing_of_it() -> None:
    found = noised_evidence("masked", X_0, 0.25, WORDS, 5)
    hidden = (found == 0).all(-1)
    assert float(hidden.float().mean()) == pytest.approx(0.25, abs=0.01)
    assert torch.equal(found[~hidden].argmax(-1), X_0[~hidden])
    assert found[~hidden].exp().sum(-1).unique().tolist() == [1.0]


@pytest.mark.parametrize("process", PROCESSES)
def test_without_noise_all_is_known_and_with_all_of_it_nothing(process: str) -> None:
    known = torch.nn.functional.one_hot(X_0, 5).double().log()
    words = Streams([0]).words("noise", torch.arange(10_000), 4 * words_per_token(process, 5))[0]
    assert torch.equal(noised_evidence(process, X_0, 0.0, words, 5), known)
    unknown = noised_evidence(process, X_0, 1.0, words, 5)
    assert torch.equal(unknown, unknown[..., :1].expand_as(unknown))


def test_more_noise_replaces_more_of_the_same_tokens() -> None:
    less, more = (noised_tokens(X_0, noise, WORDS, 5) for noise in (0.2, 0.6))
    replaced = less != X_0
    assert torch.equal(more[replaced], less[replaced])


def test_words_of_a_string_do_not_depend_on_the_others() -> None:
    assert torch.equal(noised_tokens(X_0, 0.5, WORDS, 5)[7:9], noised_tokens(X_0[7:9], 0.5, WORDS[7:9], 5))


def test_gaussian_evidence_is_that_of_the_process_that_models_are_trained_with() -> None:
    """Up to a constant per token, and from the same random numbers."""
    config = parse_trial({"diffusion": {"process": "gaussian", "timesteps": 50}, "grammar": {"num_features": 5}})
    process = make_process([config])
    words = Streams([1]).words("noise", torch.arange(100), 20)[0]
    x_t = process.q_sample(X_0[None, :100], torch.full((1, 100), 20), words[None])
    expected = process.log_evidence(x_t, 20)[0]
    found = noised_evidence("gaussian", X_0[:100], 1.0 - float(process.alpha_bar[0, 20]), words, 5)
    assert torch.allclose(found, expected, atol=1e-4)


def test_noise_of_another_scale_says_as_much_at_another_strength() -> None:
    """x_t / sqrt(alpha_bar_t) = x_0 + scale sqrt((1 - alpha_bar_t) / alpha_bar_t) z."""
    same = unit_scale_noise(0.3, 2.0)
    assert (same / (1 - same)) ** 0.5 == pytest.approx(2.0 * (0.3 / 0.7) ** 0.5)
    assert [unit_scale_noise(noise, 0.5) for noise in (0.0, 1.0)] == [0.0, 1.0]
    assert unit_scale_noise(0.3, 1.0) == pytest.approx(0.3)
