"""Batches: whose strings, in which order, at which times."""

import numpy as np
import pytest
import torch

from rhm_sweeps.config import DiffusionConfig, parse_trial
from rhm_sweeps.streams import Streams
from rhm_sweeps.training.batches import draw_times
from rhm_sweeps.training.loop import PackTrainer

STRINGS = np.random.default_rng(0).integers(0, 4, (40, 4)).astype(np.uint8)
CLASSES = np.arange(40)


def trial(seed, train_size=16, diffusion=None, **training):
    return parse_trial({
        "grammar": {"num_features": 4, "num_classes": 4, "num_synonyms": 2, "num_layers": 2},
        "diffusion": {"timesteps": 20, **(diffusion or {})},
        "model": {"width": 8},
        "training": {"train_size": train_size, "test_size": 4, "batch_size": 8, "seed": seed, **training},
    })  # fmt: skip


def trainer(*members):
    sizes = [member.training.train_size for member in members]
    return PackTrainer(members, [STRINGS[:size] for size in sizes], "cpu", [CLASSES[:size] for size in sizes])


@pytest.mark.parametrize("batches", ["replacement", "epoch"])
def test_batches_hold_strings_of_their_own_member_with_their_classes(batches):
    members = [trial(0, batches=batches), trial(1, 5, batches=batches)]
    drawn = trainer(*members).draw_batches(50)
    for k, member in enumerate(members):
        picks = drawn.classes[k].flatten()
        assert set(picks.tolist()) == set(range(member.training.train_size))
        assert torch.equal(drawn.x_0[k].reshape(-1, 4), torch.from_numpy(STRINGS[picks]).long())


def test_each_pass_takes_every_string_once_in_a_new_order():
    pack = trainer(trial(0, 12, batches="epoch"), trial(1, 5, batches="epoch"))
    drawn = pack.draw_batches(15).classes  # 120 strings: 10 passes over 12 strings, 24 over 5
    for k, size in enumerate((12, 5)):
        passes = drawn[k].flatten().reshape(-1, size)
        assert all(sorted(order) == list(range(size)) for order in passes.tolist())
        assert len({tuple(order) for order in passes.tolist()}) > 1


def test_a_pass_goes_on_over_a_resume():
    whole = trainer(trial(0, 12, batches="epoch")).draw_batches(9).classes
    later = trainer(trial(0, 12, batches="epoch"))
    later.step = 4
    assert torch.equal(later.draw_batches(5).classes, whole[:, 4:])


def test_trajectories_noise_each_string_several_times():
    drawn = trainer(trial(0, diffusion={"n_trajectories": 3})).draw_batches(6)
    assert drawn.t.shape == (1, 6, 24)
    strings = drawn.classes.reshape(1, 6, 8, 3)
    assert torch.equal(strings, strings[..., :1].expand_as(strings))
    assert len(set(drawn.t[0, 0, :3].tolist()) | set(drawn.t[0, 1, :3].tolist())) > 2


def test_uniform_times_cover_all():
    t = draw_times(DiffusionConfig(timesteps=10), Streams([0]).words("time", torch.zeros(1), 20_000))
    counts = torch.bincount(t.flatten(), minlength=11)
    assert counts[0] == 0
    assert counts[1:].float().tolist() == pytest.approx([2000] * 10, rel=0.1)


def test_clipped_normal_times():
    config = DiffusionConfig(timesteps=200, time_distribution="clipped_normal", time_mean=0.7, time_std=0.1)
    t = draw_times(config, Streams([0]).words("time", torch.zeros(1), 40_000)).float()
    assert float(t.mean()) == pytest.approx(140, abs=0.5)
    assert float(t.std()) == pytest.approx(20, rel=0.02)
    wide = DiffusionConfig(timesteps=200, time_distribution="clipped_normal", time_std=10.0)
    clipped = draw_times(wide, Streams([0]).words("time", torch.zeros(1), 4000))
    assert (int(clipped.min()), int(clipped.max())) == (1, 200)
