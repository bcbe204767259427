"""Adam on weights that a copy in bfloat16 stands for, in one pass over memory.

torch widens the gradient, steps, and rounds the weights again: three passes, of which the first and the last only move numbers.

All arrays are flat and contiguous, and equally long. Work is done on copies of a block: LLVM vectorizes what it knows to be apart.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rhm_sweeps.compiled import compiled

Float = np.float32
Floats = NDArray[np.float32]
Bits = NDArray[np.uint16]
"""Of bfloat16, which numpy does not know."""
_BLOCK = 4096
"""Entries that are worked on at a time."""


@compiled
def adam(
    weight: Floats,
    copy: Bits,
    gradient: Bits,
    first: Floats,
    second: Floats,
    new_first: Float,
    old_second: Float,
    new_second: Float,
    eps: Float,
    step_size: Float,
    correction: Float,
    decay: Float,
    shrink: Float,
) -> None:
    """Step weights and both moments by Kingma & Ba, 2015, Algorithm 1, and put the weights, rounded to nearest even, into `copy`.

    `new_first` is 1 - beta_1, `old_second` beta_2 and `new_second` 1 - beta_2, which float32 would not subtract well enough;
    `step_size` is the learning rate by the first moment's bias correction, `correction` the inverse root of the second's. Weights
    first shrink to a share of themselves (adamw), and `decay` times them is added to the gradient (adam).
    """
    w, g, m, v = np.empty(_BLOCK, Float), np.empty(_BLOCK, Float), np.empty(_BLOCK, Float), np.empty(_BLOCK, Float)
    bits = w.view(np.int32)
    for start in range(0, weight.shape[0], _BLOCK):
        end = min(start + _BLOCK, weight.shape[0])
        weights, copies, gradients = weight[start:end], copy[start:end], gradient[start:end]
        firsts, seconds = first[start:end], second[start:end]
        for i in range(end - start):
            g[i] = np.uint32(np.uint32(gradients[i]) << np.uint32(16)).view(Float)
        for i in range(end - start):
            w[i] = weights[i] * shrink
        for i in range(end - start):
            m[i] = firsts[i]
        for i in range(end - start):
            v[i] = seconds[i]
        for i in range(end - start):
            along = g[i] + decay * w[i]
            m[i] += (along - m[i]) * new_first
            v[i] = v[i] * old_second + along * along * new_second
            w[i] -= step_size * m[i] / (np.sqrt(v[i]) * correction + eps)
        for i in range(end - start):
            weights[i] = w[i]
        for i in range(end - start):
            firsts[i] = m[i]
        for i in range(end - start):
            seconds[i] = v[i]
        for i in range(end - start):
            copies[i] = np.uint16((bits[i] + 0x7FFF + ((bits[i] >> 16) & 1)) >> 16)
