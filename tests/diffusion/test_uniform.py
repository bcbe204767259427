"""Uniform discrete diffusion against brute force on v = 3, d = 2: all nine strings, every transition as a matrix."""

import itertools

import pytest
import torch

from rhm_sweeps.config import DiffusionConfig
from rhm_sweeps.diffusion.categorical import one_hot
from rhm_sweeps.diffusion.noise_schedules import alpha_bar_table, linear_betas, sampling_times
from rhm_sweeps.diffusion.process import p_sample_loop
from rhm_sweeps.diffusion.uniform import (
    Posterior,
    Uniform,
    draw_undecided,
    input_levels,
    kl_loss,
    q_sample,
)
from rhm_sweeps.streams import Streams

V, D, T = 3, 2, 12
SCHEDULE = DiffusionConfig(timesteps=T, beta1=0.05, beta2=0.6)
ALPHA_BAR = alpha_bar_table(SCHEDULE)
STATES = torch.tensor(list(itertools.product(range(V), repeat=D)))
DATA = torch.tensor([0.5, 0, 0, 0, 0.3, 0, 0, 0, 0.2], dtype=torch.float64)  # strings 00, 11, 22


def one_step(beta: float) -> torch.Tensor:
    """Transition matrix of one token."""
    return (1 - beta) * torch.eye(V, dtype=torch.float64) + beta / V


def forward_matrices() -> list[torch.Tensor]:
    """Products of the one-step matrices: entry [x_0, x_t] of item t."""
    products = [torch.eye(V, dtype=torch.float64)]
    for beta in linear_betas(T, SCHEDULE.beta1, SCHEDULE.beta2)[1:]:
        products.append(products[-1] @ one_step(float(beta)))
    return products


def brute_force_posterior(x_t: int, x_0: int, s: int, t: int) -> torch.Tensor:
    """q(x_s | x_t, x_0) of one token by Bayes' rule on the chain's matrices."""
    matrices = forward_matrices()
    between = torch.linalg.solve(matrices[s], matrices[t])
    joint = matrices[s][x_0] * between[:, x_t]
    return joint / joint.sum()


def q_posterior(
    x_t: torch.Tensor, x_0_probs: torch.Tensor, alpha: torch.Tensor, alpha_bar_s: torch.Tensor
) -> torch.Tensor:
    """q(x_s | x_t, x_0) with x_0 given as probabilities (..., d, v): normalized, same shape (2107.03006, eq. 3).

    Proportional to [alpha x_t + (1 - alpha) / v] * [alpha_bar_s x_0 + (1 - alpha_bar_s) / v].
    """
    present, v = one_hot(x_t, x_0_probs.shape[-1]), x_0_probs.shape[-1]
    parts = ((present, alpha[..., None, None]), (x_0_probs, alpha_bar_s[..., None, None]))
    first, second = (weight * probs + (1 - weight) / v for probs, weight in parts)
    joint = first * second
    return joint / joint.sum(-1, keepdim=True)


def coefficients(t: int, s: int) -> tuple[torch.Tensor, torch.Tensor]:
    return ALPHA_BAR[t] / ALPHA_BAR[s], ALPHA_BAR[s]


def test_q_sample_has_the_marginals_of_the_chain():
    draws = torch.rand(2, 200_000, 1, generator=torch.Generator().manual_seed(0))
    x_0 = torch.full((200_000, 1), 2)
    for t in (1, 5, T):
        x_t = q_sample(x_0, ALPHA_BAR[t].expand(200_000), draws[0], (draws[1] * V).long())
        frequencies = torch.bincount(x_t.flatten(), minlength=V) / 200_000
        assert frequencies.double() == pytest.approx(forward_matrices()[t][2], abs=0.006)


@pytest.mark.parametrize(("t", "s"), [(1, 0), (2, 1), (7, 6), (T, T - 1), (9, 4), (T, 0)])
def test_posterior_is_that_of_the_chain(t, s):
    alpha, alpha_bar_s = coefficients(t, s)
    for x_t, x_0 in itertools.product(range(V), repeat=2):
        x_0_probs = torch.eye(V, dtype=torch.float64)[x_0][None]
        ours = q_posterior(torch.tensor([x_t]), x_0_probs, alpha, alpha_bar_s)[0]
        assert ours == pytest.approx(brute_force_posterior(x_t, x_0, s, t), abs=1e-12)


@pytest.mark.parametrize("t", [1, 2, 7, T])
def test_loss_is_the_divergence_of_the_posteriors(t):
    logits = torch.randn(9, D, V, generator=torch.Generator().manual_seed(t), dtype=torch.float64)
    x_0, x_t = STATES, STATES.flip(0)
    alpha, alpha_bar_s = (c.expand(9) for c in coefficients(t, t - 1))
    true = q_posterior(x_t, torch.eye(V, dtype=torch.float64)[x_0], alpha, alpha_bar_s)
    model = q_posterior(x_t, logits.softmax(-1), alpha, alpha_bar_s)
    expected = torch.special.xlogy(true, true / model).sum(-1).mean(-1)
    assert kl_loss(logits, x_0, x_t, alpha, alpha_bar_s) == pytest.approx(expected, rel=1e-5)


