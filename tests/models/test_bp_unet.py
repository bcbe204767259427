"""bp_unet against a plain implementation with convolutions on one-hot strings."""

import math

import pytest
import torch
from torch.nn.functional import conv1d, conv_transpose1d, gelu, layer_norm, one_hot

from rhm_sweeps.config import parse_trial
from rhm_sweeps.diffusion.noise_schedules import alpha_bar_table
from rhm_sweeps.models import build_model
from rhm_sweeps.training.packs import initial_model


def config(**model):
    grammar = {
        "num_features": 5,
        "num_classes": 4,
        "num_synonyms": 2,
        "num_layers": 3,
        "tuple_size": model.pop("tuple_size", 2),
    }
    data = {"train_size": 8, "test_size": 8}
    return parse_trial(
        {"grammar": grammar, "model": {"width": 12, **model}, "diffusion": {"timesteps": 20}, "training": data}
    )


def normalized(x):
    return layer_norm(x.transpose(1, 2), x.shape[1:2]).transpose(1, 2)


def by_convolutions(model, alpha_bar, x_t, t):
    """The network as a convolutional U-Net: filters (out, in, k), divided by sqrt(fan_in) after each layer."""
    v, s, w = model.vocabulary, model.tuple_size, model.width
    present = alpha_bar[1:] + (1 - alpha_bar[1:]) / v
    std = ((alpha_bar[1:] + (1 - alpha_bar[1:]) / v**2).mean() - present.mean() ** 2).sqrt()
    a = alpha_bar[t][:, None, None]
    x = ((a * one_hot(x_t, v).transpose(1, 2) + (1 - a) / v - present.mean()) / std).float()
    x = gelu(conv1d(x, model.embed.weight.T[..., None]) / math.sqrt(v))
    skips = [x]
    for block in model.down:
        filters = block.linear.weight.reshape(s, w, w).permute(2, 1, 0)
        x = gelu(normalized(conv1d(x, filters, stride=s) / math.sqrt(s * w)))
        skips.append(x)
    for block in model.up:
        filters = block.linear.weight.reshape(2 * w, s, w).permute(0, 2, 1)
        x = gelu(normalized(conv_transpose1d(torch.cat((x, skips.pop()), 1), filters, stride=s) / math.sqrt(s * 2 * w)))
    x = conv1d(torch.cat((x, skips.pop()), 1), model.readout.weight.T[..., None]) / (2 * w)
    return x.transpose(1, 2)


@pytest.mark.parametrize("tuple_size", [2, 3])
def test_equals_the_convolutional_network(tuple_size):
    trial = config(tuple_size=tuple_size)
    model = initial_model(trial)
    generator = torch.Generator().manual_seed(0)
    x_t = torch.randint(5, (7, tuple_size**3), generator=generator)
    t = torch.randint(1, 21, (7,), generator=generator)
    torch.testing.assert_close(
        model(x_t, t), by_convolutions(model, alpha_bar_table(trial.diffusion), x_t, t), rtol=1e-4, atol=1e-6
    )


def test_has_about_6_l_w_squared_parameters():
    trial = parse_trial({"model": {"width": 256}})
    count = sum(parameter.numel() for parameter in build_model(trial).parameters())
    assert count == pytest.approx(6 * 3 * 256**2, rel=0.02)


def test_weights_start_standard_normal_and_follow_the_seed():
    first, again = (initial_model(parse_trial({"training": {"seed": 5}})) for _ in range(2))
    other = initial_model(parse_trial({"training": {"seed": 6}}))
    weights = first.down[0].linear.weight.detach()
    assert abs(float(weights.mean())) < 0.03
    assert abs(float(weights.std()) - 1) < 0.03
    assert torch.equal(weights, again.down[0].linear.weight)
    assert not torch.equal(weights, other.down[0].linear.weight)


def test_the_original_time_input_ignores_the_diffusions_own_betas():
    levels = [build_model(config(time_input=name)).present for name in ("original", "diffusion")]
    assert levels[0].shape == levels[1].shape == (21,)
    changed = parse_trial({**config(time_input="original").model_dump(), "diffusion": {"timesteps": 20, "beta2": 0.5}})
    assert torch.equal(build_model(changed).present, levels[0])
    assert not torch.equal(levels[0], levels[1])
