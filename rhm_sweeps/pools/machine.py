"""What of this machine the present process may use: cores and memory, within the limits of its control group."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")
GPU_DRIVERS = (Path("/dev/nvidiactl"), Path("/dev/dxg"), Path("/dev/kfd"))
"""What the drivers of NVIDIA, of Windows' Linux and of AMD put there."""


def processor_resources() -> dict[str, float]:
    """Cores and bytes of memory, by Ray's names."""
    return {"CPU": float(available_cores()), "memory": float(int(available_memory_gib() * 2**30))}


def has_gpu_driver() -> bool:
    """Whether there may be a GPU. Only PyTorch knows whether there is one, and it takes seconds to be imported."""
    return any(driver.exists() for driver in GPU_DRIVERS)


def available_cores() -> int:
    """Cores that this process may run on, at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    quotas = (content.split() for content in _limits("cpu.max"))
    return max(1, min([cores, *(int(quota) // int(period) for quota, period in quotas)]))


def available_memory_gib() -> float:
    """Memory of the machine, or what a control group leaves of it."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([machine, *map(int, _limits("memory.max"))]) / 2**30


def _limits(name: str) -> Iterator[str]:
    """What a file says in this process's control group and in those above it, where there is a limit."""
    for folder in _groups():
        try:
            content = (folder / name).read_text().strip()
        except OSError:
            continue
        if content and not content.startswith("max"):
            yield content


def _groups() -> Iterator[Path]:
    """The folders of this process's control group and of those above it; inside a container the first may not be there."""
    try:
        lines = OWN_CGROUP.read_text().splitlines()
    except OSError:
        return
    own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), None)
    if own is not None:
        group = CGROUPS / own
        yield from (group, *(parent for parent in group.parents if parent.is_relative_to(CGROUPS)))
