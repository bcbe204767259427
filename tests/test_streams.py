"""Random streams: known words, independence of what shares the call, and the moments of each distribution."""

import torch

from rhm_sweeps.streams import GAMMA, Streams, below, mix64, normal, uniform

MASK = 2**64 - 1


def splitmix64(state: int, count: int) -> list[int]:
    """The generator as published (Steele, Lea & Flood 2014), in Python's unbounded integers."""
    words = []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        words.append(z ^ (z >> 31))
    return words


def test_words_are_those_of_splitmix64():
    counters = torch.arange(1, 6, dtype=torch.int64) * GAMMA
    ours = [word & MASK for word in mix64(12345 + counters).tolist()]
    assert ours == splitmix64(12345, 5)


def test_a_member_sees_the_same_words_alone_and_in_a_pack():
    steps = torch.arange(3, 9)
    pack = Streams([7, 1, 2**40]).words("noise", steps, 11)
    alone = Streams([1]).words("noise", steps, 11)
    assert torch.equal(pack[1], alone[0])
    assert torch.equal(Streams([7, 1, 5]).select(torch.tensor([1])).words("noise", steps, 11), alone)


def test_words_depend_on_the_step_and_not_on_the_chunk():
    streams = Streams([3])
    whole = streams.words("batch", torch.arange(10), 4)
    parts = torch.cat([streams.words("batch", torch.arange(5), 4), streams.words("batch", torch.arange(5, 10), 4)], 1)
    assert torch.equal(whole, parts)


def test_a_longer_stream_begins_with_the_shorter_one():
    streams, step = Streams([3]), torch.zeros(1, dtype=torch.int64)
    assert torch.equal(streams.words("sample", step, 100)[..., :10], streams.words("sample", step, 10))


def test_seeds_purposes_and_steps_give_different_words():
    steps = torch.arange(50)
    words = torch.cat(
        [Streams(range(20)).words(purpose, steps, 10).flatten() for purpose in ("batch", "noise", "time")]
    )
    assert len(words.unique()) == len(words)


def test_uniform_draws_have_the_moments_of_the_uniform_distribution():
    draws = uniform(Streams([0]).words("u", torch.arange(1000), 1000)).double()
    assert float(draws.min()) >= 0
    assert float(draws.max()) < 1
    assert abs(float(draws.mean()) - 1 / 2) < 4 * (1 / 12e6) ** 0.5
    assert abs(float(draws.var()) - 1 / 12) < 4 * (1 / 180e6) ** 0.5


def test_neighbouring_streams_are_uncorrelated():
    draws = uniform(Streams(range(4)).words("u", torch.arange(8), 20_000)).reshape(32, -1)
    off_diagonal = torch.corrcoef(draws) - torch.eye(32)
    assert float(off_diagonal.abs().max()) < 5 / 20_000**0.5


def test_integers_below_a_bound_are_uniform():
    draws = below(Streams([1]).words("b", torch.arange(100), 1000), 7)
    counts = torch.bincount(draws.flatten(), minlength=7).double()
    expected = draws.numel() / 7
    chi_square = float(((counts - expected) ** 2 / expected).sum())
    assert len(counts) == 7
    assert chi_square < 22.5  # the 99.9 % quantile of chi-square with 6 degrees of freedom


def test_normal_draws_have_the_moments_of_the_normal_distribution():
    draws = normal(Streams([2]).words("n", torch.arange(100), 10_000)).double()
    assert draws.isfinite().all()
    assert abs(float(draws.mean())) < 4e-3
    assert abs(float(draws.var()) - 1) < 6e-3
    assert abs(float((draws**4).mean()) - 3) < 0.04
