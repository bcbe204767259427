"""Gaussian diffusion against moments, closed forms and the law of strings that exact prediction samples."""

import itertools

import pytest
import torch

from rhm_sweeps.config import DiffusionConfig
from rhm_sweeps.diffusion.gaussian import Gaussian
from rhm_sweeps.diffusion.noise_schedules import alpha_bar_table, sampling_times
from rhm_sweeps.diffusion.process import p_sample_loop
from rhm_sweeps.streams import Streams

V, D, T = 3, 2, 20
ALPHA_BAR = alpha_bar_table(DiffusionConfig(timesteps=T, beta1=0.02, beta2=0.6)).float()
STATES = torch.tensor(list(itertools.product(range(V), repeat=D)))
DATA = torch.tensor([0.5, 0, 0, 0, 0.3, 0, 0, 0, 0.2])  # strings 00, 11, 22


def process(target="start", output="logits", noise_scale=1.0):
    return Gaussian(ALPHA_BAR[None], V, torch.tensor([noise_scale]), target, output)


def words(purpose, count):
    return Streams([0]).words(purpose, torch.arange(count), D * V)


def noised(count, t, noise_scale=1.0):
    """Strings (1, count, d), their times and x_t."""
    x_0 = torch.randint(V, (1, count, D), generator=torch.Generator().manual_seed(1))
    times = torch.full((1, count), t)
    return x_0, times, process(noise_scale=noise_scale).q_sample(x_0, times, words("noise", count))


@pytest.mark.parametrize(("t", "noise_scale"), [(1, 1.0), (9, 1.0), (9, 0.3), (T, 2.0)])
def test_q_sample_has_the_moments(t, noise_scale):
    x_0, _, x_t = noised(60_000, t, noise_scale)
    rest = x_t - ALPHA_BAR[t].sqrt() * torch.nn.functional.one_hot(x_0, V)
    scale = noise_scale * float((1 - ALPHA_BAR[t]).sqrt())
    assert float(rest.mean()) == pytest.approx(0, abs=5 * scale / (60_000 * D * V) ** 0.5)
    assert float(rest.std()) == pytest.approx(scale, rel=0.01)
    correlation = torch.corrcoef(rest.reshape(-1, D * V).T)
    assert float((correlation - torch.eye(D * V)).abs().max()) < 0.03


@pytest.mark.parametrize("noise_scale", [1.0, 0.3])
def test_inputs_have_unit_mean_square_at_any_time(noise_scale):
    for t in (1, 10, T):
        _, times, x_t = noised(20_000, t, noise_scale)
        seen = process(noise_scale=noise_scale).model_input(x_t, times)
        assert float(seen.square().mean()) == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize(("t", "s", "noise_scale"), [(10, 9, 1.0), (10, 3, 1.0), (T, 0, 1.0), (7, 6, 0.5)])
def test_a_step_of_a_sure_network_has_the_posterior_of_joint_gaussians(t, s, noise_scale):
    """Conditioning a normal (x_s, x_t) given x_0 on x_t, from their covariances alone."""
    count = 50_000
    x_0 = torch.full((1, count, D), 1)
    start = torch.nn.functional.one_hot(x_0, V).float()
    x_t = torch.full((1, count, D, V), 0.7)
    ours = process(output="probabilities", noise_scale=noise_scale)
    x_s = ours.p_sample(start, x_t, t, s, words("step", count))
    a_s, a_t = float(ALPHA_BAR[s]), float(ALPHA_BAR[t])
    of_s, of_t = noise_scale**2 * (1 - a_s), noise_scale**2 * (1 - a_t)
    both = (a_t / a_s) ** 0.5 * of_s  # covariance of x_s and x_t
    mean = a_s**0.5 * start[0, 0] + both / of_t * (0.7 - a_t**0.5 * start[0, 0])
    variance = of_s - both**2 / of_t
    assert float((x_s.mean((0, 1)) - mean).abs().max()) < 6 * (variance / count) ** 0.5 + 1e-5
    assert float(x_s.var(1).mean()) == pytest.approx(variance, rel=0.03, abs=1e-9)


def test_true_predictions_have_no_loss_and_give_back_the_string():
    x_0, times, x_t = noised(50, 7, 0.4)
    start = torch.nn.functional.one_hot(x_0, V).float()
    scale = 0.4 * (1 - ALPHA_BAR[7]).sqrt()
    noise = (x_t - ALPHA_BAR[7].sqrt() * start) / scale
    outputs = {
        ("start", "logits"): 100 * start,
        ("start", "probabilities"): start,
        ("noise", "logits"): noise,
        ("exact_score", "logits"): -noise / scale,
    }
    for (target, kind), output in outputs.items():
        ours = process(target, kind, 0.4)
        assert float(ours.loss(output, x_0, x_t, times).abs().max()) < 1e-6
        torch.testing.assert_close(ours.predicted_start(output, x_t, 7), start, atol=1e-5, rtol=0)


def test_losses_of_wrong_predictions():
    x_0, times, x_t = noised(4000, 7)
    nothing = torch.zeros(1, 4000, D, V)
    assert float(process().loss(nothing, x_0, x_t, times).mean()) == pytest.approx(torch.tensor(3.0).log())
    by_mean_square = process("start", "probabilities").loss(nothing, x_0, x_t, times)
    assert by_mean_square == pytest.approx(torch.full((1, 4000), 1 / V))
    for target in ("noise", "exact_score"):  # the score's error is weighted by its variance: that of its noise, 1
        assert float(process(target).loss(nothing, x_0, x_t, times).mean()) == pytest.approx(1, rel=0.03)


def posterior(x_t, t, noise_scale=1.0):
    """p(x_0,i = k | x_t) under DATA by enumeration: (N, d, v)."""
    gap = x_t[:, None] - ALPHA_BAR[t].sqrt() * torch.nn.functional.one_hot(STATES, V)
    weights = (DATA.log() - gap.square().sum((-2, -1)) / (2 * noise_scale**2 * (1 - ALPHA_BAR[t]))).softmax(-1)
    return torch.einsum("ns,sik->nik", weights, torch.nn.functional.one_hot(STATES, V).float())


def test_the_exact_network_samples_the_data():
    ours, count = process(), 20_000
    samples = p_sample_loop(
        ours,
        lambda x_t, t, _: (posterior(x_t[0], t) + 1e-30).log()[None],
        ours.prior(words("start", count)),
        sampling_times(T),
        lambda t: words(f"t{t}", count),
    )[0]
    frequencies = torch.bincount(samples @ torch.tensor([V, 1]), minlength=9) / count
    assert frequencies == pytest.approx(DATA, abs=0.04)


def test_evidence_is_the_likelihood_of_each_token():
    _, _, x_t = noised(20, 7, 0.5)
    evidence = process(noise_scale=0.5).log_evidence(x_t, 7)
    gap = x_t[..., None, :].double() - float(ALPHA_BAR[7]) ** 0.5 * torch.eye(V, dtype=torch.float64)
    expected = -gap.square().sum(-1) / (2 * 0.25 * (1 - float(ALPHA_BAR[7])))
    torch.testing.assert_close(evidence - evidence[..., :1], expected - expected[..., :1], rtol=1e-5, atol=1e-5)
