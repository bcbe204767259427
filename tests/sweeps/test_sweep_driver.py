"""What schedulers, searches and other processes decide reaches the packs that run, and what does not fit is made smaller."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from rhm_sweeps.ledger import Ledger, MetricPoint
from rhm_sweeps.packs.pack_orders import PackOrders, read_orders
from rhm_sweeps.packs.pack_progress import Ending, Progress
from rhm_sweeps.pools.cluster import Cluster, Node
from rhm_sweeps.pools.leaving_node import LeavingNode
from rhm_sweeps.pools.pools import Pools
from rhm_sweeps.pools.pools_file import parse_pools
from rhm_sweeps.running.tasks import PackTask, parse_trials
from rhm_sweeps.sweeps import control, sweep_driver
from rhm_sweeps.sweeps.control import ask
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.pack_queue import CRASHES_FORGIVEN
from rhm_sweeps.sweeps.sweep_driver import SweepDriver
from rhm_sweeps.training.checkpoints import save_checkpoint, step_path

from ..tiny_sweeps import LIMITS, RecordingView, record, tiny_plan

Make = Callable[..., SweepDriver]


@pytest.fixture(autouse=True)
def _always_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "LOOK_INTERVAL_S", 0.0)


@pytest.fixture
def view() -> RecordingView:
    return RecordingView()


@pytest.fixture
def driver(ledger: Ledger, folder: SweepFolder, view: RecordingView) -> Make:
    def make(**parts: object) -> SweepDriver:
        return SweepDriver(ledger, folder, LIMITS, view, view.stop, **parts)  # type: ignore[arg-type]

    return make


@pytest.fixture
def shell(ledger: Ledger) -> Iterator[Ledger]:
    """The ledger as another process has it."""
    with Ledger(ledger.path.parent) as other:
        yield other


def begin(driver: SweepDriver) -> PackTask:
    task = driver.next_pack()
    assert task is not None
    driver.started(task.id)
    return task


def point(signature: str, step: int, value: float) -> MetricPoint:
    return MetricPoint(signature, step, {"novel_valid": value}, 1000 + step)


@dataclass
class Bar:
    """Stops every trial whose `novel_valid` is below a bar."""

    seen: list[MetricPoint] = field(default_factory=list)

    def decide(self, points: Sequence[MetricPoint]) -> Mapping[str, str]:
        self.seen.extend(points)
        return {p.signature: "too low" for p in points if p.metrics["novel_valid"] < 0.5}


def test_verdicts_of_the_scheduler_are_ordered_before_the_next_report(driver: Make, folder: SweepFolder) -> None:
    made = driver(scheduler=Bar())
    task = begin(made)
    low, high = task.trials
    assert task.judged
    made.progressed(task.id, Progress(4, 8, 2, 1.0, (point(low, 4, 0.1), point(high, 4, 0.9))))
    assert read_orders(folder.packs / task.id) == PackOrders({low: "too low"})


def test_verdicts_are_found_again_after_a_restart(driver: Make, ledger: Ledger, folder: SweepFolder) -> None:
    first = driver(scheduler=Bar())
    task = begin(first)
    low = next(iter(task.trials))
    first.progressed(task.id, Progress(4, 8, 2, 1.0, (point(low, 4, 0.1),)))
    ledger.set_state(list(ledger.states()), "pending")
    bar = Bar()
    again = begin(driver(scheduler=bar))
    assert again.id == task.id
    assert read_orders(folder.packs / task.id) == PackOrders({low: "too low"})
    assert len(bar.seen) == 1


def test_a_trial_that_is_wanted_after_all_is_not_stopped_by_the_scheduler_again(
    driver: Make, ledger: Ledger, folder: SweepFolder
) -> None:
    low = ledger.trials()[0].signature
    ledger.add_points([point(low, 4, 0.1)])
    ledger.set_sources({low: low})
    task = begin(driver(scheduler=Bar()))
    assert low in task.trials
    assert read_orders(folder.packs / task.id) == PackOrders()


def test_an_order_from_another_shell_reaches_the_pack_and_is_dropped_when_done(
    driver: Make, shell: Ledger, folder: SweepFolder
) -> None:
    made = driver()
    task = begin(made)
    wanted = next(iter(task.trials))
    shell.order_stop([wanted], "by hand")
    assert not made.should_stop()
    assert read_orders(folder.packs / task.id) == PackOrders({wanted: "by hand"})
    made.progressed(task.id, Progress(4, 8, 1, 1.0, endings=(Ending(wanted, "stopped", "by hand"),)))
    assert shell.orders() == {}
    assert shell.states()[wanted] == "stopped"


def test_what_others_write_into_the_ledger_is_no_order(
    driver: Make, shell: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer to MLflow does all the time, and there may be thousands of packs."""
    made, ordered = driver(), []
    task = begin(made)
    monkeypatch.setattr(made, "_order", ordered.append)
    shell.set_meta(something="else")
    made.should_stop()
    assert ordered == []
    shell.order_stop([next(iter(task.trials))], "by hand")
    made.should_stop()
    assert ordered == [task.id]


