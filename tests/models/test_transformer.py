"""Transformers against torch's own layers, and their dropout."""

import pytest
import torch
from torch import nn

from rhm_sweeps.config import parse_trial
from rhm_sweeps.errors import ConfigError
from rhm_sweeps.models.transformer import Attention, Dropout, Layer, time_features
from rhm_sweeps.streams import Streams
from rhm_sweeps.training.packs import initial_model

WORDS = Streams([0]).words("dropout", torch.zeros(1), 400)[0, 0]


def trial(**model):
    return parse_trial({
        "grammar": {"num_features": 5, "num_classes": 4, "num_synonyms": 2, "num_layers": 2},
        "model": {"name": "transformer", "embedding_size": 12, "num_heads": 3, "feedforward_size": 20, **model},
        "diffusion": {"timesteps": 20},
        "training": {"train_size": 8, "test_size": 8},
    })  # fmt: skip


def filled(module):
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / 3)
    return module


def copy_attention(theirs, ours):
    parts = (ours.query, ours.key, ours.value)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([part.weight.T for part in parts]))
        theirs.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
        theirs.out_proj.weight.copy_(ours.out.weight.T)
        theirs.out_proj.bias.copy_(ours.out.bias)


def test_attention_is_torchs():
    ours, theirs = filled(Attention(12, 3, torch.float32)), nn.MultiheadAttention(12, 3, batch_first=True)
    copy_attention(theirs, ours)
    x, memory = torch.randn(2, 4, 12), torch.randn(2, 7, 12)
    torch.testing.assert_close(ours(x, memory), theirs(x, memory, memory)[0], rtol=1e-4, atol=1e-5)


def test_a_layer_is_torchs_decoder_layer_before_norm():
    ours = filled(Layer(trial(), torch.float32, crossed=True, site=0))
    theirs = nn.TransformerDecoderLayer(12, 3, 20, 0.0, "gelu", batch_first=True, norm_first=True)
    copy_attention(theirs.self_attn, ours.attend[0])
    copy_attention(theirs.multihead_attn, ours.attend[1])
    with torch.no_grad():
        for mine, other in zip(ours.norms, (theirs.norm1, theirs.norm2, theirs.norm3), strict=True):
            other.weight.copy_(mine.weight)
            other.bias.copy_(mine.bias)
        for mine, other in ((ours.expand, theirs.linear1), (ours.contract, theirs.linear2)):
            other.weight.copy_(mine.weight.T)
            other.bias.copy_(mine.bias)
    x, memory = torch.randn(2, 4, 12), torch.randn(2, 4, 12)
    torch.testing.assert_close(ours(x, memory, None), theirs(x, memory), rtol=1e-4, atol=1e-4)


def test_dropout_zeroes_its_share_and_keeps_the_mean():
    x = torch.ones(400, 5, 6)
    dropped = Dropout(0.3, 2)(x, WORDS)
    assert float((dropped == 0).float().mean()) == pytest.approx(0.3, abs=0.02)
    assert float(dropped.mean()) == pytest.approx(1, abs=0.03)
    assert float(dropped.max()) == pytest.approx(1 / 0.7)


def test_dropout_differs_between_strings_and_places_and_follows_its_words():
    x, drop = torch.ones(400, 30), Dropout(0.5, 0)
    dropped = drop(x, WORDS)
    assert torch.equal(dropped, drop(x, WORDS))
    assert not torch.equal(dropped, Dropout(0.5, 1)(x, WORDS))
    assert len({tuple(row) for row in dropped.tolist()}) > 390
    assert torch.equal(drop(x, None), x)


def test_every_position_and_the_time_matter():
    model = initial_model(trial())
    x, t = torch.randn(1, 4, 5), torch.tensor([3])
    output = model(x, t)
    assert output.shape == (1, 4, 5)
    for position in range(4):
        changed = x.clone()
        changed[0, position] += 1
        assert not torch.allclose(model(changed, t)[0, 3 - position], output[0, 3 - position])
    assert not torch.allclose(model(x, torch.tensor([17])), output)
    assert not torch.allclose(model(x.flip(1), t), output.flip(1))


def test_first_predictions_are_nearly_uniform_at_any_size():
    for size in (12, 192):
        output = initial_model(trial(embedding_size=size))(torch.randn(64, 4, 5), torch.full((64,), 5))
        assert 0.03 < float(output.detach().std()) < 0.3


@pytest.mark.parametrize("channels", [2, 5, 8])
def test_times_have_features_that_tell_them_apart(channels):
    features = time_features(torch.arange(1, 201) / 200, channels)
    assert features.shape == (200, channels)
    assert float(torch.cdist(features, features).fill_diagonal_(1).min()) > 1e-3


def test_heads_must_divide_the_channels():
    with pytest.raises(ConfigError, match="`embedding_size` is 10, but must be a multiple of num_heads = 4"):
        trial(embedding_size=10, num_heads=4)
