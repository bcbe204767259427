"""Draws from a process's posterior, a token at a time: over so few symbols, operations on whole arrays take ten times longer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rhm_sweeps.compiled import compiled

Floats = NDArray[np.float32]


@compiled
def draw_undecided(
    logits: Floats,
    x_t: NDArray[np.int64],
    own: Floats,
    spread: Floats,
    draw: Floats,
    x_s: NDArray[np.int64],
) -> None:
    """Set each entry of `x_s` that is negative to a symbol k drawn with the weights of `uniform.Posterior`.

    Shapes: logits (K, N, v); x_t, x_s and `draw`, uniform in [0, 1), (K, N); own and spread (K,).
    """
    members, tokens, v = logits.shape
    weights = np.empty(v, np.float32)
    for k in range(members):
        for i in range(tokens):
            if x_s[k, i] >= 0:
                continue
            top, here = logits[k, i, 0], x_t[k, i]
            for symbol in range(1, v):
                top = max(top, logits[k, i, symbol])
            total = np.float32(0.0)
            for symbol in range(v):
                weights[symbol] = np.exp(logits[k, i, symbol] - top)
                total += weights[symbol]
            others = spread[k] * (total - weights[here]) if here < v else np.float32(0.0)
            reached = np.float32(0.0)
            for symbol in range(v):
                reached += own[k] * weights[symbol] if symbol == here else weights[symbol] + others
                weights[symbol] = reached
            threshold, chosen = draw[k, i] * reached, 0
            while chosen < v - 1 and weights[chosen] <= threshold:
                chosen += 1
            x_s[k, i] = chosen