def test_a_trial_that_does_not_run_is_stopped_at_once(driver: Make, shell: Ledger) -> None:
    made = driver()
    task = begin(made)
    idle = [signature for signature in shell.states() if signature not in task.trials]
    shell.order_stop(idle, "by hand")
    made.should_stop()
    assert [shell.states()[signature] for signature in idle] == ["stopped"] * len(idle)
    assert shell.orders() == {}
    assert made.next_pack() is None
    assert not made.is_over()


def test_a_paused_sweep_starts_nothing_and_is_not_over(
    driver: Make, shell: Ledger, folder: SweepFolder, ledger: Ledger
) -> None:
    made = driver()
    task = begin(made)
    ask(shell, "pause")
    assert not made.should_stop()
    assert read_orders(folder.packs / task.id) == PackOrders(leave=True)
    assert made.next_pack() is None
    made.progressed(task.id, Progress(4, 8, 2, 1.0, left=True))
    assert ledger.counts()["pending"] == 4
    assert (ledger.meta("state"), made.is_over()) == ("paused", False)
    ask(shell, "run")
    assert begin(made).id == task.id
    assert read_orders(folder.packs / task.id) == PackOrders()
    assert ledger.meta("state") == "running"


def test_a_request_to_stop_is_that_of_ctrl_c(driver: Make, shell: Ledger, view: RecordingView) -> None:
    made = driver()
    assert not made.should_stop()
    ask(shell, "stop")
    assert made.should_stop()
    assert view.stop.signal == 2
    assert made.next_pack() is None


def test_packs_are_told_to_leave_when_everything_stops(driver: Make, view: RecordingView, folder: SweepFolder) -> None:
    """Ray tells them too, but that they hear only when they report."""
    made = driver()
    tasks = [begin(made), begin(made)]
    view.stop.ask()
    assert made.should_stop()
    assert [read_orders(folder.packs / task.id) for task in tasks] == [PackOrders(leave=True)] * 2
    made.progressed(tasks[0].id, Progress(4, 8, 2, 1.0, left=True))
    assert made.should_stop()
    assert made.next_pack() is None


def test_a_pack_that_had_to_leave_when_everything_stopped_goes_on_afterwards(
    driver: Make, view: RecordingView, ledger: Ledger, folder: SweepFolder
) -> None:
    made = driver()
    task = begin(made)
    view.stop.ask()
    made.should_stop()
    ledger.set_state(list(task.trials), "pending")
    view.stop.signal = None
    again = begin(driver())
    assert (again.id, read_orders(folder.packs / task.id)) == (task.id, PackOrders())


def test_trials_that_another_process_plans_are_trained_too(driver: Make, shell: Ledger, view: RecordingView) -> None:
    made = driver()
    tasks = [begin(made), begin(made)]
    record(shell, tiny_plan((12,), finished=tuple(shell.states())))
    for task in tasks:
        endings = tuple(Ending(signature, "done") for signature in task.trials)
        made.progressed(task.id, Progress(8, 8, 0, 1.0, endings=endings))
    assert not made.is_over()
    assert [trial.training.train_size for trial in parse_trials(begin(made).trials)] == [12, 12]
    assert sum(view.unfinished.values()) == 2


