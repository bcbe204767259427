"""Draws from a process's posterior, a token at a time: over so few symbols, operations on whole arrays take ten times longer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rhm_sweeps.compiled import compiled

Floats = NDArray[np.float32]
_ONE = np.float32(1.0)


@compiled
def draw_posterior(
    logits: Floats,
    x_t: NDArray[np.int64],
    alpha: Floats,
    alpha_bar_s: Floats,
    draw: Floats,
    out: NDArray[np.int64],
) -> None:
    """Set `out` to symbols drawn from [alpha x_t + (1 - alpha) / v] * [alpha_bar_s softmax(logits) + (1 - alpha_bar_s) / v].

    Shapes: logits (K, N, v); x_t, out and `draw`, uniform in [0, 1), (K, N); alpha and alpha_bar_s (K,).
    """
    members, tokens, v = logits.shape
    cumulative = np.empty(v, np.float32)
    for k in range(members):
        elsewhere, missed = (_ONE - alpha[k]) / np.float32(v), (_ONE - alpha_bar_s[k]) / np.float32(v)
        for i in range(tokens):
            top = logits[k, i, 0]
            for symbol in range(1, v):
                top = max(top, logits[k, i, symbol])
            total = np.float32(0.0)
            for symbol in range(v):
                cumulative[symbol] = np.exp(logits[k, i, symbol] - top)
                total += cumulative[symbol]
            share, reached = alpha_bar_s[k] / total, np.float32(0.0)
            for symbol in range(v):
                here = elsewhere + alpha[k] if symbol == x_t[k, i] else elsewhere
                reached += here * (share * cumulative[symbol] + missed)
                cumulative[symbol] = reached
            threshold, chosen = draw[k, i] * reached, 0
            while chosen < v - 1 and cumulative[chosen] <= threshold:
                chosen += 1
            out[k, i] = chosen
