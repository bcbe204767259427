"""The loop: a member's trajectory does not depend on its pack, on compaction, or on an interruption."""

import numpy as np
import pytest
import torch

from rhm_sweeps.config import parse_trial
from rhm_sweeps.training.checkpoints import load_checkpoint, save_checkpoint
from rhm_sweeps.training.loop import PackTrainer

STRINGS = np.random.default_rng(0).integers(0, 4, (40, 4)).astype(np.uint8)


def trial(seed, train_size=16, precision="float32", beta2=0.1):
    return parse_trial({
        "grammar": {"num_features": 4, "num_classes": 4, "num_synonyms": 2, "num_layers": 2},
        "diffusion": {"timesteps": 20, "beta2": beta2},
        "model": {"width": 16},
        "training": {"train_size": train_size, "test_size": 4, "batch_size": 8, "seed": seed, "precision": precision},
    })  # fmt: skip


MEMBERS = [trial(0), trial(1, 8), trial(2, 5, beta2=0.3)]


def trainer(*members):
    return PackTrainer(members, [STRINGS[: member.training.train_size] for member in members])


def test_packed_alone_and_resumed_losses_agree_to_float32_rounding(tmp_path):
    packed = trainer(*MEMBERS).train(60)
    for k, member in enumerate(MEMBERS):
        torch.testing.assert_close(trainer(member).train(60)[0], packed[k], rtol=2e-4, atol=1e-6)
    first = trainer(*MEMBERS)
    first.train(25)
    save_checkpoint(tmp_path / "step-25.ckpt", first.state_dict())
    resumed = trainer(*MEMBERS)
    resumed.load_state_dict(load_checkpoint(tmp_path / "step-25.ckpt"))
    assert resumed.step == 25
    assert torch.equal(resumed.train(35), packed[:, 25:])


def test_compaction_leaves_the_others_alone():
    whole = trainer(*MEMBERS).train(40)
    compacted = trainer(*MEMBERS)
    compacted.train(20)
    compacted.select([2, 0])
    torch.testing.assert_close(compacted.train(20), whole[[2, 0], 20:], rtol=2e-4, atol=1e-6)


def test_draws_are_identical_alone_and_packed():
    packed = trainer(*MEMBERS).draw_batches(7)
    for k, member in enumerate(MEMBERS):
        alone = trainer(member).draw_batches(7)
        for ours, theirs in zip(vars(alone).values(), vars(packed).values(), strict=True):
            assert torch.equal(ours[0], theirs[k])


def test_batches_hold_training_strings_of_their_own_member_only():
    batches = trainer(*MEMBERS).draw_batches(50)
    for k, member in enumerate(MEMBERS):
        allowed = {bytes(string) for string in STRINGS[: member.training.train_size]}
        drawn = {bytes(string) for string in batches.x_0[k].reshape(-1, 4).numpy().astype(np.uint8)}
        assert drawn <= allowed
        assert len(drawn) == len(allowed)
    assert int(batches.t.min()) == 1
    assert int(batches.t.max()) == 20


def test_one_step_is_adams_on_the_mean_loss():
    ours = trainer(MEMBERS[0])
    before = {name: tensor.detach().clone() for name, tensor in ours.model.parameters.items()}
    batches = ours.draw_batches(1)
    ours.losses(batches.x_0[:, 0], batches.x_t[:, 0], batches.t[:, 0]).mean().backward()
    gradients = {name: tensor.grad.clone() for name, tensor in ours.model.parameters.items()}
    ours.train(1)
    for name, tensor in ours.model.parameters.items():
        step = 0.01 * gradients[name] / (gradients[name].abs() + 1e-8)  # Adam's first step is the sign of the gradient
        torch.testing.assert_close(tensor.detach(), before[name] - step, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_training_lowers_the_loss(precision):
    losses = trainer(trial(0, precision=precision)).train(300)[0]
    assert float(losses[-50:].mean()) < 0.9 * float(losses[:50].mean())
