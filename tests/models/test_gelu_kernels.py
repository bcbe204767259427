"""What numba compiles is what the kernels say in Python."""

import numpy as np
import pytest

from rhm_sweeps.models import gelu_kernels as kernels

KINDS = ["float32", "bfloat16"]
MEMBERS, ROWS, CHANNELS = 2, 3, 5


def _numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def _stored(numbers, kind):
    """As a kernel is given them: float32, or the bits of bfloat16."""
    return numbers if kind == "float32" else (numbers.view(np.uint32) >> 16).astype(np.uint16)


def _values(stored):
    return stored if stored.dtype == np.float32 else (stored.astype(np.uint32) << 16).view(np.float32)


def _both(kernel, inputs, outputs):
    """What the compiled kernel and its Python write into outputs like these."""
    for run in (kernel, kernel.py_func):
        written = [np.zeros_like(one) for one in outputs]
        run(*inputs, *written)
        yield [_values(one) for one in written]


def _assert_same(kernel, inputs, outputs, kind):
    compiled, python = _both(kernel, inputs, outputs)
    for one, other in zip(compiled, python, strict=True):
        assert np.abs(other).max() > 0
        np.testing.assert_allclose(one, other, rtol=2**-7 if kind == "bfloat16" else 1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_gelu(kind):
    x = _stored(2 * _numbers(24), kind)
    _assert_same(kernels.gelu, [x], [x, x], kind)


@pytest.mark.parametrize("kind", KINDS)
def test_norm_gelu(kind):
    x = _stored(_numbers(MEMBERS, ROWS, CHANNELS), kind)
    own, of_rows = _numbers(MEMBERS, CHANNELS, seed=1), _numbers(MEMBERS, ROWS)
    _assert_same(kernels.norm_gelu, [x, own, own + 1, 1e-5], [x, x, of_rows, of_rows], kind)


@pytest.mark.parametrize("kind", KINDS)
def test_norm_gelu_backward(kind):
    grad, slope, x = (_stored(_numbers(MEMBERS, ROWS, CHANNELS, seed=seed), kind) for seed in range(3))
    own, of_rows = _numbers(MEMBERS, CHANNELS, seed=3), np.abs(_numbers(MEMBERS, ROWS, seed=4))
    _assert_same(kernels.norm_gelu_backward, [grad, slope, x, own, of_rows, of_rows], [x, own, own], kind)


def test_bfloat16_is_rounded_to_nearest_even():
    between = np.array([1 + 2**-8, 1 + 3 * 2**-8, -(1 + 2**-8), 1 + 2**-8 + 2**-16], np.float32)
    nearest = np.array([1, 1 + 2**-6, -1, 1 + 2**-7], np.float32)
    stored = np.zeros(4, np.uint16)
    kernels._write(between, between.view(np.int32), stored)
    read = np.zeros(4, np.float32)
    kernels._read(stored, read)
    assert read.tolist() == nearest.tolist()