def test_a_died_process_is_forgiven_some_times_and_trials_keep_what_they_have(driver: Make, ledger: Ledger) -> None:
    made = driver()
    made._queue.clock = iter(range(0, 10**6, 1000)).__next__  # type: ignore[assignment]
    task = begin(made)
    first, second = task.trials
    made.progressed(task.id, Progress(4, 8, 1, 1.0, endings=(Ending(first, "done"),)))
    for _ in range(CRASHES_FORGIVEN):
        made.crashed(task.id, "killed")
        assert ledger.states()[second] == "pending"
        assert begin(made).id == task.id
    made.crashed(task.id, "killed")
    assert (ledger.states()[first], ledger.states()[second]) == ("done", "failed")
    (failed,) = ledger.trials("failed")
    assert failed.reason == f"its process died {CRASHES_FORGIVEN + 1} times: killed"


def test_packs_of_a_node_that_leaves_move_at_once_and_it_is_no_crash(
    driver: Make, ledger: Ledger, folder: SweepFolder, view: RecordingView
) -> None:
    made, node = driver(), LeavingNode("n1", "one")
    task, other = begin(made), begin(made)
    for _ in range(2):
        made.vacate(node, (task.id,))
    assert read_orders(folder.packs / task.id) == PackOrders(leave=True, vacate=True)
    assert read_orders(folder.packs / other.id) == PackOrders()
    assert view.messages == ["node one leaves the cluster: 1 pack saves and moves"]
    made.progressed(task.id, Progress(4, 8, 2, 1.0, left=True))
    again = begin(made)
    assert (again.id, read_orders(folder.packs / task.id)) == (task.id, PackOrders())
    made.vacate(node, ("long gone",))
    assert ledger.packs()[task.id].crashes == 0


def test_a_pack_that_goes_down_with_a_node_that_leaves_needs_no_attempt_and_no_pause(
    driver: Make, ledger: Ledger, view: RecordingView
) -> None:
    made = driver()
    task = begin(made)
    for _ in range(CRASHES_FORGIVEN + 1):
        made.crashed(task.id, "its node has left the cluster", blameless=True)
        assert begin(made).id == task.id
    assert ledger.packs()[task.id].crashes == 0
    said = f"pack {task.id} is taken back (its node has left the cluster); it goes on from its checkpoint"
    assert set(view.messages) == {said}


def test_a_pack_that_does_not_fit_is_halved_until_a_trial_alone_fails(
    driver: Make, ledger: Ledger, folder: SweepFolder
) -> None:
    made = driver()
    task = begin(made)
    members = list(task.trials)
    state = {"members": members}
    save_checkpoint(step_path(task.folder, 4), state)
    made.progressed(task.id, Progress(0, 8, 2, 0.0, too_big="12 GiB wanted"))
    halves = [begin(made), begin(made)]
    assert [list(half.trials) for half in halves] == [members[:1], members[1:]]
    assert [len(list(half.folder.glob("*.ckpt"))) for half in halves] == [1, 1]
    made.progressed(halves[0].id, Progress(0, 8, 1, 0.0, too_big="12 GiB wanted"))
    (failed,) = ledger.trials("failed")
    assert "even alone: 12 GiB wanted" in failed.reason
    assert sorted(ledger.states()) == sorted({trial.signature for trial in tiny_plan().trials})


