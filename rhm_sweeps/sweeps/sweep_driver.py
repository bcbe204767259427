"""Drives a sweep: hands packs to the runner, records what they report, and carries out what schedulers, searches and people decide."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from rhm_sweeps.ledger import Ledger, MetricPoint, PackRecord, now_ms
from rhm_sweeps.packs.pack_orders import PackOrders, write_orders
from rhm_sweeps.packs.pack_progress import Progress
from rhm_sweeps.pools.leaving_node import LeavingNode
from rhm_sweeps.pools.pools import Pools
from rhm_sweeps.running.tasks import PackTask
from rhm_sweeps.schedulers.scheduler import Scheduler
from rhm_sweeps.sweeps.control import Control, stop_idle
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.pack_queue import CRASHES_FORGIVEN, PackQueue
from rhm_sweeps.sweeps.pool_changes import pool_changes
from rhm_sweeps.sweeps.recorder import Recorder, View
from rhm_sweeps.sweeps.repacking import reroute, split_pack
from rhm_sweeps.sweeps.stop_request import StopRequest

NOTE_INTERVAL_S = 1.0
"""How often the ledger says where packs are between their metric points: of all at once, for one wait for the disk."""


class Search(Protocol):
    """Adds trials to the plan, given the results so far."""

    def advance(self, free_places: int) -> bool:
        """Take in what has ended, plan more trials if it is time, and return whether the plan has grown."""

    def reload(self) -> None:
        """The plan was changed by another process."""

    @property
    def remaining(self) -> int:
        """How often it will still add trials."""

    @property
    def is_over(self) -> bool:
        """Whether no more trials will come, and what became of all of them is known."""


class SweepDriver:
    """The `Driver` of a sweep, whose state is its ledger."""

    def __init__(
        self,
        ledger: Ledger,
        folder: SweepFolder,
        limits: Mapping[str, int],
        view: View,
        stop: StopRequest,
        scheduler: Scheduler | None = None,
        search: Search | None = None,
    ) -> None:
        self._ledger, self._folder, self._view, self._stop = ledger, folder, view, stop
        self._queue = PackQueue(ledger, folder, limits, judged=scheduler is not None)
        self._recorder = Recorder(ledger, view)
        self._control = Control(ledger)
        self._scheduler, self._search = scheduler, search
        self._verdicts = dict(scheduler.decide(list(ledger.points()))) if scheduler else {}
        self._plan_version = self._control.plan_version
        self._noted = float("-inf")
        self._leaving_nodes: set[str] = set()
        self._moving: set[str] = set()
        self._has_stopped = False
        self._refresh()
        self._carry_out()

    @property
    def is_paused(self) -> bool:
        return self._control.wanted == "pause"

    def should_stop(self) -> bool:
        self._look()
        stops = self._stop()
        if stops and not self._has_stopped:
            self._has_stopped = True
            self._order_all()
        return stops

    def next_pack(self) -> PackTask | None:
        if self.should_stop() or self.is_paused:
            return None
        task = self._queue.take()
        if task is None and self._search and self._search.advance(self._queue.free_places):
            self._refresh()
            task = self._queue.take()
        if task is not None:
            self._recorder.opened(task.id, task.trials)
            self._order(task.id)
        return task

    def is_over(self) -> bool:
        self._look()
        waits = self.is_paused or (self._search is not None and not self._search.is_over)
        return self._queue.is_empty and not waits

    def resized(self, pools: Pools) -> None:
        before, self._queue.limits = self._queue.limits, pools.limits
        moved = reroute(self._ledger, pools, or_wait=True)
        for change in pool_changes(before, pools, moved):
            self._view.say(change)
        self._refresh()

    def vacate(self, node: LeavingNode, packs: Sequence[str]) -> None:
        if node.id not in self._leaving_nodes:
            self._leaving_nodes.add(node.id)
            self._view.say(node.notice(len(packs)))
        for pack in set(packs) & self._recorder.open.keys():
            self._moving.add(pack)
            self._order(pack)

    def say(self, message: str) -> None:
        self._view.say(message)

    def started(self, pack: str) -> None:
        self._recorder.started(pack)

    def progressed(self, pack: str, progress: Progress) -> None:
        with self._ledger.transaction():  # one wait for the disk, and none if there is nothing to write
            news = self._recorder.record(pack, progress)
            self._note(pack, news)
        self._recorder.tell(pack, news)
        self._judge(pack, news.points)
        if progress.too_big:
            self._make_smaller(pack, progress.too_big)
        elif progress.finished:
            self._close(pack)

    def crashed(self, pack: str, reason: str, *, blameless: bool = False) -> None:
        crashes = 0 if blameless else self._queue.count_crash(pack)
        if crashes > CRASHES_FORGIVEN:
            self._recorder.failed(pack, f"its process died {crashes} times: {reason}")
        else:
            fate = " is taken back" if blameless else ": its process died"
            self._view.say(f"pack {pack}{fate} ({reason}); it goes on from its checkpoint")
        self._close(pack)

    def _look(self) -> None:
        """Do what other processes ask."""
        before = self._control.wanted, self._control.orders
        if not self._control.look():
            return
        if self._control.wanted == "stop" and not self._stop():
            self._stop.ask()
        self._ledger.set_meta(state="paused" if self.is_paused else "running")
        if self._control.plan_version != self._plan_version:
            self._plan_version = self._control.plan_version
            if self._search:
                self._search.reload()
            self._refresh()
        self._carry_out()
        if before != (self._control.wanted, self._control.orders):
            self._order_all()

    def _refresh(self) -> None:
        self._queue.refresh()
        running = {pack: len(members) for pack, members in self._recorder.open.items()}
        self._view.replan({**self._queue.waiting, **running})

    def _carry_out(self) -> None:
        """Stop those trials at once that do not run."""
        if not self._control.orders:
            return
        running = {signature for members in self._recorder.open.values() for signature in members}
        if idle := [signature for signature in self._control.orders if signature not in running]:
            stop_idle(self._ledger, idle, self._control.orders)
            self._refresh()

    def _order_all(self) -> None:
        for pack in self._queue.running:
            self._order(pack)

    def _order(self, pack: str) -> None:
        """Tell a pack which of its members stop, and whether it is to leave: a pack without news hears Ray's stop too late."""
        taken_up = self._queue.taken_up
        verdicts = {name: reason for name, reason in self._verdicts.items() if name not in taken_up}
        reasons = {**verdicts, **self._control.orders}
        stops = {name: reasons[name] for name in sorted(self._recorder.open[pack]) if name in reasons}
        moves = pack in self._moving
        orders = PackOrders(stops, leave=self.is_paused or self._has_stopped or moves, vacate=moves)
        if orders != PackOrders():
            write_orders(self._folder.packs / pack, orders)

    def _judge(self, pack: str, points: tuple[MetricPoint, ...]) -> None:
        if self._scheduler and points and (verdicts := self._scheduler.decide(points)):
            self._verdicts.update(verdicts)
            self._order(pack)

    def _note(self, pack: str, progress: Progress) -> None:
        self._queue.note(
            PackRecord(
                pack,
                step=progress.step,
                steps=progress.steps,
                active=progress.active,
                steps_per_second=progress.steps_per_second,
                updated_ms=now_ms(),
            )
        )
        now = time.monotonic()
        if progress.finished or now - self._noted >= NOTE_INTERVAL_S:
            self._noted = now
            self._queue.write_notes()

    def _make_smaller(self, pack: str, reason: str) -> None:
        """Halve a pack that does not fit; a trial that does not fit alone fails, and so does a population."""
        members = self._ledger.trials_of(pack)
        population = any(trial.config.get("population", {}).get("members") for trial in members)
        if population or len(self._recorder.open[pack]) == 1:
            alone = "and is a population, which is never divided" if population else "even alone"
            self._recorder.failed(pack, f"it does not fit the memory of its pool, {alone}: {reason}")
        else:
            self._view.say(f"pack {pack} does not fit the memory of its pool and is halved: {reason}")
        self._close(pack)
        if split_pack(self._ledger, self._folder, pack):
            self._refresh()

    def _close(self, pack: str) -> None:
        self._recorder.closed(pack)
        self._moving.discard(pack)
        self._queue.free(pack)
