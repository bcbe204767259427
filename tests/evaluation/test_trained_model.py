"""Trained models, loaded from their files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.errors import CheckpointError, ConfigError, UsageError
from rhm_sweeps.evaluation.evaluator import PackEvaluator
from rhm_sweeps.evaluation.trained_model import TrainedModel, load_trained
from rhm_sweeps.grammar import make_dataset, make_grammar
from rhm_sweeps.training.loop import PackTrainer
from rhm_sweeps.training.packs import initial_model
from rhm_sweeps.training.saved_models import save_model

TRANSFORMER = {"embedding_size": 8, "num_heads": 2, "feedforward_size": 8}
KINDS: dict[str, dict[str, Any]] = {
    "uniform": {},
    "masked": {"diffusion": {"process": "masked"}},
    "gaussian": {"diffusion": {"process": "gaussian"}},
    "noise": {"diffusion": {"process": "gaussian", "target": "noise"}},
    "tuples": {"model": {"width": 8, "constraint": "tuples"}},
    "transformer": {"model": {"name": "transformer", **TRANSFORMER}},
    "classifier": {"model": {"name": "classifier", **TRANSFORMER}},
}
DENOISERS = [name for name in KINDS if name != "classifier"]


def trial(kind: str = "uniform") -> TrialConfig:
    sections = {"model": {"width": 8}, **KINDS[kind]}
    return parse_trial({
        **sections,
        "grammar": {"num_features": 4, "num_classes": 3, "num_synonyms": 2, "num_layers": 2, "seed_rules": 5},
        "diffusion": {"timesteps": 10, **sections.get("diffusion", {})},
        "training": {"train_size": 8, "test_size": 4, "seed": 3},
        "evaluation": {"num_samples": 50, "loss_pairs": 20},
    })  # fmt: skip


def trained(folder: Path, kind: str = "uniform") -> TrainedModel:
    config = trial(kind)
    save_model(folder / "model.safetensors", config, 7, initial_model(config).state_dict())
    return load_trained(folder / "model.safetensors")


@pytest.mark.parametrize("kind", DENOISERS)
def test_a_string_depends_on_its_seed_and_place_alone(tmp_path: Path, kind: str) -> None:
    model = trained(tmp_path, kind)
    few, more = model.sample(5, seed=1), model.sample(40, seed=1)
    assert few.dtype == np.uint8
    assert more.shape == (40, 4)
    assert more.max() < 4
    np.testing.assert_array_equal(few, more[:5])
    assert (model.sample(40, seed=2) != more).any()


@pytest.mark.parametrize("kind", KINDS)
def test_the_metrics_are_those_of_training(tmp_path: Path, kind: str) -> None:
    config = trial(kind)
    grammar = make_grammar(config.grammar)
    data = make_dataset(grammar, 8, 4, config.training.seed_sample)
    trainer = PackTrainer([config], [data.train], train_classes=[data.train_classes])
    trainer.train(3)
    recorded = PackEvaluator([config], [grammar], [data], trainer).evaluate(trainer)[0]
    save_model(tmp_path / "m.safetensors", config, 3, trainer.denoiser.model.member_state(0))
    model = load_trained(str(tmp_path / "m.safetensors"))
    assert (model.config, model.step) == (config, 3)
    assert model.metrics() == pytest.approx(recorded, rel=1e-6, nan_ok=True)
    assert model.metrics(seed=9)["train_loss"] != recorded["train_loss"]
    assert {"test_accuracy_time_4", "train_accuracy"} <= recorded.keys() or kind != "classifier"


def test_metrics_may_be_measured_otherwise(tmp_path: Path) -> None:
    model, told = trained(tmp_path), []
    metrics = model.metrics(num_samples=30, sampling_steps=5, on_step=told.append)
    assert sum(told) == 30 * 5
    assert metrics["copies"] * 30 == pytest.approx(round(metrics["copies"] * 30))
    assert metrics["train_loss"] == model.metrics()["train_loss"] != model.metrics(loss_pairs=10)["train_loss"]
    with pytest.raises(ConfigError, match="`sampling_steps` is 11, but must be <= timesteps = 10"):
        model.metrics(sampling_steps=11)


@pytest.mark.parametrize("kind", KINDS)
def test_probabilities_are_those_of_x_0_or_of_the_class(tmp_path: Path, kind: str) -> None:
    model = trained(tmp_path, kind)
    t = torch.tensor([1, 2, 3, 4, 5, 8, 9, 10])
    x_t = model.noised(model.training_strings(), t)
    found = model.probabilities(x_t, t)
    assert found.shape == ((8, 3) if kind == "classifier" else (8, 4, 4))
    if kind != "noise":
        torch.testing.assert_close(found.sum(-1), torch.ones(found.shape[:-1]))
        assert float(found.min()) >= 0
    torch.testing.assert_close(model.probabilities(x_t[2:3], 3), found[2:3])
    assert not torch.allclose(found[:1], model.probabilities(x_t[:1], 10), atol=1e-7) or kind == "masked"


def test_predictions_of_noise_are_turned_into_x_0(tmp_path: Path) -> None:
    model = trained(tmp_path, "noise")
    x_t = model.noised(model.training_strings(), 6)
    noise = model.denoiser(x_t[None], torch.full((1, 8), 6))[0]
    alpha_bar = model.denoiser.process.alpha_bar[0, 6]
    again = alpha_bar.sqrt() * model.probabilities(x_t, 6) + (1 - alpha_bar).sqrt() * noise
    torch.testing.assert_close(again, x_t)


def test_noise_depends_on_its_seed(tmp_path: Path) -> None:
    model = trained(tmp_path)
    strings = model.training_strings()
    assert torch.equal(model.noised(strings, 10), model.noised(strings, 10))
    assert not torch.equal(model.noised(strings, 10), model.noised(strings, 10, seed=1))


def test_what_cannot_be_asked_is_said(tmp_path: Path) -> None:
    model, classifier = trained(tmp_path), trained(tmp_path, "classifier")
    with pytest.raises(UsageError, match="the model is a classifier: it predicts classes and has no samples"):
        classifier.sample(3)
    with pytest.raises(UsageError, match="`count` is 0 and `seed` is 0, but they must be >= 1 and >= 0"):
        model.sample(0)
    with pytest.raises(UsageError, match=r"x_t has the shape \(2, 5\), but must be \(N, 4\)"):
        model.probabilities(torch.zeros(2, 5), 3)
    with pytest.raises(UsageError, match=r"x_t has tokens 0..4, but they must be in 0..3"):
        model.probabilities(torch.tensor([[0, 4, 0, 0]]), 3)
    with pytest.raises(UsageError, match=r"t is 11..11, but must be in 1..T = 10"):
        model.probabilities(torch.zeros(2, 4), 11)
    with pytest.raises(UsageError, match=r"must be \(N, 4, 4\)"):
        trained(tmp_path, "gaussian").probabilities(torch.zeros(2, 4), 3)
    with pytest.raises(CheckpointError, match=r"nowhere\.safetensors"):
        load_trained(tmp_path / "nowhere.safetensors")
