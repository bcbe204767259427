"""What holds for every process: members keep to themselves, and a sure network gives its string back."""

import pytest
import torch

from rhm_sweeps.config import parse_trial
from rhm_sweeps.diffusion.process import p_sample_loop
from rhm_sweeps.diffusion.processes import make_process
from rhm_sweeps.streams import Streams

PROCESSES = [
    {"process": "uniform"},
    {"process": "uniform", "noise_schedule": "cosine"},
    {"process": "masked", "noise_schedule": "log_linear"},
    {"process": "gaussian", "noise_schedule": "exponential"},
    {"process": "gaussian", "output": "probabilities", "noise_scale": 0.3},
]
V, D = 5, 4


def trial(seed=0, **diffusion):
    return parse_trial({
        "grammar": {"num_features": V, "num_classes": 4, "num_synonyms": 2, "num_layers": 2},
        "diffusion": {"timesteps": 12, **diffusion},
        "training": {"train_size": 8, "test_size": 8, "seed": seed},
    })  # fmt: skip


def words(process, purpose, count, seeds=(3,)):
    return Streams(seeds).words(purpose, torch.arange(count), D * process.words_per_token)


@pytest.mark.parametrize("diffusion", PROCESSES)
def test_a_network_that_is_sure_samples_its_string(diffusion):
    process, string = make_process([trial(**diffusion)]), torch.tensor([3, 1, 4, 0])
    factor = 1.0 if diffusion.get("output") == "probabilities" else 80.0
    samples = p_sample_loop(
        process,
        lambda x_t, t: factor * torch.nn.functional.one_hot(string, V).float().expand(1, 20, D, V),
        process.prior(words(process, "start", 20)),
        [12, 7, 3, 0],
        lambda t: words(process, f"t{t}", 20),
    )
    assert torch.equal(samples, string.expand(1, 20, D))


@pytest.mark.parametrize("diffusion", PROCESSES)
def test_members_keep_to_themselves(diffusion):
    """Noise, inputs, losses and steps of a member are the same alone, with another schedule beside it, and selected."""
    other = trial(1, **{**diffusion, "noise_schedule": "linear", "beta2": 0.4})
    alone, packed = make_process([trial(**diffusion)]), make_process([other, trial(**diffusion)])
    chosen = packed.select(torch.tensor([1]))
    x_0 = torch.randint(V, (1, 30, D), generator=torch.Generator().manual_seed(0))
    t = torch.randint(1, 13, (1, 30), generator=torch.Generator().manual_seed(1))
    output, noise = torch.randn(1, 30, D, V), words(alone, "noise", 30)
    x_t = alone.q_sample(x_0, t, noise)
    both = packed.q_sample(x_0.expand(2, -1, -1), t.expand(2, -1), noise.expand(2, -1, -1))
    assert torch.equal(both[1:], x_t)
    assert torch.equal(chosen.q_sample(x_0, t, noise), x_t)
    losses = packed.loss(output.expand(2, -1, -1, -1), x_0.expand(2, -1, -1), both, t.expand(2, -1))
    torch.testing.assert_close(losses[1:], alone.loss(output, x_0, x_t, t))
    inputs = packed.model_input(both, t.expand(2, -1))
    torch.testing.assert_close(inputs[1:], alone.model_input(x_t, t))
    step = packed.p_sample(output.expand(2, -1, -1, -1), both, 9, 5, noise.expand(2, -1, -1))
    torch.testing.assert_close(step[1:], alone.p_sample(output, x_t, 9, 5, noise))
    torch.testing.assert_close(packed.log_evidence(both, 6)[1:], alone.log_evidence(x_t, 6))


@pytest.mark.parametrize("diffusion", PROCESSES)
def test_label_smoothing_moves_the_best_prediction_away_from_certainty(diffusion):
    process = make_process([trial(**diffusion)])
    x_0 = torch.randint(V, (1, 200, D), generator=torch.Generator().manual_seed(0))
    t = torch.full((1, 200), 9)
    x_t = process.q_sample(x_0, t, words(process, "noise", 200))
    certain = torch.nn.functional.one_hot(x_0, V).float()
    smooth = 0.9 * certain + 0.1 / V
    if diffusion.get("output") != "probabilities":
        certain, smooth = (certain + 1e-9).log(), smooth.log()
    for smoothing, best, worse in ((0.0, certain, smooth), (0.1, smooth, certain)):
        losses = [float(process.loss(output, x_0, x_t, t, smoothing).mean()) for output in (best, worse)]
        assert losses[0] < losses[1]


def test_the_original_time_input_ignores_the_diffusions_own_betas():
    def tables(time_input, beta2):
        config = trial(beta2=beta2)
        return make_process([parse_trial({**config.model_dump(), "model": {"time_input": time_input}})]).present

    assert torch.equal(tables("original", 0.1), tables("original", 0.5))
    assert not torch.equal(tables("original", 0.1), tables("diffusion", 0.1))
    assert tables("original", 0.1).shape == (1, 13)
