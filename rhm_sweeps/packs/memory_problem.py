"""Tells apart errors that say that memory ran out: such a pack is tried again with fewer members."""

from __future__ import annotations

import torch

from rhm_sweeps.packs.pack_progress import Progress

_TEXTS = ("can't allocate memory", "DefaultCPUAllocator", "out of memory", "CUBLAS_STATUS_ALLOC_FAILED")
"""How torch's errors without a class of their own say it."""
_LONGEST = 300


def memory_problem(error: BaseException) -> str | None:
    """Say in a line how memory ran out, or return None if the error is of another kind."""
    is_memory = isinstance(error, torch.OutOfMemoryError | MemoryError)
    told = isinstance(error, RuntimeError) and any(text in str(error) for text in _TEXTS)
    if not (is_memory or told):
        return None
    text = " ".join(str(error).split()) or "out of memory"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def too_big(members: int, problem: str) -> Progress:
    """What a pack reports that does not fit: all of its members are still to be trained."""
    return Progress(0, 0, members, 0.0, too_big=problem)