class Twice:
    """A search that plans two more trials when the first four have ended, once."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.is_over = ledger, False

    def advance(self, free_places: int) -> bool:
        if self.is_over or self.ledger.counts()["done"] < 4:
            return False
        record(self.ledger, tiny_plan((12,), finished=tuple(self.ledger.states())))
        self.is_over = True
        return free_places > 0

    def reload(self) -> None:
        pass

    @property
    def remaining(self) -> int:
        return 0 if self.is_over else 1


def test_a_search_plans_more_when_it_has_seen_results(driver: Make, ledger: Ledger) -> None:
    made = driver(search=Twice(ledger))
    for task in (begin(made), begin(made)):
        assert made.next_pack() is None
        endings = tuple(Ending(signature, "done") for signature in task.trials)
        made.progressed(task.id, Progress(8, 8, 0, 1.0, endings=endings))
    assert not made.is_over()
    task = begin(made)
    made.progressed(
        task.id, Progress(8, 8, 0, 1.0, endings=tuple(Ending(signature, "done") for signature in task.trials))
    )
    assert made.is_over()


def test_where_packs_are_is_noted(driver: Make, ledger: Ledger) -> None:
    made = driver()
    task = begin(made)
    made.progressed(task.id, Progress(4, 8, 2, 3.5))
    noted = ledger.packs()[task.id]
    assert (noted.pool, noted.step, noted.steps, noted.active, noted.steps_per_second) == ("local", 4, 8, 2, 3.5)


def test_reports_without_news_wait_for_the_disk_once_a_second_together(
    driver: Make, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, writes = driver(), []
    first, second = begin(made), begin(made)
    made.progressed(first.id, Progress(1, 8, 2, 1.0))
    write = Ledger.set_packs
    monkeypatch.setattr(Ledger, "set_packs", lambda self, packs: writes.append(list(packs)) or write(self, writes[-1]))
    monkeypatch.setattr(sweep_driver, "NOTE_INTERVAL_S", 1e6)
    for step in (2, 3):
        for task in (first, second):
            made.progressed(task.id, Progress(step, 8, 2, 1.0))
    assert writes == []
    monkeypatch.setattr(sweep_driver, "NOTE_INTERVAL_S", 0.0)
    made.progressed(first.id, Progress(4, 8, 2, 1.0))
    assert [{record.id: record.step for record in records} for records in writes] == [{first.id: 4, second.id: 3}]
    assert ledger.packs()[second.id].step == 3


NODE = Node({"CPU": 1, "memory": 2**30})
FILE = """\
pools:
  local: {memory_gib: 1, labels: {zone: a}}
  spare: {memory_gib: 1}
routes: [{pool: local%s}]
"""


def pools_on(nodes: Sequence[Node], otherwise: str = "") -> Pools:
    return parse_pools(FILE % otherwise).on(Cluster(tuple(nodes)))


def test_more_packs_are_handed_out_when_nodes_have_joined(driver: Make, view: RecordingView) -> None:
    made = driver()
    began = [begin(made) for _ in range(LIMITS["local"])]
    in_zone = replace(NODE, labels={"zone": "a"})
    made.resized(pools_on([in_zone]))
    assert view.messages == [
        f"pool local has 1 slot now, {LIMITS['local']} before",
        "pool spare has 1 slot now, 0 before",
    ]
    for task in began:
        made.progressed(task.id, Progress(4, 8, 2, 1.0, left=True))
    assert made.next_pack() is not None
    assert made.next_pack() is None
    made.resized(pools_on([in_zone, in_zone]))
    assert made.next_pack() is not None


def test_packs_of_a_pool_whose_nodes_are_gone_wait_for_it(driver: Make, view: RecordingView, ledger: Ledger) -> None:
    made = driver()
    made.resized(pools_on([NODE]))
    assert made.next_pack() is None
    assert not made.is_over()
    assert "pool local has no slots any more: asks for a node with the labels zone=a" in view.messages[0]
    assert {pack.pool for pack in ledger.packs().values()} == {"local"}
    made.resized(pools_on([replace(NODE, labels={"zone": "a"})]))
    assert begin(made).pool == "local"


def test_packs_of_a_pool_whose_nodes_are_gone_go_where_the_rule_says(driver: Make, view: RecordingView) -> None:
    made = driver()
    made.resized(pools_on([NODE], ", otherwise: spare"))
    assert begin(made).pool == "spare"
    assert view.messages[-1] == "2 packs moved to other pools: their own have no slots"
