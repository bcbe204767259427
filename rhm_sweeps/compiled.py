"""How numba compiles our kernels: for the processor at hand, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from llvmlite import binding

FREE_ROUNDING = {"reassoc", "contract", "nsz", "arcp"}
"""What lets sums be vectorized; infinities and NaN stay what they are."""


def _use_widest_registers() -> None:
    """LLVM keeps to half of AVX-512's registers, for programs that use them seldom; these kernels are faster with all."""
    features = binding.get_host_cpu_features()
    if features.get("avx512f"):
        config: Any = numba.config
        config.CPU_NAME = config.CPU_NAME or binding.get_host_cpu_name()
        config.CPU_FEATURES = f"{config.CPU_FEATURES or features.flatten()},-prefer-256-bit"


_use_widest_registers()


def compiled(function: Callable[..., Any]) -> Any:
    """Compile on first call; keep the result on disk, where there is a place for it, until the function's file changes.

    So what a kernel calls belongs in its own file.
    """
    options: dict[str, Any] = {"fastmath": FREE_ROUNDING, "error_model": "numpy", "nogil": True}
    try:
        return numba.njit(function, cache=True, **options)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        return numba.njit(function, **options)
