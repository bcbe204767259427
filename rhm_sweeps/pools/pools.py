"""Pools: where packs run. The pool `local` is found by itself: every GPU, else every core with one torch thread each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.errors import SweepError, UsageError
from rhm_sweeps.pools.machine import available_cores, available_memory_gib
from rhm_sweeps.pools.pool_routes import Route

ANY_SHARE = 0.001
"""How much of a node's accelerator type a pack asks for: any node that has the type has enough of it."""


@dataclass(frozen=True)
class Pool:
    """Slots of equal resources; each runs one pack at a time.

    `memory_gib` is what one pack may use: of the GPU's memory, or of the node's, which is then reserved for it.
    """

    name: str
    device: str
    slots: int
    cpus_per_pack: float
    gpus_per_pack: float
    memory_gib: float
    accelerator_type: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels that the node must have."""
    resources: Mapping[str, float] = field(default_factory=dict)
    """Further resources that one pack takes of its node, by the names that the cluster has for them."""

    @property
    def request(self) -> dict[str, float]:
        """What one pack asks of its node, by Ray's names; memory in bytes."""
        wanted = {
            "CPU": self.cpus_per_pack,
            "GPU": self.gpus_per_pack,
            "memory": 0.0 if self.device != "cpu" else float(int(self.memory_gib * 2**30)),
            **self.resources,
        }
        if self.accelerator_type:
            wanted[f"accelerator_type:{self.accelerator_type}"] = ANY_SHARE
        return {name: amount for name, amount in wanted.items() if amount}


@dataclass(frozen=True)
class Pools:
    """Pools by name, the rules that send trials to them, and why some can never run a pack here."""

    pools: tuple[Pool, ...]
    routes: tuple[Route, ...] = ()
    never: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Pool:
        return next(pool for pool in self.pools if pool.name == name)

    @property
    def usable(self) -> tuple[Pool, ...]:
        """The pools that can run packs here."""
        return tuple(pool for pool in self.pools if pool.name not in self.never)

    @property
    def limits(self) -> dict[str, int]:
        """How many packs each usable pool runs at once."""
        return {pool.name: pool.slots for pool in self.usable}

    def destination(self, trial: TrialConfig) -> str:
        """The pool of the first rule that holds for a trial, or that rule's `otherwise` if the pool can never run here."""
        route = next((route for route in self.routes if route.holds(trial)), Route(self.pools[0].name))
        return route.otherwise if route.pool in self.never and route.otherwise else route.pool

    def route(self, trial: TrialConfig) -> str:
        """The pool that trains a trial.

        Raises:
            SweepError: if that pool can never run a pack here, saying why.
        """
        name = self.destination(trial)
        if name in self.never:
            raise SweepError(f"pool {name} can never run a pack here: {self.never[name]}")
        return name


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
    gpus, cores = torch.cuda.device_count(), available_cores()
    if gpus:
        memory = torch.cuda.get_device_properties(0).total_memory / 2**30
        return Pool("local", "cuda", gpus, min(1.0, cores / gpus), 1.0, memory)
    return Pool("local", "cpu", cores, 1.0, 0.0, available_memory_gib() / cores)


def local_pools() -> Pools:
    """The pool `local` alone, to which every trial goes."""
    return Pools((local_pool(),))
