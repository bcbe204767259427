"""GELU alone and behind a LayerNorm, forwards and backwards, while a CPU's cache still holds what they work on.

torch makes several passes over memory for the same.

Shapes: x, out, slope and gradients (K, R, C), R rows of K members; weight and bias (K, C); mean and inverse deviation of a row
(K, R). All are contiguous; the first may be float32 or bfloat16, the others are float32. Work is done on copies of a row or a
block: LLVM vectorizes what it knows to be apart. Phi and phi are the standard normal's distribution and density.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import extending, types
from numpy.typing import NDArray

from rhm_sweeps.compiled import FREE_ROUNDING, compiled

Float = np.float32
Floats = NDArray[np.float32]
Numbers = NDArray[np.float32] | NDArray[np.uint16]
"""Of float32, or the bits of bfloat16, which numpy does not know."""

_LOG2_E = Float(1.0 / math.log(2.0))
_LOWEST_EXPONENT = Float(-126.0)
_E1, _E2, _E3, _E4, _E5, _E6 = (Float(math.log(2.0) ** k / math.factorial(k)) for k in range(1, 7))
_EXPONENT_BIAS, _MANTISSA_SIZE = Float(127.0), Float(2.0**23)

_A1, _A2, _A3, _A4, _A5 = map(Float, (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429))
_P = Float(0.3275911 / math.sqrt(2.0))
"""Abramowitz & Stegun, 7.1.26: erf to 1.5e-7."""
_DENSITY_AT_0 = Float(1.0 / math.sqrt(2.0 * math.pi))
_HALF, _ONE, _ZERO = Float(0.5), Float(1.0), Float(0.0)
_BLOCK = 4096
"""Entries that are worked on at a time."""


def _widened(source: Numbers, numbers: Floats) -> None:
    for i in range(source.shape[0]):
        numbers[i] = np.uint32(np.uint32(source[i]) << np.uint32(16)).view(np.float32)


def _taken(source: Numbers, numbers: Floats) -> None:
    for i in range(source.shape[0]):
        numbers[i] = source[i]


def _rounded(numbers: Floats, bits: NDArray[np.int32], target: Numbers) -> None:  # noqa: ARG001 - numba compares names
    for i in range(target.shape[0]):
        target[i] = np.uint16((bits[i] + 0x7FFF + ((bits[i] >> 16) & 1)) >> 16)


def _put(numbers: Floats, bits: NDArray[np.int32], target: Numbers) -> None:  # noqa: ARG001 - numba compares names
    for i in range(target.shape[0]):
        target[i] = numbers[i]


def _read(source: Numbers, numbers: Floats) -> None:
    """Put all entries of `source` into `numbers`."""
    (_widened if source.dtype == np.uint16 else _taken)(source, numbers)


def _write(numbers: Floats, bits: NDArray[np.int32], target: Numbers) -> None:
    """Set all entries of `target` to the first of `numbers`, rounded to nearest even where they become bfloat16.

    `bits` are those of `numbers`: to look at them so takes longer than a row does.
    """
    (_rounded if target.dtype == np.uint16 else _put)(numbers, bits, target)


@extending.overload(_read, strict=False)
def _compile_read(source: Any, numbers: Any) -> Callable[..., Any]:  # noqa: ARG001 - numba compares names
    return _widened if source.dtype == types.uint16 else _taken


@extending.overload(_write, strict=False)
def _compile_write(numbers: Any, bits: Any, target: Any) -> Callable[..., Any]:  # noqa: ARG001 - numba compares names
    return _rounded if target.dtype == types.uint16 else _put


@numba.njit(fastmath=FREE_ROUNDING, inline="always")
def _normal(z: Float) -> tuple[Float, Float]:
    """Phi(z) and phi(z), each to about 1e-7."""
    power = max(_LOWEST_EXPONENT, z * z * (-_HALF * _LOG2_E))
    whole = np.floor(power + _HALF)
    f = power - whole
    fraction = _ONE + f * (_E1 + f * (_E2 + f * (_E3 + f * (_E4 + f * (_E5 + f * _E6)))))
    exponential = fraction * np.int32((whole + _EXPONENT_BIAS) * _MANTISSA_SIZE).view(np.float32)
    t = _ONE / (_ONE + _P * abs(z))
    tail = _HALF * exponential * (t * (_A1 + t * (_A2 + t * (_A3 + t * (_A4 + t * _A5)))))
    return _HALF + np.copysign(_HALF - tail, z), _DENSITY_AT_0 * exponential


@compiled
def gelu(x: Numbers, out: Numbers, slope: Numbers) -> None:
    """out = x Phi(x) and slope = Phi(x) + x phi(x), of flat arrays; an empty `slope` is left so."""
    z, steep = np.empty(_BLOCK, np.float32), np.empty(_BLOCK, np.float32)
    z_bits, steep_bits = z.view(np.int32), steep.view(np.int32)
    for start in range(0, x.shape[0], _BLOCK):
        end = min(start + _BLOCK, x.shape[0])
        _read(x[start:end], z)
        if slope.shape[0] == 0:
            for i in range(end - start):
                below, _ = _normal(z[i])
                z[i] *= below
        else:
            for i in range(end - start):
                below, density = _normal(z[i])
                steep[i] = below + z[i] * density
                z[i] *= below
        _write(z, z_bits, out[start:end])
        _write(steep, steep_bits, slope[start:end])


@compiled
def _norm(x: Numbers, weight: Floats, bias: Floats, eps: float, out: Floats, mean: Floats, inverse: Floats) -> None:
    """out = (x - mean) / sqrt(variance + eps) * weight + bias of one member's rows, with their means and inverse deviations."""
    rows, channels = x.shape
    share, row = Float(1.0 / channels), np.empty(channels, np.float32)
    for r in range(rows):
        _read(x[r], row)
        total = _ZERO
        for c in range(channels):
            total += row[c]
        center = total * share
        squares = _ZERO
        for c in range(channels):
            row[c] -= center
            squares += row[c] * row[c]
        scale = _ONE / np.sqrt(squares * share + Float(eps))
        mean[r], inverse[r] = center, scale
        for c in range(channels):
            out[r, c] = row[c] * scale * weight[c] + bias[c]


