"""A driver without a ledger, for tests of what runs packs: it hands out a list of packs and remembers what it is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rhm_sweeps.config import parse_trial
from rhm_sweeps.packs.pack_orders import PackOrders, clear_orders, write_orders
from rhm_sweeps.packs.pack_progress import Progress
from rhm_sweeps.pools.leaving_node import LeavingNode
from rhm_sweeps.pools.pools import Pools
from rhm_sweeps.running.tasks import PackTask

from ..tiny_sweeps import TINY


def tiny_task(name: str, pool: str, folder: Path, **training: Any) -> PackTask:
    """A pack of one trial that trains in a moment."""
    trial = parse_trial({**TINY, "training": {**TINY["training"], "train_size": 8, **training}})
    return PackTask(name, {trial.signature: trial.model_dump_json()}, folder / name, folder / "models", pool)


@dataclass
class PackDriver:
    """Hands out packs in order, of each pool at most its limit at once, and those again whose process died or that left."""

    waiting: list[PackTask]
    limits: Mapping[str, int]
    heard: Callable[[str, Progress], None] = lambda pack, progress: None
    running: dict[str, PackTask] = field(default_factory=dict)
    events: list[tuple[str, str]] = field(default_factory=list)
    most: dict[str, int] = field(default_factory=dict)
    """The most packs of each pool that were at work at once."""
    at_work: set[str] = field(default_factory=set)
    reports: dict[str, list[Progress]] = field(default_factory=dict)
    crashes: list[tuple[str, str]] = field(default_factory=list)
    blameless: set[str] = field(default_factory=set)
    vacated: list[tuple[LeavingNode, tuple[str, ...]]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    stop_at: float = float("inf")
    keeps_waiting: bool = False
    """Whether more packs may come for ever."""

    def next_pack(self) -> PackTask | None:
        for task in self.waiting:
            if self._count(task.pool, self.running) < self.limits.get(task.pool, 0):
                self.waiting.remove(task)
                self.running[task.id] = task
                return task
        return None

    def _count(self, pool: str, packs: Sequence[str] | Mapping[str, PackTask] | set[str]) -> int:
        return sum(self.running[pack].pool == pool for pack in packs)

    def is_over(self) -> bool:
        return not self.keeps_waiting and not self.waiting and not self.running

    def should_stop(self) -> bool:
        return time.monotonic() >= self.stop_at

    def resized(self, pools: Pools) -> None:
        self.limits = pools.limits

    def say(self, message: str) -> None:
        self.messages.append(message)

    def started(self, pack: str) -> None:
        self.events.append(("started", pack))
        self.at_work.add(pack)
        pool = self.running[pack].pool
        self.most[pool] = max(self.most.get(pool, 0), self._count(pool, self.at_work))

    def progressed(self, pack: str, progress: Progress) -> None:
        self.reports.setdefault(pack, []).append(progress)
        self.heard(pack, progress)
        if progress.finished:
            self.events.append(("finished", pack))
            if progress.left:
                self.waiting.append(self.running[pack])
                clear_orders(self.running[pack].folder)
            self._free(pack)

    def vacate(self, node: LeavingNode, packs: Sequence[str]) -> None:
        self.vacated.append((node, tuple(packs)))
        for pack in packs:
            write_orders(self.running[pack].folder, PackOrders(leave=True, vacate=True))

    def crashed(self, pack: str, reason: str, *, blameless: bool = False) -> None:
        self.crashes.append((pack, reason))
        self.blameless |= {pack} if blameless else set()
        self.waiting.append(self.running[pack])
        self._free(pack)

    def _free(self, pack: str) -> None:
        self.at_work.discard(pack)
        del self.running[pack]
