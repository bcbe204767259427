"""Packs are handed out in order, each pool for itself; one whose process died waits longer each time."""

from __future__ import annotations

import json

import pytest

from rhm_sweeps.ledger import Ledger, PackRecord, now_ms
from rhm_sweeps.packs.pack_orders import PackOrders, read_orders, write_orders
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.pack_queue import LONGEST_PAUSE_S, PackQueue
from rhm_sweeps.sweeps.plan import make_plan
from rhm_sweeps.sweeps.standing import standing

from ..tiny_sweeps import record, tiny_plan, tiny_space


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def queue_of(ledger: Ledger, folder: SweepFolder, clock: Clock | None = None, **limits: int) -> PackQueue:
    queue = PackQueue(ledger, folder, limits or {"local": 8}, clock=clock or Clock())
    queue.refresh()
    return queue


def packs(ledger: Ledger) -> list[str]:
    return list(dict.fromkeys(trial.pack for trial in ledger.trials()))


def taken(queue: PackQueue) -> list[str]:
    """All that is handed out now."""
    return [task.id for task in iter(queue.take, None)]


def test_packs_come_in_the_order_of_the_plan_up_to_the_limit(ledger: Ledger, folder: SweepFolder) -> None:
    queue = queue_of(ledger, folder, local=1)
    first, second = packs(ledger)
    assert taken(queue) == [first]
    assert queue.free_places == 0
    ledger.set_state([trial.signature for trial in ledger.trials_of(first)], "done")
    queue.free(first)
    assert taken(queue) == [second]


def test_packs_report_the_more_seldom_the_more_are_at_work(ledger: Ledger, folder: SweepFolder) -> None:
    """As many as there are slots now, and packs for them."""
    record(ledger, make_plan(tiny_space((8,), replicas=802)))
    queue = queue_of(ledger, folder, local=200, other=100)
    assert [task.report_interval_s for task in (queue.take(), queue.take()) if task] == [3.0, 3.0]
    queue.limits = {"local": 10**6}
    packs_left = len(queue.running) + len(queue.waiting)
    assert packs_left > 400
    assert [task.report_interval_s for task in [queue.take()] if task] == [packs_left / 100]


def test_a_task_holds_what_is_left_of_its_pack(ledger: Ledger, folder: SweepFolder) -> None:
    first, second, *_ = ledger.trials()
    ledger.set_state([first.signature], "done")
    task = queue_of(ledger, folder).take()
    assert task is not None
    assert {name: json.loads(fields) for name, fields in task.trials.items()} == {second.signature: second.config}
    assert (task.folder, task.models_folder, task.pool) == (folder.packs / task.id, folder.models, "local")


def test_a_pool_that_is_full_holds_up_no_other(ledger: Ledger, folder: SweepFolder) -> None:
    record(ledger, tiny_plan((12, 16), finished=tuple(ledger.states())))
    ids = packs(ledger)
    ledger.set_packs(PackRecord(pack, pool) for pack, pool in zip(ids, ("a", "a", "a", "b"), strict=True))
    queue = queue_of(ledger, folder, a=1, b=1)
    assert taken(queue) == [ids[0], ids[3]]
    assert queue.running == {ids[0]: "a", ids[3]: "b"}


def test_a_pack_whose_process_died_waits_twice_as_long_each_time(
    ledger: Ledger, folder: SweepFolder, clock: Clock
) -> None:
    queue = queue_of(ledger, folder, clock, local=1)
    first, second = packs(ledger)
    waits = []
    for expected in range(1, 9):
        assert taken(queue) == [first]
        assert queue.count_crash(first) == expected
        queue.free(first)
        queue._waiting = {first: queue._waiting[first]}
        begun = clock.now
        while queue.take() is None:
            clock.now += 0.5
        queue.free(first)
        waits.append(clock.now - begun)
    assert waits == [1, 2, 4, 8, 16, 32, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    assert ledger.packs()[first].crashes == 8
    assert second not in queue.running


def test_others_go_first_while_a_pack_waits(ledger: Ledger, folder: SweepFolder) -> None:
    queue = queue_of(ledger, folder, local=1)
    first, second = packs(ledger)
    queue.take()
    queue.count_crash(first)
    queue.free(first)
    assert taken(queue) == [second]
    assert not queue.is_empty


def test_old_orders_are_cleared_when_a_pack_is_handed_out(ledger: Ledger, folder: SweepFolder) -> None:
    path = folder.packs / packs(ledger)[0]
    write_orders(path, PackOrders({"a": "b"}, leave=True))
    assert read_orders(path) == PackOrders({"a": "b"}, leave=True)
    queue_of(ledger, folder).take()
    assert read_orders(path) == PackOrders()


def test_trials_go_on_from_the_states_of_their_sources(ledger: Ledger, folder: SweepFolder) -> None:
    first, second, *_ = ledger.trials()
    ledger.set_sources({first.signature: "0123", second.signature: second.signature})
    task = queue_of(ledger, folder).take()
    assert task is not None
    assert task.sources == {
        first.signature: folder.training_state("0123"),
        second.signature: folder.training_state(second.signature),
    }


def test_a_note_keeps_pool_and_crashes(ledger: Ledger, folder: SweepFolder) -> None:
    queue = queue_of(ledger, folder)
    task = queue.take()
    assert task is not None
    queue.count_crash(task.id)
    queue.note(PackRecord(task.id, step=4, steps=8, active=2, steps_per_second=3.0, updated_ms=1))
    assert ledger.packs()[task.id].step == 0
    queue.write_notes()
    assert ledger.packs()[task.id] == PackRecord(task.id, "local", 1, 4, 8, 2, 3.0, 1)


def test_what_a_pack_has_done_counts_while_it_waits(ledger: Ledger, folder: SweepFolder) -> None:
    queue = queue_of(ledger, folder)
    task = queue.take()
    assert task is not None
    members = len(task.trials)
    ledger.set_state(task.trials, "running")
    queue.note(PackRecord(task.id, step=4, steps=8, active=members, steps_per_second=3.0, updated_ms=now_ms()))
    queue.write_notes()
    trains = standing(ledger.counts(), ledger.packs().values(), now_ms())
    ledger.set_state(task.trials, "pending")
    queue.free(task.id)
    waits = standing(ledger.counts(), ledger.packs().values(), now_ms())
    assert trains.fraction == waits.fraction == members * 0.5 / len(ledger.states())
    assert (len(trains.running), waits.running, waits.eta_s) == (1, (), None)


def test_what_is_planned_later_is_seen_at_a_refresh(ledger: Ledger, folder: SweepFolder) -> None:
    queue = queue_of(ledger, folder)
    assert len(taken(queue)) == 2
    record(ledger, tiny_plan((12,), finished=tuple(ledger.states())))
    assert queue.take() is None
    queue.refresh()
    assert len(taken(queue)) == 1
