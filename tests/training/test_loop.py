"""The loop: a member's trajectory does not depend on its pack, on compaction, or on an interruption."""

import numpy as np
import pytest
import torch

from rhm_sweeps.config import parse_trial
from rhm_sweeps.training.checkpoints import load_checkpoint, save_checkpoint
from rhm_sweeps.training.loop import PackTrainer

STRINGS = np.random.default_rng(0).integers(0, 4, (40, 4)).astype(np.uint8)
CLASSES = np.random.default_rng(1).integers(0, 4, 40)


def trial(seed, train_size=16, **sections):
    """A tiny trial; `beta2` is one in which members of a pack may differ."""
    trial = {
        "grammar": {"num_features": 4, "num_classes": 4, "num_synonyms": 2, "num_layers": 2, "seed_rules": seed},
        "diffusion": {"timesteps": 20},
        "model": {"width": 16},
        "training": {"train_size": train_size, "test_size": 4, "batch_size": 8, "seed": seed, "steps": 60},
    }
    return parse_trial({name: {**fields, **sections.get(name, {})} for name, fields in trial.items()})


def members(**sections):
    """Three trials, in the variant `own` with rates of their own."""
    own = sections.pop("own", [])
    if own:
        return [
            trial(k, **{**sections, "training": {**sections.get("training", {}), **one}}) for k, one in enumerate(own)
        ]
    diffusion = sections.get("diffusion", {})
    other = {} if "noise_schedule" in diffusion else {"beta2": 0.3}
    third = trial(2, 5, **{**sections, "diffusion": {**diffusion, **other}})
    return [trial(0, **sections), trial(1, 8, **sections), third]


MEMBERS = members()
TRANSFORMER = {"embedding_size": 8, "num_heads": 2, "feedforward_size": 16, "encoder_layers": 1}
OWN_RATES = [
    {"learning_rate": 0.02, "weight_decay": 0.1},
    {"learning_rate": 0.003, "lr_schedule": "step", "lr_decay_steps": 7},
    {"learning_rate": 0.005, "lr_schedule": "cosine", "warmup_steps": 5},
]
VARIANTS = {
    "uniform": {},
    "masked": {"diffusion": {"process": "masked", "noise_schedule": "log_linear"}},
    "gaussian": {"diffusion": {"process": "gaussian"}},
    "noise": {"diffusion": {"process": "gaussian", "target": "noise", "n_trajectories": 2}},
    "exact_score": {"diffusion": {"process": "gaussian", "target": "exact_score"}, "training": {"gradient_clip": 1.0}},
    "transformer": {"model": {"name": "transformer", **TRANSFORMER, "dropout": 0.2}},
    "classifier": {"model": {"name": "classifier", **TRANSFORMER}, "diffusion": {"process": "masked"}},
    "constraint": {"model": {"constraint": "tuples", "bias": True}},
    "everything": {
        "training": {
            "optimizer": "adamw",
            "weight_decay": 0.01,
            "lr_schedule": "cosine",
            "warmup_steps": 5,
            "gradient_clip": 0.5,
            "label_smoothing": 0.1,
            "illegal_penalty": 0.3,
            "batches": "epoch",
            "accumulation": 2,
        }
    },
    "sgd": {"training": {"optimizer": "sgd", "momentum": 0.9, "lr_schedule": "step", "lr_decay_steps": 20}},
    "own adam": {"own": OWN_RATES},
    "own adamw": {"training": {"optimizer": "adamw", "gradient_clip": 0.5}, "own": OWN_RATES},
    "own sgd": {"training": {"optimizer": "sgd", "momentum": 0.9}, "own": OWN_RATES},
}


def trainer(*members):
    sizes = [member.training.train_size for member in members]
    return PackTrainer(members, [STRINGS[:size] for size in sizes], "cpu", [CLASSES[:size] for size in sizes])


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
    ours.denoiser.losses(ours.draw_batches(1).step(0)).mean().backward()
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
