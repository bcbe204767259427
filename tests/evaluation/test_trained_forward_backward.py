"""The experiment with a model: known answers of fakes, and a perfect model beside the exact curves."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.diffusion.noise_schedules import alpha_bar_table
from rhm_sweeps.diffusion.processes import make_process
from rhm_sweeps.errors import UsageError
from rhm_sweeps.evaluation import trained_forward_backward as module
from rhm_sweeps.evaluation.beside_exact import Experiment, beside_exact
from rhm_sweeps.evaluation.exact_denoiser import exact_denoiser
from rhm_sweeps.evaluation.forward_backward import exact_forward_backward
from rhm_sweeps.evaluation.trained_forward_backward import NoiseProcess, nearest_times, trained_forward_backward
from rhm_sweeps.grammar import decode_strings, make_grammar
from rhm_sweeps.grammar.productions import WeightedGrammar
from rhm_sweeps.training.saved_models import SavedModel


def trial(**diffusion: Any) -> TrialConfig:
    return parse_trial({
        "grammar": {"num_features": 3, "num_classes": 2, "num_synonyms": 2, "num_layers": 2, "seed_rules": 1},
        "diffusion": {"timesteps": 100, "beta1": 0.002, "beta2": 0.1, **diffusion},
        "training": {"train_size": 8, "test_size": 4},
    })  # fmt: skip


TRIAL = trial()
RULES = make_grammar(TRIAL.grammar)
ALPHA_BAR = alpha_bar_table(TRIAL.diffusion)
EVERY = torch.tensor(list(itertools.product(range(4), repeat=4)))
"""All noised strings, 3 is the mask."""
POWERS = 4 ** torch.arange(3, -1, -1)


class Table(nn.Module):
    """Logits (T + 1, 4**d, d, v) of every time and every noised string, looked up."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.register_buffer("logits", logits)

    def forward(self, x_t: Tensor, t: Tensor, dropout: Tensor | None = None) -> Tensor:
        hidden = x_t.amax(-1) - x_t.amin(-1) < 1e-6
        string = (x_t.argmax(-1).masked_fill(hidden, 3) * POWERS).sum(-1, keepdim=True)
        return self.logits[t[:, None], string][:, 0]


def saved(logits: Tensor, config: TrialConfig = TRIAL) -> SavedModel:
    return SavedModel(Table(logits), config, 7)


def perfect(config: TrialConfig) -> SavedModel:
    """The exact denoiser as a model."""
    denoise = exact_denoiser(WeightedGrammar.of(RULES), make_process([config]))
    strings = EVERY if config.diffusion.process == "masked" else EVERY.clamp(max=2)
    return saved(torch.stack([denoise(strings[None], max(t, 1))[0] for t in range(101)]).float(), config)


def always(string: np.ndarray) -> SavedModel:
    logits = 60.0 * torch.nn.functional.one_hot(torch.from_numpy(string).long(), 3)
    return saved(logits.expand(101, 256, 4, 3))


def test_nearest_times() -> None:
    alpha_bar = torch.tensor([1.0, 0.9, 0.7, 0.4])
    assert nearest_times(alpha_bar, [0.0, 0.04, 0.06, 0.21, 0.5, 1.0]) == [0, 0, 1, 2, 3, 3]


def test_noise_is_that_of_the_times() -> None:
    found = trained_forward_backward(always(decode_strings(RULES, [0])[0][0]), [0.1, 0.3], 10)
    assert found.curves.noise == pytest.approx(1 - ALPHA_BAR[found.times].numpy())
    assert found.curves.noise == pytest.approx([0.1, 0.3], abs=0.02)


def test_a_model_that_always_says_the_same_string() -> None:
    """Its class is that of half of the strings; at time 0 nothing is asked of it."""
    string = decode_strings(RULES, [0])[0][0]
    curves = trained_forward_backward(always(string), [0.0, 0.5], 4000).curves
    assert [depth[0] for depth in curves.latents_unchanged] == [1, 1, 1]
    assert curves.class_flip == pytest.approx([0, 0.5], abs=0.03)
    assert curves.overlap == pytest.approx([1, 0], abs=0.06)


