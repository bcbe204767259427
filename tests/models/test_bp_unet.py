"""bp_unet against a plain implementation with convolutions on one-hot strings."""

import math

import pytest
import torch
from torch.nn.functional import conv1d, conv_transpose1d, gelu, layer_norm, one_hot

from rhm_sweeps.config import parse_trial
from rhm_sweeps.diffusion.noise_schedules import alpha_bar_table
from rhm_sweeps.diffusion.processes import make_process
from rhm_sweeps.errors import ConfigError
from rhm_sweeps.models import build_model
from rhm_sweeps.training.packs import initial_model


def config(**model):
    grammar = {
        "num_features": 5,
        "num_classes": 4,
        "num_synonyms": 2,
        "num_layers": model.pop("num_layers", 3),
        "tuple_size": model.pop("tuple_size", 2),
    }
    data = {"train_size": 8, "test_size": 8}
    return parse_trial(
        {"grammar": grammar, "model": {"width": 12, **model}, "diffusion": {"timesteps": 20}, "training": data}
    )


def normalized(x):
    return layer_norm(x.transpose(1, 2), x.shape[1:2]).transpose(1, 2)


def by_convolutions(model, alpha_bar, x_t, t, v, s, w):
    """The network as a convolutional U-Net: filters (out, in, k), divided by sqrt(fan_in) after each layer, then the bias."""
    present = alpha_bar[1:] + (1 - alpha_bar[1:]) / v
    std = ((alpha_bar[1:] + (1 - alpha_bar[1:]) / v**2).mean() - present.mean() ** 2).sqrt()
    a = alpha_bar[t][:, None, None]
    x = ((a * one_hot(x_t, v).transpose(1, 2) + (1 - a) / v - present.mean()) / std).float()

    def shifted(x, bias):
        return x if bias is None else x + bias[:, None]

    x = gelu(shifted(conv1d(x, model.embed.weight.T[..., None]) / math.sqrt(v), model.embed_bias))
    skips = [x]
    for block in model.down:
        filters = block.linear.weight.reshape(s, w, w).permute(2, 1, 0)
        x = gelu(normalized(shifted(conv1d(x, filters, stride=s) / math.sqrt(s * w), block.bias)))
        skips.append(x)
    for block in model.up:
        filters = block.linear.weight.reshape(2 * w, s, w).permute(0, 2, 1)
        x = conv_transpose1d(torch.cat((x, skips.pop()), 1), filters, stride=s) / math.sqrt(s * 2 * w)
        x = gelu(normalized(shifted(x, block.bias)))
    x = conv1d(torch.cat((x, skips.pop()), 1), model.readout.weight.T[..., None]) / (2 * w)
    return shifted(x, model.readout_bias).transpose(1, 2)


@pytest.mark.parametrize(
    ("shape", "filter_size"),
    [
        ({"tuple_size": 2}, 2),
        ({"tuple_size": 3}, 3),
        ({"tuple_size": 2, "bias": True}, 2),
        ({"tuple_size": 2, "depth": 2}, 2),
        ({"tuple_size": 2, "num_layers": 4, "filter_size": 4, "depth": 2}, 4),
    ],
)
def test_equals_the_convolutional_network(shape, filter_size):
    trial = config(**shape)
    model, process = initial_model(trial), make_process([trial])
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "bias" in name and "norm" not in name:
                parameter.copy_(torch.randn(parameter.shape, generator=generator))
    x_t = torch.randint(5, (7, trial.grammar.string_length), generator=generator)
    t = torch.randint(1, 21, (7,), generator=generator)
    ours = model(process.model_input(x_t[None], t[None])[0], t)
    expected = by_convolutions(model, alpha_bar_table(trial.diffusion), x_t, t, 5, filter_size, 12)
    torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-5)


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


def test_levels_that_do_not_divide_the_string_are_refused():
    with pytest.raises(ConfigError, match=r"`filter_size`\*\*`depth` is 3\*\*1 = 3, but must divide .* = 8"):
        config(filter_size=3, depth=1)
