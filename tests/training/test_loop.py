"""The loop: a member's trajectory does not depend on its pack, on compaction, or on an interruption."""

import pytest
import torch

from rhm_sweeps.training.checkpoints import load_checkpoint, save_checkpoint

from .pack_variants import MEMBERS, VARIANTS, members, trainer, trial


@pytest.mark.parametrize("variant", VARIANTS)
def test_packed_alone_resumed_and_compacted_losses_agree_to_float32_rounding(variant, tmp_path):
    pack = members(**VARIANTS[variant])
    packed = trainer(*pack).train(30)
    for k, member in enumerate(pack):
        torch.testing.assert_close(trainer(member).train(30)[0], packed[k], rtol=1e-3, atol=1e-5)
    first = trainer(*pack)
    first.train(13)
    save_checkpoint(tmp_path / "step-13.ckpt", first.state_dict())
    resumed = trainer(*pack)
    resumed.load_state_dict(load_checkpoint(tmp_path / "step-13.ckpt"))
    assert resumed.step == 13
    assert torch.equal(resumed.train(17), packed[:, 13:])
    first.select([2, 0])
    torch.testing.assert_close(first.train(17), packed[[2, 0], 13:], rtol=1e-3, atol=1e-5)


def test_draws_are_identical_alone_and_packed():
    packed = trainer(*MEMBERS).draw_batches(7)
    for k, member in enumerate(MEMBERS):
        alone = trainer(member).draw_batches(7)
        for ours, theirs in zip(vars(alone).values(), vars(packed).values(), strict=True):
            assert torch.equal(ours[0], theirs[k])


def test_one_step_is_adams_on_the_mean_loss():
    ours = trainer(MEMBERS[0])
    parameters = ours.denoiser.model.parameters
    before = {name: tensor.detach().clone() for name, tensor in parameters.items()}
    ours.denoiser.losses(ours.draw_batches(1).step(torch.tensor([0]))).mean().backward()
    gradients = {name: tensor.grad.clone() for name, tensor in parameters.items()}
    ours.train(1)
    for name, tensor in parameters.items():
        step = 0.01 * gradients[name] / (gradients[name].abs() + 1e-8)  # Adam's first step is the sign of the gradient
        torch.testing.assert_close(tensor.detach(), before[name] - step, rtol=1e-4, atol=1e-5)


def test_accumulated_parts_have_the_gradient_of_the_whole_batch():
    whole, parts = trainer(trial(0)), trainer(trial(0, training={"accumulation": 4}))
    torch.testing.assert_close(parts.train(20), whole.train(20), rtol=1e-3, atol=1e-6)


def test_weights_differ_by_what_is_configured():
    """No option is forgotten on its way to the loop."""
    plain = trainer(trial(0)).train(10)
    for option in (
        {"weight_decay": 0.5},
        {"label_smoothing": 0.1},
        {"illegal_penalty": 0.5},
        {"warmup_steps": 5},
        {"lr_schedule": "cosine"},
        {"gradient_clip": 1e-3},
        {"batches": "epoch"},
        {"precision": "bf16"},
    ):
        assert not torch.allclose(trainer(trial(0, training=option)).train(10), plain, rtol=1e-6)


def test_few_strings_are_noised_at_once_if_they_are_many_numbers():
    big = trainer(trial(0, diffusion={"process": "gaussian"}, training={"batch_size": 65_536}))
    assert big._chunk < trainer(MEMBERS[0])._chunk


@pytest.mark.parametrize("precision", ["float32", "bf16", "tf32"])
def test_training_lowers_the_loss(precision):
    losses = trainer(trial(0, training={"precision": precision, "steps": 300})).train(300)[0]
    assert float(losses[-50:].mean()) < 0.9 * float(losses[:50].mean())


def test_an_exploit_copies_weights_and_moments_and_gives_other_rates():
    pack, twin = trainer(trial(0), trial(1)), trainer(trial(0))
    pack.train(5)
    twin.train(5)
    pack.exploit([0, 0], [{}, {"learning_rate": 0.02}])
    state = pack.state_dict()
    stacked = [*state["parameters"].values(), *(moment["exp_avg_sq"] for moment in state["moments"].values())]
    assert all(torch.equal(tensor[0], tensor[1]) for tensor in stacked)
    assert [member.learning_rate for member in pack.training] == [0.01, 0.02]
    torch.testing.assert_close(pack.train(5)[0], twin.train(5)[0], rtol=1e-3, atol=1e-5)
    assert not torch.equal(*pack.denoiser.model.parameters["embed.weight"])


def test_exploited_rates_survive_a_restart():
    pack = trainer(trial(0), trial(1))
    pack.train(3)
    pack.exploit([0, 0], [{}, {"learning_rate": 0.02, "weight_decay": 0.1}])
    again = trainer(trial(0), trial(1))
    again.load_state_dict(pack.state_dict())
    assert torch.equal(again.train(4), pack.train(4))