def test_nodes_that_do_not_parse_have_changed() -> None:
    pairs = RULES.levels[-1].children.tolist()
    bad = next([a, b] for a in range(3) for b in range(3) if [a, b] not in pairs)
    curves = trained_forward_backward(always(np.array([*bad, *pairs[0]])), [0.5], 400).curves
    root, hidden, leaves = (depth[0] for depth in curves.latents_unchanged)
    assert root == 0
    assert 0 < hidden < 0.5
    assert 0 < leaves < 1


@pytest.mark.slow
@pytest.mark.parametrize("process", ["uniform", "masked"])
def test_a_perfect_model_has_the_exact_curves(process: NoiseProcess) -> None:
    found = trained_forward_backward(perfect(trial(process=process)), [0.1, 0.3, 0.6], 8192).curves
    exact = exact_forward_backward(WeightedGrammar.of(RULES), process, found.noise, 8192)
    assert np.array(found.latents_unchanged) == pytest.approx(np.array(exact.latents_unchanged), abs=0.02)
    assert found.overlap == pytest.approx(exact.overlap, abs=0.04)
    assert found.tokens_changed == pytest.approx(exact.tokens_changed, abs=0.02)
    assert found.susceptibility == pytest.approx(exact.susceptibility, abs=0.1)
    assert found.correlation_length == pytest.approx(exact.correlation_length, abs=0.1)


def test_a_masked_model_is_not_asked_of_tokens_that_it_sees() -> None:
    """A model that is always wrong changes hidden tokens alone, so their share is at most the noise."""
    string = decode_strings(RULES, [0])[0][0]
    masked = SavedModel(always(string).model, trial(process="masked", noise_schedule="log_linear"), 7)
    curves = trained_forward_backward(masked, [0.25, 1.0], 4000).curves
    assert curves.noise == pytest.approx([0.25, 1], abs=1e-3)
    assert curves.tokens_changed[0] == pytest.approx(0.25 * curves.tokens_changed[1], abs=0.02)


def test_the_seed_decides() -> None:
    noisy = saved(torch.zeros(101, 256, 4, 3))
    first = trained_forward_backward(noisy, [0.2, 0.5], 50, seed=1)
    assert trained_forward_backward(noisy, [0.2, 0.5], 50, seed=1) == first
    assert trained_forward_backward(noisy, [0.2, 0.5], 50, seed=2) != first


def test_wrong_noise_is_refused() -> None:
    with pytest.raises(UsageError, match="`noise` is 2"):
        trained_forward_backward(saved(torch.zeros(101, 256, 4, 3)), [2.0], 5)


def test_classifiers_are_refused() -> None:
    config = parse_trial({"model": {"name": "classifier"}, "training": {"train_size": 8, "test_size": 4}})
    with pytest.raises(UsageError, match="the model is a classifier, which denoises no strings"):
        trained_forward_backward(saved(torch.zeros(101, 256, 4, 3), config), [0.1], 5)


@pytest.mark.slow
@pytest.mark.parametrize("noise_scale", [1.0, 0.5])
def test_a_perfect_gaussian_model_has_the_exact_curves(noise_scale: float, monkeypatch: pytest.MonkeyPatch) -> None:
    config = trial(process="gaussian", noise_scale=noise_scale)
    process = make_process([config])
    denoiser = SimpleNamespace(process=process, at=exact_denoiser(WeightedGrammar.of(RULES), process))
    monkeypatch.setattr(module.Denoiser, "of", lambda *_: denoiser)
    (found,) = beside_exact([saved(torch.zeros(1), config)], Experiment([0.4, 0.6, 0.8], 2048, resamples=50))
    for name, error in found.model.errors.items():
        difference = np.array(getattr(found.model, name)) - np.array(getattr(found.exact, name))
        assert np.abs(difference).max() < max(0.02, 4 * np.max(error))


def test_resamples_are_those_of_the_exact_experiment() -> None:
    """Strings that come back unchanged at time 0, and the same weights: the same resamples in all."""
    noisy = saved(torch.zeros(101, 256, 4, 3))
    found = trained_forward_backward(noisy, [0.0, 0.4], 60, 1, resamples=4).curves
    assert len(found.resampled) == 4
    assert found.latents_unchanged == trained_forward_backward(noisy, [0.0, 0.4], 60, 1).curves.latents_unchanged
    assert [one.class_flip[0] for one in found.resampled] == [0.0] * 4
    assert len({one.class_flip[1] for one in found.resampled}) > 1
