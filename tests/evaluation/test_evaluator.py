"""Evaluation: fixed pairs, samples and string metrics against what they must be."""

import numpy as np
import pytest
import torch

from rhm_sweeps.config import parse_trial
from rhm_sweeps.diffusion.noise_schedules import alpha_bar_table
from rhm_sweeps.evaluation.evaluator import PackEvaluator, evaluation_steps
from rhm_sweeps.evaluation.fixed_pairs import fixed_pairs
from rhm_sweeps.evaluation.sampling import sample_strings
from rhm_sweeps.evaluation.string_metrics import string_metrics
from rhm_sweeps.grammar import Parser, StringSet, make_dataset, make_grammar
from rhm_sweeps.training.loop import PackTrainer


def trial(seed=0, train_size=8, **evaluation):
    return parse_trial({
        "grammar": {"num_features": 4, "num_classes": 4, "num_synonyms": 2, "num_layers": 2},
        "diffusion": {"timesteps": 20},
        "model": {"width": 8},
        "training": {"train_size": train_size, "test_size": 4, "batch_size": 8, "seed": seed},
        "evaluation": {"num_samples": 32, "loss_pairs": 64, **evaluation},
    })  # fmt: skip


def data(config):
    grammar = make_grammar(config.grammar)
    training = config.training
    return grammar, make_dataset(grammar, training.train_size, training.test_size, training.seed_sample)


def trainer(*configs):
    return PackTrainer(configs, [data(config)[1].train for config in configs])


@pytest.mark.parametrize(
    ("steps", "per_doubling", "expected"),
    [(1, 1, [1]), (8, 1, [1, 2, 4, 8]), (10, 1, [1, 2, 4, 8, 10]), (8, 2, [1, 2, 3, 4, 6, 8])],
)
def test_evaluation_points_are_log2_spaced_and_end_at_the_last_step(steps, per_doubling, expected):
    assert evaluation_steps(steps, per_doubling) == expected


def test_fixed_pairs_are_the_same_at_each_evaluation_and_cover_all_times():
    config = trial()
    strings = data(config)[1].train
    first, again = (fixed_pairs(trainer(config), [strings], 64) for _ in range(2))
    assert torch.equal(first.x_t, again.x_t)
    assert torch.equal(first.t, again.t)
    assert set(first.t.flatten().tolist()) == set(range(1, 21))
    assert np.array_equal(first.x_0[0, :8], strings)


def test_loss_on_fixed_pairs_is_the_mean_over_pairs():
    """In chunks or at once, and for each member its own."""
    pack = trainer(trial(0), trial(1))
    strings = [data(config)[1].train for config in (trial(0), trial(1))]
    pairs = fixed_pairs(pack, strings, 5000)
    with torch.no_grad():
        at_once = pack.losses(pairs.x_0, pairs.x_t, pairs.t).mean(1)
    torch.testing.assert_close(pairs.mean_loss(pack), at_once)


def test_samples_depend_on_neither_pack_nor_count():
    pack, alone = trainer(trial(0), trial(1)), trainer(trial(1))
    many = sample_strings(pack.model, pack.alpha_bar, pack.streams, 4, 4, 3000, 5)
    few = sample_strings(alone.model, alone.alpha_bar, alone.streams, 4, 4, 7, 5)
    assert many.shape == (2, 3000, 4)
    assert torch.equal(many[1, :7], few[0])
    assert not torch.equal(many[0], many[1])


def test_a_denoiser_that_knows_the_string_samples_it():
    class Oracle:
        members = 1

        def __call__(self, x_t, t):
            return 50.0 * torch.nn.functional.one_hot(torch.tensor([3, 1, 0, 2]), 4).expand(*x_t.shape, 4)

    streams = trainer(trial()).streams
    samples = sample_strings(Oracle(), alpha_bar_table(trial().diffusion).float()[None], streams, 4, 4, 50, None)
    assert torch.equal(samples, torch.tensor([3, 1, 0, 2]).expand(1, 50, 4))


def test_string_metrics_of_known_samples():
    config = trial()
    grammar, dataset = data(config)
    novel, copied = dataset.test[:3], dataset.train[:2]
    broken = dataset.train[:1].copy()
    parser = Parser(grammar)
    while parser.parse(broken).valid[0]:
        broken[0, 0] = (broken[0, 0] + 1) % 4
    metrics = string_metrics(np.concatenate([novel, copied, broken]), parser, StringSet(dataset.train), config)
    assert metrics["copies"] == pytest.approx(2 / 6)
    assert metrics["novel_valid"] == pytest.approx(3 / 6)
    assert metrics["validity_2"] == pytest.approx(5 / 6)
    assert metrics["excess_copies"] == pytest.approx(2 / 6 - 5 / 6 * 8 / config.grammar.p_max)
    nearest = [min(int((a != b).sum()) for b in dataset.train) for a in (*novel, *copied, *broken)]
    assert metrics["hamming"] == pytest.approx(np.mean(nearest))


def test_a_uniformly_random_sampler_is_valid_at_chance():
    """Before training the samples are nearly uniform strings, so level-1 validity is near m / v**(s-1) = 1/2."""
    config = trial(num_samples=4000)
    grammar, dataset = data(config)
    pack = trainer(config)
    metrics = PackEvaluator([config], [grammar], [dataset], pack).evaluate(pack)[0]
    assert metrics["validity_1"] == pytest.approx(0.5, abs=0.1)
    assert metrics["train_loss"] == pytest.approx(metrics["test_loss"], rel=0.2)


def test_selecting_members_keeps_their_metrics():
    configs = [trial(0), trial(1), trial(2)]
    grammars, datasets = zip(*map(data, configs), strict=True)
    pack = trainer(*configs)
    evaluator = PackEvaluator(configs, grammars, datasets, pack)
    before = evaluator.evaluate(pack)
    pack.select([2, 0])
    evaluator.select([2, 0])
    after = evaluator.evaluate(pack)
    assert after[0] == pytest.approx(before[2], rel=1e-4)
    assert after[1] == pytest.approx(before[0], rel=1e-4)
