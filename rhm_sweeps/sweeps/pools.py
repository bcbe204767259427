"""Pools: where packs run. The pool `local` is found by itself: every GPU, else every core with one torch thread each."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch


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


def local_pool() -> Pool:
    """The machine this process runs on."""
    gpus = torch.cuda.device_count()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    if gpus:
        memory = torch.cuda.get_device_properties(0).total_memory / 2**30
        return Pool("local", "cuda", gpus, min(1.0, cores / gpus), 1.0, memory)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return Pool("local", "cpu", cores, 1.0, 0.0, memory / cores)
