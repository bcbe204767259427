"""Masked diffusion against brute force: a token's chain as a matrix with a state for the mask, strings by enumeration."""

import itertools
import math

import pytest
import torch

from rhm_sweeps.config import DiffusionConfig
from rhm_sweeps.diffusion.masked import Masked
from rhm_sweeps.diffusion.noise_schedules import alpha_bar_table, sampling_times
from rhm_sweeps.diffusion.process import p_sample_loop
from rhm_sweeps.streams import Streams

V, D, T = 3, 2, 8
MASK = V
ALPHA_BAR = alpha_bar_table(DiffusionConfig(timesteps=T, noise_schedule="log_linear"))
PROCESS = Masked(ALPHA_BAR[None], V)
STATES = torch.tensor(list(itertools.product(range(V), repeat=D)))
DATA = torch.tensor([0.5, 0, 0, 0, 0.3, 0, 0, 0, 0.2], dtype=torch.float64)  # strings 00, 11, 22


def chain(t: int) -> torch.Tensor:
    """Products of the one-step matrices up to t, entry [x_0, x_t]: a token that is hidden stays hidden."""
    product = torch.eye(V + 1, dtype=torch.float64)
    for s in range(1, t + 1):
        keep = float(ALPHA_BAR[s] / ALPHA_BAR[s - 1])
        step = keep * torch.eye(V + 1, dtype=torch.float64)
        step[:, MASK] += 1 - keep
        product = product @ step
    return product


def posterior(x_t: int, x_0: int, s: int, t: int) -> torch.Tensor:
    """q(x_s | x_t, x_0) by Bayes' rule."""
    between = torch.linalg.solve(chain(s), chain(t))
    joint = chain(s)[x_0] * between[:, x_t]
    return joint / joint.sum()


def words(purpose: str, count: int) -> torch.Tensor:
    return Streams([0]).words(purpose, torch.arange(count), D)


@pytest.mark.parametrize("t", [1, 4, T])
def test_q_sample_has_the_marginals_of_the_chain(t):
    x_0 = torch.full((1, 100_000, D), 2)
    x_t = PROCESS.q_sample(x_0, torch.full((1, 100_000), t), words("noise", 100_000))
    frequencies = torch.bincount(x_t.flatten(), minlength=V + 1) / x_t.numel()
    assert frequencies.double() == pytest.approx(chain(t)[2], abs=0.005)


@pytest.mark.parametrize(("t", "s"), [(1, 0), (4, 3), (T, T - 1), (6, 2)])
def test_a_step_of_a_sure_network_has_the_posterior_of_the_chain(t, s):
    count = 100_000
    sure = 60.0 * torch.nn.functional.one_hot(torch.full((1, count, D), 1), V)
    x_s = PROCESS.p_sample(sure, torch.full((1, count, D), MASK), t, s, words("step", count))
    frequencies = torch.bincount(x_s.flatten(), minlength=V + 1) / x_s.numel()
    assert frequencies.double() == pytest.approx(posterior(MASK, 1, s, t), abs=0.005)


def test_known_tokens_stay():
    x_t = torch.tensor([[[0, MASK], [2, 1]]]).repeat(1, 500, 1)
    x_s = PROCESS.p_sample(torch.randn(1, 1000, D, V), x_t, 5, 2, words("step", 1000))
    known = x_t != MASK
    assert torch.equal(x_s[known], x_t[known])
    assert bool((x_s[~known] != MASK).any())


