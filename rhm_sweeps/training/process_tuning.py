"""How a process that trains uses its core and its memory."""

from __future__ import annotations

import ctypes

import torch

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
"""Names of glibc's malloc.h."""
_KEPT_BYTES = 2**30
_GROWTH_BYTES = 2**26
_HEAP_BYTES = 2**25
"""The largest that glibc takes."""


def tune_process() -> None:
    """One torch thread; memory that a step frees is kept for the next.

    By default glibc gives the memory of large tensors back to the system, which clears it page by page when the next step
    asks for it again. Where the C library is another, nothing changes.
    """
    torch.set_num_threads(1)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, value in (
            (_TRIM_THRESHOLD, _KEPT_BYTES),
            (_TOP_PAD, _GROWTH_BYTES),
            (_MMAP_THRESHOLD, _HEAP_BYTES),
        ):
            mallopt(option, value)
