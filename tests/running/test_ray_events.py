"""What goes between Ray Tune and the driver, without Ray: packs one way, what became of them the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ray.exceptions import RayActorError
from ray.tune.experiment import Trial

from rhm_sweeps.packs.pack_progress import Progress
from rhm_sweeps.pools.leaving_node import LeavingNode
from rhm_sweeps.pools.pools import Pool, Pools
from rhm_sweeps.running.cluster_watch import ClusterNews
from rhm_sweeps.running.pack_places import PackPlaces
from rhm_sweeps.running.ray_events import DriverQueue, InOrder, PackEvents, StopAsked
from rhm_sweeps.running.task_config import task_config

from .pack_driver import PackDriver, tiny_task
from .test_crash_reason import KILLED, LOW_ON_MEMORY, NODE_GONE, UNSHARED


@pytest.fixture
def driver(tmp_path: Path) -> PackDriver:
    return PackDriver([tiny_task(name, "local", tmp_path) for name in "abc"], {"local": 2})


def failed(tmp_path: Path, said: str) -> Any:
    """A Ray Tune trial of pack `a` whose process is gone."""
    (tmp_path / "error.txt").write_text(said)
    config = task_config(tiny_task("a", "local", tmp_path), "cpu")
    return SimpleNamespace(config=config, error_file=str(tmp_path / "error.txt"), trial_id="first")


def report(events: PackEvents, trial: Any, node: str, *, left: bool = False) -> None:
    progress = Progress(4, 8, 1, 1.0, left=left)
    events.on_trial_result(0, [], trial, {"progress": progress, "done": False, "node": node})


@pytest.mark.parametrize("preempted", [False, True])
def test_ray_starts_no_pack_again_by_itself(tmp_path: Path, preempted: bool) -> None:
    """Not that of a preempted node either, which Ray Tune by default does not count as a failure."""
    trial = Trial("packs", stub=True, storage=SimpleNamespace(trial_driver_staging_path=str(tmp_path)))
    trial.handle_error(RayActorError(preempted=preempted))
    assert not trial.should_recover()


def test_the_queue_is_the_drivers(driver: PackDriver) -> None:
    queue = DriverQueue(driver, lambda task: {"pack": task.id})
    assert [queue.suggest(name) for name in "xyz"] == [{"pack": "a"}, {"pack": "b"}, None]
    driver.running.clear()
    assert queue.suggest("z") == {"pack": "c"}
    driver.running.clear()
    assert queue.suggest("z") == DriverQueue.FINISHED


def test_a_stop_ends_the_queue_and_everything_else(driver: PackDriver) -> None:
    stopper = StopAsked(driver)
    assert not stopper.stop_all()
    driver.stop_at = 0.0
    assert stopper.stop_all()
    assert DriverQueue(driver, lambda task: {"pack": task.id}).suggest("x") == DriverQueue.FINISHED
    assert len(driver.waiting) == 3


def test_a_process_that_died_is_a_crash(driver: PackDriver, tmp_path: Path) -> None:
    driver.next_pack()
    PackEvents(driver).on_trial_error(0, [], failed(tmp_path, KILLED))
    assert driver.crashes == [("a", "it was killed, ran out of memory or crashed")]


def test_a_process_that_cannot_write_ends_the_run_and_fails_no_one(driver: PackDriver, tmp_path: Path) -> None:
    driver.next_pack()
    said = "the process that trains in /x/pack cannot write its checkpoint: no space left on device; go on"
    places = PackPlaces()
    assert not StopAsked(driver, places).stop_all()
    PackEvents(driver, places).on_trial_error(0, [], failed(tmp_path, f"rhm_sweeps.errors.DiskFullError: {said}\n"))
    assert (places.full_disk, driver.crashes, driver.reports) == (said, [], {})
    assert StopAsked(driver, places).stop_all()
    assert DriverQueue(driver, lambda task: {"pack": task.id}, places=places).suggest("x") == DriverQueue.FINISHED


def test_a_pack_on_a_node_that_does_not_share_its_folder_is_not_to_blame(driver: PackDriver, tmp_path: Path) -> None:
    driver.next_pack()
    places = PackPlaces()
    PackEvents(driver, places).on_trial_error(0, [], failed(tmp_path, UNSHARED))
    ((pack, reason),) = driver.crashes
    assert (pack, driver.blameless, places.unshared) == ("a", {"a"}, {"0123abcd"})
    assert reason.startswith("node worker-2 (0123abcd) does not share the folder /results/tiny")
    assert reason.endswith("; no pack is sent there any more")


def test_a_process_that_ray_ended_for_memory_was_too_big(driver: PackDriver, tmp_path: Path) -> None:
    driver.next_pack()
    PackEvents(driver).on_trial_error(0, [], failed(tmp_path, LOW_ON_MEMORY))
    (progress,) = driver.reports["a"]
    assert progress.too_big == "its node ran low on memory, and Ray ended its process"
    assert (progress.active, driver.crashes) == (1, [])


class OneNews:
    """A watch with something to tell."""

    def __init__(self, *leaving: LeavingNode) -> None:
        self.told: list[ClusterNews | None] = [ClusterNews(None, leaving)]

    def news(self) -> ClusterNews | None:
        return self.told.pop() if self.told else None


def test_packs_of_a_node_that_leaves_are_asked_to_leave_it(driver: PackDriver, tmp_path: Path) -> None:
    driver.next_pack()
    places, node = PackPlaces(), LeavingNode("n1")
    report(PackEvents(driver, places), failed(tmp_path, ""), "n1")
    queue = DriverQueue(driver, lambda task: {"pack": task.id}, OneNews(node), places)  # type: ignore[arg-type]
    assert [queue.suggest(name) for name in "xy"] == [{"pack": "b"}, None]
    assert driver.vacated == [(node, ("a",))]


def test_a_pack_that_begins_on_a_node_that_leaves_is_asked_at_its_first_report(
    driver: PackDriver, tmp_path: Path
) -> None:
    driver.next_pack()
    places, node = PackPlaces(), LeavingNode("n1")
    places.leaves(node)
    events, trial = PackEvents(driver, places), failed(tmp_path, "")
    for _ in range(2):
        report(events, trial, "n1")
    assert driver.vacated == [(node, ("a",))]


def test_the_end_of_a_process_that_has_given_up_its_pack_is_no_crash(driver: PackDriver, tmp_path: Path) -> None:
    """Not even when the pack runs elsewhere by then."""
    task = driver.next_pack()
    assert task is not None
    events, trial = PackEvents(driver), failed(tmp_path, NODE_GONE)
    report(events, trial, "n1", left=True)
    driver.running["a"] = task
    events.on_trial_error(0, [], trial)
    assert driver.crashes == []
    events.on_trial_error(0, [], SimpleNamespace(**{**vars(trial), "trial_id": "second"}))
    assert driver.crashes == [("a", "its node is gone")]


def test_a_pack_that_goes_down_with_a_node_that_leaves_is_not_to_blame(driver: PackDriver, tmp_path: Path) -> None:
    driver.next_pack()
    places, trial = PackPlaces(), failed(tmp_path, NODE_GONE)
    events = PackEvents(driver, places)
    report(events, trial, "n1")
    places.leaves(LeavingNode("n1"))
    events.on_trial_error(0, [], trial)
    assert driver.crashes == [("a", "its node has left the cluster")]
    assert driver.blameless == {"a"}


def test_packs_that_wait_in_a_pool_without_nodes_are_taken_back_once(driver: PackDriver, tmp_path: Path) -> None:
    def trial(pack: str, pool: str, status: str) -> Any:
        return SimpleNamespace(config=task_config(tiny_task(pack, pool, tmp_path), "cpu"), status=status)

    trials = [trial("a", "far", "PENDING"), trial("b", "far", "RUNNING"), trial("c", "near", "PENDING")]
    stopped: list[Any] = []
    ray = SimpleNamespace(get_trials=lambda: trials, stop_trial=stopped.append)
    pool = Pool("near", "cpu", 1, 1.0, 0.0, 1.0)
    left = Pools((pool, replace(pool, name="far", slots=0)))
    places, news = PackPlaces(), ClusterNews(left)
    order = InOrder(driver, places)
    driver.next_pack()
    order.choose_trial_to_run(ray)
    assert stopped == []
    queue = DriverQueue(driver, lambda task: {"pack": task.id}, SimpleNamespace(news=lambda: news), places)  # type: ignore[arg-type]
    queue.suggest("x")
    for _ in range(2):
        order.choose_trial_to_run(ray)
    assert stopped == trials[:1]
    assert driver.crashes == [("a", "its pool has no slots any more")]
    assert driver.blameless == {"a"}
