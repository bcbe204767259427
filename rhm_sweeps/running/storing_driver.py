"""Between a driver and packs that keep their files in a storage: what the driver leaves goes there, what packs leave comes here."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

from rhm_sweeps.errors import StorageError
from rhm_sweeps.packs.pack_orders import FILE_NAME as ORDERS
from rhm_sweeps.packs.pack_progress import Progress
from rhm_sweeps.pools.leaving_node import LeavingNode
from rhm_sweeps.pools.pools import Pools
from rhm_sweeps.running.tasks import Driver, PackTask
from rhm_sweeps.storage.outage import Outage
from rhm_sweeps.storage.pack_mirror import LOGS
from rhm_sweeps.storage.storage import Storage

LOOK_INTERVAL_S = 0.5
"""Between looks for orders that the driver has written."""
SENT_AT_ONCE = 16
"""Orders that are under way to the storage: all packs are told to leave in the few seconds that there are."""


class StoringDriver:
    """A `Driver` that hands on what another one says, and brings files from its folders into the storage and back.

    A pack is handed out when the storage has what it begins with. That a trial has ended is told when its model is here; if it cannot
    be fetched it is told all the same, and the end of the session fetches it.
    """

    def __init__(self, driver: Driver, storage: Storage, outage: Outage | None = None) -> None:
        self._driver, self._storage, self._outage = driver, storage, outage or Outage(math.inf)
        self._held: PackTask | None = None
        self._running: dict[str, PackTask] = {}
        self._sent: dict[str, bytes] = {}
        self._looked = 0.0

    def next_pack(self) -> PackTask | None:
        task, self._held = self._held or self._driver.next_pack(), None
        if task is None:
            return None
        if not self._attempt(partial(self._offer, task)):
            self._held = task
            return None
        self._running[task.id] = task
        return task

    def _attempt(self, action: Callable[[], None]) -> bool:
        done = self._outage.attempt(action)
        for news in self._outage.news():
            self._driver.say(news)
        return done

    def is_over(self) -> bool:
        return self._driver.is_over()

    def should_stop(self) -> bool:
        stops = self._driver.should_stop()
        self._send_orders(at_once=stops)
        return stops

    def resized(self, pools: Pools) -> None:
        self._driver.resized(pools)

    def vacate(self, node: LeavingNode, packs: Sequence[str]) -> None:
        self._driver.vacate(node, packs)
        self._send_orders(at_once=True)

    def say(self, message: str) -> None:
        self._driver.say(message)

    def started(self, pack: str) -> None:
        self._driver.started(pack)

    def progressed(self, pack: str, progress: Progress) -> None:
        if progress.endings or progress.finished:
            self._attempt(partial(self._collect, pack, progress))
        self._driver.progressed(pack, progress)
        if progress.finished:
            self._running.pop(pack, None)

    def crashed(self, pack: str, reason: str, *, blameless: bool = False) -> None:
        if task := self._running.pop(pack, None):
            with suppress(StorageError):
                self._collect_logs(task)
        self._driver.crashed(pack, reason, blameless=blameless)

    def _offer(self, task: PackTask) -> None:
        """Bring to the storage what the pack begins with and only this machine has, and the orders for it."""
        place = f"packs/{task.id}"
        there = self._storage.sizes(place)
        if not any(name.endswith(".ckpt") for name in there):
            for file in sorted(task.folder.glob("step-*.ckpt")):
                self._storage.put(file, f"{place}/{file.name}")
        for source in task.sources.values():
            if source.is_file() and not self._storage.has(f"models/{source.name}"):
                self._storage.put(source, f"models/{source.name}")
        self._sent[task.id] = (self._storage.read(f"{place}/{ORDERS}") or b"") if ORDERS in there else b""
        self._send(task)

    def _send_orders(self, *, at_once: bool = False) -> None:
        """Bring new orders to the packs; those that cannot be brought now are with the next look."""
        now = time.monotonic()
        if at_once or now - self._looked >= LOOK_INTERVAL_S:
            self._looked = now
            if changed := [task for task in self._running.values() if _orders(task) != self._sent[task.id]]:
                self._attempt(partial(self._send_all, changed))

    def _send_all(self, tasks: Sequence[PackTask]) -> None:
        with ThreadPoolExecutor(SENT_AT_ONCE, thread_name_prefix="orders") as workers:
            for _ in workers.map(self._send, tasks):
                pass

    def _send(self, task: PackTask) -> None:
        orders = _orders(task)
        if orders == self._sent[task.id]:
            return
        if orders:
            self._storage.write(f"packs/{task.id}/{ORDERS}", orders)
        else:
            self._storage.remove(f"packs/{task.id}/{ORDERS}")
        self._sent[task.id] = orders

    def _collect(self, pack: str, progress: Progress) -> None:
        """Bring here what the members left that have ended, the logs, and the checkpoints of a pack that is to be divided."""
        task = self._running[pack]
        for ending in progress.endings:
            for name in (f"{ending.signature}.state", f"{ending.signature}.safetensors"):  # where this is, that is
                self._storage.fetch(f"models/{name}", task.models_folder / name)
        if progress.too_big:
            for name in self._storage.sizes(f"packs/{pack}"):
                if name.endswith(".ckpt"):
                    self._storage.fetch(f"packs/{pack}/{name}", task.folder / name)
        self._collect_logs(task)

    def _collect_logs(self, task: PackTask) -> None:
        for name in LOGS:
            self._storage.fetch(f"packs/{task.id}/{name}", task.folder / name)


def _orders(task: PackTask) -> bytes:
    """What the driver has written for a pack; nothing if it has not."""
    try:
        return (task.folder / ORDERS).read_bytes()
    except FileNotFoundError:
        return b""
