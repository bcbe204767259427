"""Kernels compile whether or not there is a place to keep them."""

import numpy as np
import pytest
from numba.core import caching

from rhm_sweeps.compiled import compiled


def double(values):
    for i in range(values.shape[0]):
        values[i] *= 2


@pytest.mark.slow
@pytest.mark.parametrize("kept", [True, False])
def test_kernels_compile_with_and_without_a_place_to_keep_them(kept, monkeypatch):
    if not kept:
        monkeypatch.setattr(caching.CompileResultCacheImpl, "_locator_classes", [])
    kernel, values = compiled(double), np.arange(3, dtype=np.float32)
    kernel(values)
    assert values.tolist() == [0, 2, 4]
    assert bool(kernel.stats.cache_path) == kept