@compiled
def norm_gelu(
    x: Numbers, weight: Floats, bias: Floats, eps: float, out: Numbers, slope: Numbers, mean: Floats, inverse: Floats
) -> None:
    """`gelu` of each member's LayerNorm times its weight plus its bias; an empty `slope` is left so."""
    normed = np.empty(x.shape[1:], np.float32)
    for k in range(x.shape[0]):
        _norm(x[k], weight[k], bias[k], eps, normed, mean[k], inverse[k])
        gelu(normed.reshape(-1), out[k].reshape(-1), slope[min(k, slope.shape[0] - 1)].reshape(-1))


@compiled
def norm_gelu_backward(
    grad: Numbers,
    slope: Numbers,
    x: Numbers,
    weight: Floats,
    mean: Floats,
    inverse: Floats,
    grad_x: Numbers,
    grad_weight: Floats,
    grad_bias: Floats,
) -> None:
    """Gradients by x, weight and bias of `norm_gelu`."""
    members, rows, channels = x.shape
    share, by_weight, by_bias = Float(1.0 / channels), np.empty(channels, np.float32), np.empty(channels, np.float32)
    own, unit = np.empty(channels, np.float32), np.empty(channels, np.float32)
    by_z, steep = np.empty(channels, np.float32), np.empty(channels, np.float32)
    by_z_bits = by_z.view(np.int32)
    for k in range(members):
        own[:], by_weight[:], by_bias[:] = weight[k], _ZERO, _ZERO
        for r in range(rows):
            center, scale = mean[k, r], inverse[k, r]
            _read(x[k, r], unit)
            _read(grad[k, r], by_z)
            _read(slope[k, r], steep)
            total, along = _ZERO, _ZERO
            for c in range(channels):
                unit[c] = (unit[c] - center) * scale
                by_z[c] *= steep[c]
                by_weight[c] += by_z[c] * unit[c]
                by_bias[c] += by_z[c]
                by_z[c] *= own[c]
                total += by_z[c]
                along += by_z[c] * unit[c]
            total *= share
            along *= share
            for c in range(channels):
                by_z[c] = (by_z[c] - total - along * unit[c]) * scale
            _write(by_z, by_z_bits, grad_x[k, r])
        grad_weight[k], grad_bias[k] = by_weight, by_bias
