"""A real Ray cluster on this machine that gets a node, and loses it, while packs run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ray.cluster_utils import Cluster as RayCluster

from rhm_sweeps.packs.pack_progress import Progress
from rhm_sweeps.pools.pools import Pools
from rhm_sweeps.pools.pools_file import parse_pools
from rhm_sweeps.running import cluster_watch
from rhm_sweeps.running.ray_cluster import look_at_cluster
from rhm_sweeps.running.ray_events import PackEvents
from rhm_sweeps.running.runner import run_packs

from .pack_driver import PackDriver, tiny_task

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]  # Ray leaves files open

GIB = 2**30
FILE = parse_pools("pools: {plain: {memory_gib: 1}}")


class WaitsForDeath(PackDriver):
    """Is not over before the cluster has been larger and small again."""

    def resized(self, pools: Pools) -> None:
        self.keeps_waiting = pools.limits["plain"] > 1
        super().resized(pools)


@pytest.fixture
def ray_cluster() -> Iterator[RayCluster]:
    """Of one node with one core."""
    args = {"num_cpus": 1, "memory": 2 * GIB, "include_dashboard": False}
    cluster = RayCluster(initialize_head=True, head_node_args=args)
    yield cluster
    cluster.shutdown()


def test_a_node_that_joins_is_used_and_one_that_dies_is_done_without(
    ray_cluster: RayCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_watch, "LOOK_INTERVAL_S", 0.5)
    nodes: dict[str, list[str]] = {}
    joined: list[Any] = []

    def heard(pack: str, progress: Progress) -> None:
        if not joined:
            joined.append(ray_cluster.add_node(num_cpus=1, memory=2 * GIB))
        elif joined[0] and len({node for used in nodes.values() for node in used}) == 2:
            ray_cluster.remove_node(joined[0], allow_graceful=False)
            joined[0] = None

    pass_on = PackEvents.on_trial_result

    def watch(self: PackEvents, *, trial: Any, result: dict[str, Any], **rest: Any) -> None:
        nodes.setdefault(trial.config["pack"], []).append(result["node"])
        pass_on(self, trial=trial, result=result, **rest)

    monkeypatch.setattr(PackEvents, "on_trial_result", watch)
    pools = FILE.on(look_at_cluster(ray_cluster.address))
    assert pools.limits == {"plain": 1}
    tasks = [tiny_task(f"pack-{k}", "plain", tmp_path, seed=k, steps=1500) for k in range(3)]
    driver = WaitsForDeath(tasks, pools.limits, heard, keeps_waiting=True)
    run_packs(
        driver, pools, address=ray_cluster.address, size=FILE.on, checkpoint_interval_s=0.0, report_interval_s=0.2
    )
    assert driver.most == {"plain": 2}
    assert {driver.reports[f"pack-{k}"][-1].endings[-1].state for k in range(3)} == {"done"}
    assert joined == [None], "the second node was used, and killed"
    ((_, reason),) = driver.crashes
    assert reason in ("its node is gone", "its node cannot be reached")
    assert driver.limits == {"plain": 1}