@pytest.mark.parametrize("t", [1, 2, 5, T])
def test_loss_is_the_divergence_of_the_posteriors(t):
    """The network's reverse kernel is the posterior averaged over its prediction of x_0."""
    logits = torch.randn(1, 1, D, V, generator=torch.Generator().manual_seed(t), dtype=torch.float64)
    x_0, x_t = torch.tensor([[[1, 2]]]), torch.tensor([[[MASK, 2]]])
    expected = 0.0
    for i in range(D):
        true = posterior(int(x_t[0, 0, i]), int(x_0[0, 0, i]), t - 1, t)
        probs = logits[0, 0, i].softmax(-1)
        if int(x_t[0, 0, i]) == MASK:
            model = sum(float(probs[k]) * posterior(MASK, k, t - 1, t) for k in range(V))
            seen = true > 0
            expected += float((true[seen] * (true[seen] / model[seen]).log()).sum())
    found = PROCESS.loss(logits, x_0, x_t, torch.tensor([[t]]))
    assert float(found) == pytest.approx(expected / D, rel=1e-6)


def exact_logits(x_t: torch.Tensor) -> torch.Tensor:
    """log p(x_0,i | x_t) of one string by enumeration: (d, v)."""
    agrees = ((x_t == STATES) | (x_t == MASK)).all(-1)
    weights = DATA * agrees
    rows = [torch.zeros(V, dtype=torch.float64).index_add_(0, STATES[:, i], weights) for i in range(D)]
    return (torch.stack(rows) / weights.sum() + 1e-300).log()


def test_with_the_exact_network_the_losses_sum_to_the_entropy_as_steps_become_many():
    """The NELBO of masked diffusion is tight in continuous time (arXiv 2406.07524)."""
    timesteps = 150
    table = alpha_bar_table(DiffusionConfig(timesteps=timesteps, noise_schedule="log_linear"))
    process, total = Masked(table[None], V), 0.0
    for t in range(1, timesteps + 1):
        for x_0, weight in zip(STATES, DATA, strict=True):
            for hidden in itertools.product([False, True], repeat=D) if weight > 0 else ():
                x_t = torch.where(torch.tensor(hidden), MASK, x_0)
                chance = math.prod(1 - float(table[t]) if h else float(table[t]) for h in hidden)
                loss = process.loss(
                    exact_logits(x_t)[None, None], x_0[None, None], x_t[None, None], torch.tensor([[t]])
                )
                total += float(weight) * chance * float(loss) * D
    entropy = -float(torch.special.xlogy(DATA, DATA).sum())
    assert total == pytest.approx(entropy, rel=0.02)


def test_the_exact_network_samples_the_data_up_to_what_one_step_reveals_at_once():
    codes = torch.tensor([V + 1, 1])
    every = torch.tensor(list(itertools.product(range(V + 1), repeat=D)))
    possible = [bool(((x == STATES) | (x == MASK)).all(-1).logical_and(DATA > 0).any()) for x in every]
    logits = torch.stack([exact_logits(x) if ok else torch.zeros(D, V) for x, ok in zip(every, possible, strict=True)])
    count, timesteps = 20_000, 100
    table = alpha_bar_table(DiffusionConfig(timesteps=timesteps, noise_schedule="log_linear")).float()
    process = Masked(table[None], V)
    samples = p_sample_loop(
        process,
        lambda x_t, t, _: logits[x_t @ codes],
        process.prior(words("start", count)),
        sampling_times(timesteps),
        lambda t: words(f"t{t}", count),
    )[0]
    frequencies = torch.bincount(samples @ torch.tensor([V, 1]), minlength=9) / count
    assert frequencies.double() == pytest.approx(DATA, abs=0.02)


def test_inputs_have_mean_zero_and_unit_variance_over_time():
    count = 50_000
    x_0 = torch.randint(V, (1, count, D), generator=torch.Generator().manual_seed(0))
    t = 1 + torch.arange(count)[None] % T
    seen = PROCESS.model_input(PROCESS.q_sample(x_0, t, words("noise", count)), t)
    assert float(seen.mean()) == pytest.approx(0, abs=1e-6)
    assert float(seen.std()) == pytest.approx(1, abs=0.02)


def test_evidence_says_what_is_known():
    evidence = PROCESS.log_evidence(torch.tensor([[[1, MASK]]]), 3).exp()
    assert evidence[0, 0].tolist() == [[0.0, 1.0, 0.0], [1.0, 1.0, 1.0]]
