"""The bootstrap over strings, taken chunk by chunk: how often each resample counts a string."""

from __future__ import annotations

import torch
from torch import Tensor

from rhm_sweeps.streams import Streams, uniform

MOST = 12
"""A string that counts more often in a resample has a probability below 1e-9."""


def resample_weights(streams: Streams, indices: Tensor, resamples: int) -> Tensor:
    """How often the strings of given indices (N,) count: (1 + resamples, N), first once each, then as resamples have it.

    Counts are Poisson of mean 1, which for many strings is as good as drawing N of N with replacement (Chamandy et al., "Estimating
    uncertainty for massive data streams", 2012). They depend on (seed, string) alone: curves over the same strings are resampled
    together, so that their difference has the error of a paired experiment.
    """
    counts = torch.arange(MOST, dtype=torch.float64)
    cumulative = (-1.0 - (counts + 1.0).lgamma()).exp().cumsum(0)
    draws = uniform(streams.words("forward-backward/resample", indices, resamples)[0]).double()
    once = torch.ones(1, len(indices), dtype=torch.float64)
    return torch.cat([once, torch.searchsorted(cumulative, draws.T.contiguous(), right=True).double()])