def test_loss_vanishes_where_the_network_is_right():
    x_0, x_t = STATES, STATES.flip(0)
    logits = 60 * torch.nn.functional.one_hot(x_0, V).float()
    for t in range(1, T + 1):
        loss = kl_loss(logits, x_0, x_t, *(c.float().expand(9) for c in coefficients(t, t - 1)))
        assert float(loss.abs().max()) < 1e-6


def test_loss_and_gradient_stay_finite_when_the_network_is_surely_wrong():
    logits = (200.0 * torch.nn.functional.one_hot((STATES + 1) % V, V)).requires_grad_()
    loss = kl_loss(logits, STATES, STATES, *(c.float().expand(9) for c in coefficients(1, 0)))
    loss.sum().backward()
    assert loss.isfinite().all()
    assert logits.grad.isfinite().all()


def test_the_cavity_posterior_minimizes_the_loss_and_the_marginal_does_not():
    def expected_loss(logits_of):
        matrices, total = forward_matrices(), 0.0
        for t in range(1, T + 1):
            weights = DATA[:, None] * matrices[t][STATES[:, None], STATES[None]].prod(-1)
            for (i, x_0), (j, x_t) in itertools.product(enumerate(STATES), repeat=2):
                if weights[i, j] > 0:
                    total += float(weights[i, j]) * float(kl_loss(logits_of(x_t, t), x_0, x_t, *coefficients(t, t - 1)))
        return total / T

    def cavity(x_t, t):
        return exact_logits(x_t, t, others_only=True)

    def marginal(x_t, t):
        return exact_logits(x_t, t, others_only=False)

    best = expected_loss(cavity)
    assert best < expected_loss(marginal)
    noise = torch.randn(D, V, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert best < expected_loss(lambda x_t, t: cavity(x_t, t) + 0.1 * noise)


def exact_logits(x_t: torch.Tensor, t: int, *, others_only: bool) -> torch.Tensor:
    """log p(x_0,i | x_t without i) or log p(x_0,i | x_t) under DATA, by enumeration: (d, v)."""
    likelihood = forward_matrices()[t][STATES, x_t]  # (states, d)
    rows = []
    for i in range(D):
        evidence = likelihood[:, [j for j in range(D) if j != i]].prod(-1) if others_only else likelihood.prod(-1)
        rows.append(torch.zeros(V, dtype=torch.float64).index_add_(0, STATES[:, i], DATA * evidence))
    return (torch.stack(rows) / torch.stack(rows).sum(-1, keepdim=True) + 1e-300).log()


def test_sampler_has_the_distribution_of_the_reverse_chain():
    """With an exact denoiser, the law of the samples is the product of the reverse kernels, and close to the data."""
    law = torch.full((9,), 1 / 9, dtype=torch.float64)
    table = torch.stack([torch.stack([exact_logits(x, t, others_only=True) for x in STATES]) for t in range(1, T + 1)])
    for t in range(T, 0, -1):
        kernels = q_posterior(STATES, table[t - 1].softmax(-1), *(c.expand(9) for c in coefficients(t, t - 1)))
        law = law @ torch.stack([kernels[:, range(D), y].prod(-1) for y in STATES], 1)
    count, streams, indices = 40_000, Streams([0]), torch.arange(40_000)
    process = Uniform(ALPHA_BAR.float()[None], V, *(level.float()[None] for level in input_levels(ALPHA_BAR, V)))

    def words(t):
        return streams.words(f"t{t}", indices, D)

    samples = p_sample_loop(
        process,
        lambda x_t, t, _: table[t - 1][x_t @ torch.tensor([V, 1])],
        process.prior(words(T + 1)),
        sampling_times(T),
        words,
    )[0]
    frequencies = torch.bincount(samples @ torch.tensor([V, 1]), minlength=9) / count
    assert frequencies.double() == pytest.approx(law, abs=0.01)
    assert law == pytest.approx(DATA, abs=0.12)


def test_input_is_the_standardized_posterior_of_a_token_without_grammar():
    process = Uniform(ALPHA_BAR.float()[None], V, *(level.float()[None] for level in input_levels(ALPHA_BAR, V)))
    present = ALPHA_BAR[1:] + (1 - ALPHA_BAR[1:]) / V
    std = ((ALPHA_BAR[1:] + (1 - ALPHA_BAR[1:]) / V**2).mean() - present.mean() ** 2).sqrt()
    for t in (1, 4, T):
        flat = (one_step(float(1 - ALPHA_BAR[t]))[:, STATES]).movedim(0, -1)  # q(x_t | x_0) over x_0, uniform prior
        seen = process.model_input(STATES[None], torch.full((1, 9), t))[0]
        assert torch.allclose(seen.double(), (flat - present.mean()) / std, atol=1e-6)


def test_smoothed_labels_are_a_mixture_of_targets():
    """The loss with smoothing is the divergence from the posterior of a smoothed x_0."""
    logits = torch.randn(9, D, V, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    alpha, alpha_bar_s = (c.expand(9) for c in coefficients(7, 6))
    smooth = 0.8 * torch.eye(V, dtype=torch.float64)[STATES] + 0.2 / V
    true, model = (q_posterior(STATES, x_0, alpha, alpha_bar_s) for x_0 in (smooth, logits.softmax(-1)))
    expected = (true * (true / model).log()).sum(-1).mean(-1)
    assert kl_loss(logits, STATES, STATES, alpha, alpha_bar_s, 0.2) == pytest.approx(expected, rel=1e-6)


def words_of(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Words whose `uniform` and `second_uniform` are these."""
    upper, lower = ((draw.double() * 2**24).long() for draw in (first, second))
    return (upper << 40) + (lower << 8)


@pytest.mark.parametrize(("t", "s"), [(1, 0), (4, 3), (T, T - 1), (7, 2)])
def test_draws_are_those_of_the_posterior(t, s):
    """A grid of both uniforms of a word falls on each symbol as often as its probability says."""
    v, side = 5, 512
    levels = [level.float()[None] for level in input_levels(ALPHA_BAR, v)]
    process = Uniform(ALPHA_BAR.float()[None], v, *levels)
    even = (torch.arange(side) + 0.5) / side
    words = words_of(*torch.meshgrid(even, even, indexing="ij")).reshape(1, -1, 1).expand(-1, -1, 3)
    logits = torch.randn((1, 1, 3, v), generator=torch.Generator().manual_seed(0))
    x_t = torch.tensor([[[0, 3, 4]]])
    drawn = process.p_sample(logits.expand(-1, side**2, -1, -1), x_t.expand(-1, side**2, -1), t, s, words)
    shares = torch.stack([(drawn == symbol).float().mean(1) for symbol in range(v)], -1)
    wanted = q_posterior(x_t[0], logits[0].softmax(-1), *(c.float().expand(1) for c in coefficients(t, s)))
    assert (shares - wanted).abs().max() <= 2.0 / side


@pytest.mark.parametrize(("t", "s"), [(1, 0), (2, 1), (7, 6), (T, T - 1), (9, 4), (T, 0)])
def test_what_holds_whatever_the_network_says_is_the_least_of_the_posterior(t, s):
    """Over all x_0: nothing more could be said of x_s without the network; and the rest is as `Posterior` says."""
    alpha, alpha_bar_s = coefficients(t, s)
    posterior = Posterior.of(alpha.reshape(1), alpha_bar_s.reshape(1), V)
    laws = torch.stack([brute_force_posterior(0, x_0, s, t) for x_0 in range(V)])
    assert float(posterior.stay) == pytest.approx(float(laws[:, 0].min()), abs=1e-12)
    assert float(posterior.leave) == pytest.approx(float(laws[:, 1:].min()), abs=1e-12)
    p = torch.tensor([0.2, 0.7, 0.1], dtype=torch.float64)
    weights = torch.cat((posterior.own * p[:1], p[1:] + posterior.spread * (1 - p[0])))
    least = torch.tensor([float(posterior.stay), *[float(posterior.leave)] * (V - 1)], dtype=torch.float64)
    law = least + (1 - least.sum()) * weights / weights.sum()
    assert law == pytest.approx(q_posterior(torch.tensor([0]), p[None], alpha, alpha_bar_s)[0], abs=1e-12)


def test_draws_in_double_precision_are_the_same():
    generator = torch.Generator().manual_seed(1)
    logits, draw = torch.randn((2, 500, 8, 6), generator=generator), torch.rand((2, 500, 8), generator=generator)
    x_t, x_s = (torch.randint(-1, 7, (2, 500, 8), generator=generator) for _ in range(2))
    x_t = x_t.clamp(min=0)  # 6 is no symbol
    own, spread = torch.tensor([2.0, 9.0]).reshape(2, 1, 1), torch.tensor([0.3, 0.0]).reshape(2, 1, 1)
    drawn = draw_undecided(logits, x_t, own, spread, draw, x_s)
    by_torch = draw_undecided(logits.double(), x_t, own.double(), spread.double(), draw.double(), x_s)
    assert (drawn != by_torch).float().mean() < 1e-3
    assert torch.equal(drawn[x_s >= 0], x_s[x_s >= 0])
    assert bool((drawn >= 0).all())
