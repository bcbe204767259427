"""Probabilities over a small vocabulary against torch's own."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rhm_sweeps.diffusion.categorical import categorical, cross_entropy, probabilities

LOGITS = torch.randn(5, 3, 4, generator=torch.Generator().manual_seed(0)) * 30


def test_probabilities_are_a_softmax():
    torch.testing.assert_close(probabilities(LOGITS), LOGITS.softmax(-1))


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_cross_entropy_is_torchs(smoothing):
    target = torch.randint(4, (5, 3), generator=torch.Generator().manual_seed(1))
    expected = torch.nn.functional.cross_entropy(
        LOGITS.movedim(-1, 1), target, reduction="none", label_smoothing=smoothing
    )
    torch.testing.assert_close(cross_entropy(LOGITS, target, smoothing), expected)


@given(
    st.lists(st.floats(0, 10), min_size=2, max_size=6).filter(lambda p: sum(p) > 1e-3),
    st.floats(0, 1, exclude_max=True),
)
def test_categorical_inverts_the_cumulative_distribution(weights, draw):
    probs = torch.tensor(weights, dtype=torch.float64)
    chosen = int(categorical(probs, torch.tensor(draw, dtype=torch.float64)))
    cumulative = probs.cumsum(0) / probs.sum()
    assert cumulative[chosen] >= draw - 1e-9
    assert chosen == 0 or cumulative[chosen - 1] <= draw + 1e-9
