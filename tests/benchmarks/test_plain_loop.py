"""The baseline computes what the product computes, and learns the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import one_hot

from rhm_sweeps.evaluation.evaluator import PackEvaluator
from rhm_sweeps.grammar import make_grammar
from rhm_sweeps.training.batches import draw_strings
from rhm_sweeps.training.loop import PackTrainer

SEEDS = range(6)
STEPS = 192


@pytest.fixture(scope="module")
def sides(load):
    return load("sides")


@pytest.fixture(scope="module")
def plain_loop(load):
    return load("plain_loop")


def tree(steps: int = 1):
    return {
        "grammar": {"num_features": 4, "num_classes": 4, "num_synonyms": 2, "num_layers": 3, "seed_rules": 1},
        "diffusion": {"timesteps": 20},
        "model": {"width": 16},
        "training": {"train_size": 128, "test_size": 128, "steps": steps, "batch_size": 32, "learning_rate": 1e-2},
        "evaluation": {"num_samples": 8, "loss_pairs": 2048},
    }


def as_ours(model, width: int, size: int) -> dict[str, torch.Tensor]:
    """The filters of the plain network, laid out as the product's weights, (inputs, outputs)."""
    weights = {"embed.weight": model.embed[0].filter[:, :, 0].T, "readout.weight": model.readout.filter[:, :, 0].T}
    for level, block in enumerate(model.down):
        weights[f"down.{level}.linear.weight"] = block[0].filter.permute(2, 1, 0).reshape(size * width, width)
    for level, block in enumerate(model.up):
        weights[f"up.{level}.linear.weight"] = block[0].filter.permute(0, 2, 1).reshape(2 * width, size * width)
    return weights


def test_both_networks_are_the_same_function(sides, plain_loop):
    config = sides.seeded(tree(), 0)
    data = draw_strings(make_grammar(config.grammar), config.training)
    plain, pack = plain_loop.PlainLoop(config, data.train, data.test), PackTrainer([config], [data.train])
    weights = as_ours(plain.model, config.model.width, config.grammar.tuple_size)
    with torch.no_grad():
        for name, parameter in pack.denoiser.model.parameters.items():
            if name in weights:
                parameter.copy_(weights.pop(name)[None])
        assert not weights
        x_t, t = torch.from_numpy(data.test[:20]).long(), torch.arange(1, 21)
        expected = plain.model(one_hot(x_t, 4).float().transpose(1, 2), t).transpose(1, 2)
        torch.testing.assert_close(pack.denoiser(x_t[None], t[None])[0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.long
def test_both_learn_the_same(sides, plain_loop):
    """Test losses of several seeds after some steps: their means agree within the spread of seeds, far below the first loss."""
    configs = [sides.seeded(tree(STEPS), seed) for seed in SEEDS]
    grammar = make_grammar(configs[0].grammar)
    data = draw_strings(grammar, configs[0].training)
    pack = PackTrainer(configs, [data.train] * len(SEEDS))
    evaluator = PackEvaluator(configs, [grammar] * len(SEEDS), [data] * len(SEEDS), pack)
    first = np.array([member["test_loss"] for member in evaluator.evaluate(pack)])
    pack.train(STEPS)
    ours = np.array([member["test_loss"] for member in evaluator.evaluate(pack)])
    plain = np.array(
        [_plain_loss(plain_loop.PlainLoop(config, data.train, data.test, seed)) for seed, config in enumerate(configs)]
    )
    error = np.hypot(ours.std(ddof=1), plain.std(ddof=1)) / len(SEEDS) ** 0.5
    assert abs(ours.mean() - plain.mean()) < 3 * error
    assert error < 0.1 * (first.mean() - ours.mean())


def _plain_loss(loop) -> float:
    loop.train(STEPS)
    with torch.no_grad():
        return float(torch.stack([loop.loss(loop.test_set) for _ in range(16)]).mean())
