"""Pools: where packs run. The pool `local` is found by itself: every GPU, else every core with one torch thread each."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

import torch

from rhm_sweeps.errors import UsageError


@dataclass(frozen=True)
class Pool:
    """Slots of equal resources; each runs one pack at a time.

    `memory_gib` is what one pack may use: the GPU's memory, or an equal share of the machine's.
    """

    name: str
    device: str
    slots: int
    cpus_per_pack: float
    gpus_per_pack: float
    memory_gib: float


def check_device(name: str) -> str:
    """Return the name of a device, `cpu`, `cuda` or `cuda:1`, if packs can train there.

    Raises:
        UsageError: if it is none of these, or not on this machine.
    """
    if not re.fullmatch(r"cpu|cuda(:\d+)?", name):
        raise UsageError(f"the device is {name!r}, but must be cpu or cuda")
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError) as error:  # torch says `not compiled with CUDA` by an assertion
        reason = str(error).strip().splitlines()[0]
        raise UsageError(f"the device is {name!r}, but this machine cannot use it: {reason}; use cpu") from None
    return name


def local_pool() -> Pool:
    """The machine this process runs on."""
    gpus = torch.cuda.device_count()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    if gpus:
        memory = torch.cuda.get_device_properties(0).total_memory / 2**30
        return Pool("local", "cuda", gpus, min(1.0, cores / gpus), 1.0, memory)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return Pool("local", "cpu", cores, 1.0, 0.0, memory / cores)
