"""Evaluation of packs: what is reported of whom, and when."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.evaluation import evaluator as evaluator_module
from rhm_sweeps.evaluation.evaluator import PackEvaluator, evaluation_steps
from rhm_sweeps.evaluation.fixed_pairs import ROWS_PER_CALL
from rhm_sweeps.grammar import Dataset, Grammar, make_dataset, make_grammar
from rhm_sweeps.training.loop import PackTrainer

from ..device_watch import DEVICE, Watch


def trial(seed: int = 0, test_size: int = 4, model: dict[str, Any] | None = None, **evaluation: Any) -> TrialConfig:
    return parse_trial({
        "grammar": {"num_features": 4, "num_classes": 4, "num_synonyms": 2, "num_layers": 2},
        "diffusion": {"timesteps": 20},
        "model": {"width": 8, "embedding_size": 8, "num_heads": 2, "feedforward_size": 8, **(model or {})},
        "training": {"train_size": 8, "test_size": test_size, "batch_size": 8, "seed": seed, "seed_sample": seed},
        "evaluation": {"num_samples": 32, "loss_pairs": 64, **evaluation},
    })  # fmt: skip


def data(config: TrialConfig) -> tuple[Grammar, Dataset]:
    grammar, training = make_grammar(config.grammar), config.training
    return grammar, make_dataset(grammar, training.train_size, training.test_size, training.seed_sample)


def pack(*configs: TrialConfig, device: str = "cpu") -> tuple[PackTrainer, PackEvaluator]:
    grammars, datasets = zip(*map(data, configs), strict=True)
    classes = [dataset.train_classes for dataset in datasets]
    trainer = PackTrainer(configs, [dataset.train for dataset in datasets], device, classes)
    return trainer, PackEvaluator(configs, grammars, datasets, trainer)


@pytest.mark.parametrize(
    ("steps", "per_doubling", "expected"),
    [(1, 1, [1]), (8, 1, [1, 2, 4, 8]), (10, 1, [1, 2, 4, 8, 10]), (8, 2, [1, 2, 3, 4, 6, 8])],
)
def test_evaluation_points_are_log2_spaced_and_end_at_the_last_step(
    steps: int, per_doubling: int, expected: list[int]
) -> None:
    assert evaluation_steps(steps, per_doubling) == expected


def test_a_uniformly_random_sampler_is_valid_at_chance() -> None:
    """Before training the samples are nearly uniform strings, so level-1 validity is near m / v**(s-1) = 1/2."""
    trainer, evaluator = pack(trial(num_samples=400))
    metrics = evaluator.evaluate(trainer)[0]
    assert metrics["validity_1"] == pytest.approx(0.5, abs=0.1)
    assert metrics["train_loss"] == pytest.approx(metrics["test_loss"], rel=0.2)
    assert metrics["log_likelihood"] == pytest.approx(-np.log(trial().grammar.p_max))


@pytest.mark.parametrize(("model", "fetches"), [("bp_unet", 6), ("classifier", 6)])
def test_an_evaluation_waits_for_the_device_a_few_times(
    model: str, fetches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For values and times of either split, the samples, and what they will ask: not for a denoising step, nor for a member."""
    monkeypatch.setitem(ROWS_PER_CALL, DEVICE, 32 * 3 * 4)
    trainer, evaluator = pack(*(trial(k, model={"name": model}, time_windows=3) for k in range(3)), device=DEVICE)
    fetched = []

    def fetch(values: torch.Tensor) -> torch.Tensor:
        fetched.append(values.device.type)
        return torch.ones(values.shape, dtype=values.dtype)

    monkeypatch.setattr(torch.Tensor, "cpu", fetch)
    with Watch() as watch:
        evaluator.evaluate(trainer)
    assert watch.across == []
    assert fetched == [DEVICE] * fetches


def test_losses_by_time_average_to_the_loss() -> None:
    trainer, evaluator = pack(trial(time_windows=2))
    metrics = evaluator.evaluate(trainer)[0]
    for split in ("train", "test"):
        parts = [metrics[f"{split}_loss_time_{window}"] for window in (1, 2)]
        assert np.mean(parts) == pytest.approx(metrics[f"{split}_loss"])
    assert "test_loss_time_3" not in metrics


def test_without_test_strings_their_losses_are_unknown() -> None:
    trainer, evaluator = pack(trial(test_size=0))
    metrics = evaluator.evaluate(trainer)[0]
    of_test = {name: value for name, value in metrics.items() if name.startswith("test_")}
    assert len(of_test) == 5
    assert all(np.isnan(list(of_test.values())))
    assert np.isfinite(metrics["train_loss"])


def test_a_classifier_has_accuracies_and_no_samples() -> None:
    trainer, evaluator = pack(trial(model={"name": "classifier"}, time_windows=1))
    names = {f"{split}_{name}" for split in ("train", "test") for name in ("loss", "accuracy")}
    assert set(evaluator.evaluate(trainer)[0]) == {*names, *(f"{name}_time_1" for name in names), "loss_ratio_error"}


def test_selecting_members_keeps_their_metrics() -> None:
    trainer, evaluator = pack(trial(0), trial(1), trial(2))
    before = evaluator.evaluate(trainer)
    trainer.select([2, 0])
    evaluator.select([2, 0])
    after = evaluator.evaluate(trainer)
    assert after[0] == pytest.approx(before[2], rel=1e-4, nan_ok=True)
    assert after[1] == pytest.approx(before[0], rel=1e-4, nan_ok=True)


def test_the_device_gets_work_before_python_looks_at_the_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer, evaluator = pack(trial(0), trial(1))
    expected, order = evaluator.evaluate(trainer), []
    look = evaluator_module.string_metrics
    monkeypatch.setattr(evaluator_module, "string_metrics", lambda *of: order.append("look") or look(*of))

    def meanwhile() -> None:
        order.append("train")
        trainer.train(3)

    assert repr(evaluator.evaluate(trainer, meanwhile=meanwhile)) == repr(expected)
    assert order == ["train", "look", "look"]
