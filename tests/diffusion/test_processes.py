"""What holds for every process: members keep to themselves, and a sure network gives its string back."""

from itertools import pairwise

import pytest
import torch

from rhm_sweeps.config import parse_trial
from rhm_sweeps.diffusion.process import asked_ahead, asked_share, p_sample_loop
from rhm_sweeps.diffusion.processes import make_process
from rhm_sweeps.diffusion.undecided import UNDECIDED
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
        lambda x_t, t, _: factor * torch.nn.functional.one_hot(string, V).float().expand(*x_t.shape[:2], D, V),
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


def unsure(x_t, t):
    """A network that says something else of each string and time: (K, N, d, v) logits."""
    codes = (x_t * 7 ** torch.arange(D)).sum(-1, keepdim=True) + t
    return torch.sin(codes[..., None] * torch.arange(1, V + 1) * torch.arange(1, D + 1)[:, None]) * 2


@pytest.mark.parametrize("diffusion", PROCESSES[:3])
def test_the_network_is_asked_about_few_strings_and_the_samples_are_the_same(diffusion):
    process = make_process([trial(**diffusion, beta2=0.3), trial(1, **{**diffusion, "noise_schedule": "cosine"})])
    times, count, seen = [12, 11, 9, 8, 5, 4, 3, 2, 1, 0], 400, []

    def drawn(t):
        return words(process, f"t{t}", count, (3, 4))

    def denoise(x_t, t, asked):
        seen.append(x_t.shape[1])
        return unsure(x_t, t).where(asked[..., None], torch.nan)

    x = start = process.prior(drawn(13))
    for t, s in pairwise(times):
        x = process.p_sample(unsure(x, t), x, t, s, drawn(t))
    told = []
    assert torch.equal(p_sample_loop(process, denoise, start, times, drawn, told.append), x)
    assert told == [count] * 9
    asked = asked_share(process, times, D)
    assert 0.1 < asked < 0.9
    assert sum(seen) / (9 * count) == pytest.approx(
        asked, abs=0.15
    )  # where a member has fewer than another, some fill up


@pytest.mark.parametrize("diffusion", PROCESSES[:3])
def test_a_gpu_learns_before_the_first_step_how_many_strings_to_ask_about(diffusion, monkeypatch):
    process = make_process([trial(**diffusion, beta2=0.3), trial(1, **{**diffusion, "noise_schedule": "cosine"})])
    times, count, asked = [12, 9, 8, 5, 4, 1, 0], 300, []

    def drawn(t):
        return words(process, f"t{t}", count, (3, 4))

    def denoise(x_t, t, some):
        asked.append((x_t.shape[1], some is None))
        return unsure(x_t, t)

    def sampled():
        return p_sample_loop(process, denoise, process.prior(drawn(13)), times, drawn)

    ahead = asked_ahead(process, process.prior(drawn(13)), times, drawn)
    on_a_cpu = sampled()
    assert asked == [(size, False) for size in ahead]
    asked.clear()
    monkeypatch.setattr(torch.Tensor, "is_cpu", False)
    monkeypatch.setattr(torch.Tensor, "__bool__", None)
    assert bool(torch.equal(sampled(), on_a_cpu))
    assert asked == [(size, True) for size in ahead]


@pytest.mark.parametrize("diffusion", PROCESSES[:3])
def test_what_is_decided_is_drawn_whatever_the_network_says(diffusion):
    """And the others depend on it; the share of these is what `undecided_share` says, on the way of samples."""
    process, count, shares, expected = make_process([trial(**diffusion)]), 20_000, [], []
    x = process.prior(words(process, "start", count))
    for t, s in pairwise([12, 10, 7, 4, 2, 1, 0]):
        drawn = words(process, f"t{t}", count)
        decided = process.decided(x, t, s, drawn)
        ways = [process.p_sample(80.0 * torch.eye(V)[k].expand(1, count, D, V), x, t, s, drawn) for k in range(V)]
        known = decided != UNDECIDED
        assert all(torch.equal(way[known], decided[known]) for way in ways)
        assert bool(torch.stack(ways)[:, ~known].unique(dim=0).shape[0] > 1)
        shares.append(float((~known).float().mean()))
        expected.append(float(process.undecided_share(torch.tensor([t]), torch.tensor([s]))))
        x = process.p_sample(unsure(x, t), x, t, s, drawn)
    assert shares == pytest.approx(expected, abs=0.01)


def test_a_gaussian_process_decides_nothing_beforehand():
    process = make_process([trial(process="gaussian")])
    x = process.prior(words(process, "start", 3))
    assert process.decided(x, 5, 4, words(process, "step", 3)) is None
    assert asked_share(process, [12, 6, 0], D) == 1
    assert asked_ahead(process, x, [12, 6, 0], lambda t: words(process, "step", 3)) == []


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
