"""The sizes that papers use, and the ends of the range: grammar, strings, inference, training and sampling run at each."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.evaluation.evidence import token_evidence
from rhm_sweeps.grammar import Parser, WeightedGrammar, leaf_cavities, make_dataset, make_grammar, marginals
from rhm_sweeps.packs.pack_run import PackRun

SIZES = [
    (8, 3, 2, 3),
    (8, 3, 2, 9),
    (10, 3, 2, 4),
    (16, 4, 2, 4),
    (32, 8, 2, 4),
    (64, 8, 2, 3),
    (8, 4, 3, 4),
    (64, 16, 3, 2),
    (255, 2, 2, 2),
]
"""(v, m, s, L), with as many classes as symbols."""


def trial(v: int, m: int, s: int, layers: int, **model: str | int) -> TrialConfig:
    return parse_trial({
        "grammar": {"num_features": v, "num_classes": v, "num_synonyms": m, "tuple_size": s, "num_layers": layers},
        "diffusion": {"timesteps": 4},
        "model": {"width": 8, "embedding_size": 8, "num_heads": 2, "feedforward_size": 8, **model},
        "training": {"train_size": 8, "test_size": 4, "steps": 1, "batch_size": 4},
        "evaluation": {"num_samples": 4, "sampling_steps": 2, "loss_pairs": 4},
    })  # fmt: skip


def name(size: tuple[int, ...]) -> str:
    return "v{}-m{}-s{}-L{}".format(*size)


@pytest.mark.parametrize("size", SIZES, ids=name)
def test_strings_parse_and_belief_propagation_knows_what_it_sees(size: tuple[int, int, int, int]) -> None:
    config = trial(*size).grammar
    grammar = make_grammar(config)
    data = make_dataset(grammar, 3, 0, seed_sample=0)
    assert data.train.shape == (3, config.tuple_size**config.num_layers)
    parsed = Parser(grammar).parse(data.train)
    assert parsed.valid.all()
    assert (parsed.classes == data.train_classes).all()
    x_0 = torch.from_numpy(data.train).long()
    weighted = WeightedGrammar.of(grammar)
    root, *_, leaves = marginals(weighted, token_evidence(x_0, 0.01, config.num_features))
    assert (root[:, 0].argmax(-1).numpy() == data.train_classes).all()
    assert (leaves.argmax(-1) == x_0).all()
    cavities = leaf_cavities(weighted, torch.zeros(1, x_0.shape[1], config.num_features)).exp()
    assert np.allclose(cavities.sum(-1), 1)


@pytest.mark.parametrize("model", ["bp_unet", "transformer"])
@pytest.mark.parametrize("size", SIZES, ids=name)
def test_a_step_of_training_and_an_evaluation(size: tuple[int, int, int, int], model: str, tmp_path: Path) -> None:
    config = trial(*size, name=model)
    run = PackRun([config], tmp_path / "pack", tmp_path / "models")
    (point,) = [point for point in run.advance().points if point.step == 1]
    levels = [point.metrics[f"validity_{level}"] for level in range(1, config.grammar.num_layers + 1)]
    assert all(0 <= share <= 1 for share in levels)
    assert math.isfinite(point.metrics["train_loss"])
    assert math.isfinite(point.metrics["test_loss"])
    assert (tmp_path / "models" / f"{config.signature}.safetensors").is_file()
