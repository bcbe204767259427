"""Several pools in one sweep, on a real Ray cluster of unequal nodes on this machine; its GPU is only declared."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from ray.cluster_utils import Cluster as RayCluster

from rhm_sweeps.config import parse_trial
from rhm_sweeps.errors import SweepError
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.packs.pack_progress import Progress
from rhm_sweeps.pools.cluster import Cluster
from rhm_sweeps.pools.pools import Pools
from rhm_sweeps.pools.pools_file import parse_pools
from rhm_sweeps.running.ray_cluster import look_at_cluster
from rhm_sweeps.running.ray_events import PackEvents
from rhm_sweeps.running.runner import run_packs

from ..cli.conftest import RhmSweep, rhm_sweep  # noqa: F401 - a fixture
from ..processes import run
from ..tiny_sweeps import TINY, tiny_yaml
from .pack_driver import PackDriver, tiny_task

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]  # Ray leaves files open

GIB = 2**30
FILE = """\
pools:
  plain: {memory_gib: 1, labels: {zone: a}}
  half_gpu: {cpus: 0.5, gpus: 0.5, device: cpu, accelerator_type: H100, memory_gib: 1, resources: {fast_disk: 1}}
  tape: {memory_gib: 1, resources: {tape: 1}}
routes:
  - {when: width >= 64, pool: tape, otherwise: half_gpu}
  - {when: width >= 32, pool: tape}
  - {pool: plain}
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Of a cluster of two nodes: one core in zone a; two cores, a GPU and a fast disk in zone b."""
    cluster = RayCluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "labels": {"zone": "a"}, "memory": 4 * GIB, "include_dashboard": False},
    )
    resources = {"fast_disk": 4, "accelerator_type:H100": 1}
    cluster.add_node(num_cpus=2, num_gpus=1, labels={"zone": "b"}, memory=4 * GIB, resources=resources)
    yield cluster.address
    cluster.shutdown()


@pytest.fixture(scope="module")
def cluster(address: str) -> Cluster:
    return look_at_cluster(address)


@pytest.fixture(scope="module")
def pools(cluster: Cluster) -> Pools:
    return parse_pools(FILE).on(cluster)


@dataclass
class Ran:
    """A run that has ended: its driver, and the node and processes of each pack."""

    driver: PackDriver
    nodes: dict[str, set[str]] = field(default_factory=dict)
    processes: dict[str, list[int]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def ran(address: str, pools: Pools, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Three packs that want half a GPU, then two plain ones; the first plain one's process is killed in the middle."""
    folder = tmp_path_factory.mktemp("packs")
    tasks = [tiny_task(f"gpu-{k}", "half_gpu", folder, seed=k, steps=384) for k in range(3)]
    tasks += [tiny_task(f"plain-{k}", "plain", folder, seed=10 + k, steps=128) for k in range(2)]

    def heard(pack: str, progress: Progress) -> None:
        if pack == "plain-0" and not ran.driver.crashes and progress.step >= 16:
            os.kill(ran.processes[pack][-1], signal.SIGKILL)

    ran = Ran(PackDriver(tasks, pools.limits, heard))
    pass_on = PackEvents.on_trial_result

    def watch(self: PackEvents, *, trial: Any, result: dict[str, Any], **rest: Any) -> None:
        ran.nodes.setdefault(trial.config["pack"], set()).add(result["node"])
        ran.processes.setdefault(trial.config["pack"], []).append(result["pid"])
        pass_on(self, trial=trial, result=result, **rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PackEvents, "on_trial_result", watch)
        run_packs(ran.driver, pools, address=address, checkpoint_interval_s=0.0, report_interval_s=0.2)
    return ran


def test_the_cluster_is_described_as_it_was_declared(cluster: Cluster) -> None:
    first, second = sorted(cluster.nodes, key=lambda node: node.labels["zone"])
    assert first.resources == {"CPU": 1, "memory": 4 * GIB}
    assert second.resources == {"CPU": 2, "GPU": 1, "memory": 4 * GIB, "fast_disk": 4, "accelerator_type:H100": 1}
    assert second.available == second.resources
    assert (first.labels["zone"], second.labels["zone"], second.accelerators) == ("a", "b", ("H100",))


def test_slots_are_what_the_nodes_hold(pools: Pools) -> None:
    assert pools.limits == {"plain": 1, "half_gpu": 2}
    assert pools.never == {
        "tape": 'asks for 1 tape, but no node has any; start a node with `ray start --resources={"tape": 1}`'
    }


def test_the_fallback_of_a_route_is_used_where_its_pool_can_never_run(pools: Pools) -> None:
    def trial(width: int) -> Any:
        return parse_trial({**TINY, "model": {"width": width}, "training": {**TINY["training"], "train_size": 8}})

    assert (pools.route(trial(8)), pools.route(trial(64))) == ("plain", "half_gpu")
    with pytest.raises(SweepError, match="pool tape can never run a pack here: asks for 1 tape, but no node has any"):
        pools.route(trial(32))


def test_every_pack_ends(ran: Ran) -> None:
    ended = {pack: reports[-1].endings[-1].state for pack, reports in ran.driver.reports.items()}
    assert ended == dict.fromkeys([*(f"gpu-{k}" for k in range(3)), *(f"plain-{k}" for k in range(2))], "done")


def test_packs_run_on_the_nodes_of_their_pool(ran: Ran) -> None:
    gpu = set.union(*(ran.nodes[f"gpu-{k}"] for k in range(3)))
    plain = set.union(*(ran.nodes[f"plain-{k}"] for k in range(2)))
    assert len(gpu) == len(plain) == 1
    assert gpu != plain


def test_two_packs_share_a_gpu_and_no_pool_runs_more_than_its_slots(ran: Ran) -> None:
    assert ran.driver.most == {"half_gpu": 2, "plain": 1}


def test_a_pool_does_not_wait_for_another_ones_packs(ran: Ran) -> None:
    """Of the GPU's three packs one has to wait; the plain ones behind it do not."""
    assert ran.driver.events.index(("started", "plain-0")) < ran.driver.events.index(("started", "gpu-2"))


def test_processes_are_reused_within_their_pool_only(ran: Ran) -> None:
    gpu = {process for k in range(3) for process in ran.processes[f"gpu-{k}"]}
    plain = {process for k in range(2) for process in ran.processes[f"plain-{k}"]}
    assert len(gpu) == 2
    assert not gpu & plain


def test_a_killed_process_is_reported_once_and_its_pack_goes_on_from_its_checkpoint(ran: Ran) -> None:
    assert ran.driver.crashes == [("plain-0", "it was killed, ran out of memory or crashed")]
    again = ran.processes["plain-0"].index(ran.processes["plain-0"][-1])
    assert ran.driver.reports["plain-0"][again].step >= 16
    assert len(ran.nodes["plain-0"]) == 1


def test_a_stop_is_heard_while_nothing_is_at_work(address: str, pools: Pools) -> None:
    driver = PackDriver([], pools.limits, stop_at=time.monotonic() + 3, keeps_waiting=True)
    run_packs(driver, pools, address=address)
    assert 0 <= time.monotonic() - driver.stop_at < 3


def test_a_pack_that_is_at_work_is_saved_when_all_stop(address: str, pools: Pools, tmp_path: Path) -> None:
    driver = PackDriver([tiny_task("long", "plain", tmp_path, steps=10**7)], pools.limits)

    def stop_soon(pack: str, progress: Progress) -> None:
        driver.stop_at = 0.0

    driver.heard = stop_soon
    run_packs(driver, pools, address=address, report_interval_s=0.2)
    assert list((tmp_path / "long").glob("*.ckpt"))
    assert not driver.crashes


def test_a_pool_that_can_never_run_is_refused_before_anything_starts(address: str, pools: Pools) -> None:
    """Here the cluster has changed since the pools were sized."""
    large = replace(pools["plain"], name="large", memory_gib=1000.0)
    start = time.monotonic()
    said = r"pool large: asks for 1000.0 GiB of memory, but the most that a node has is 4.0 GiB of memory; ask for less"
    with pytest.raises(SweepError, match=said):
        run_packs(PackDriver([], {}), Pools((large,)), address=address)
    assert time.monotonic() - start < 5


def test_the_command_shows_nodes_and_pools(address: str, tmp_path: Path, rhm_sweep: RhmSweep) -> None:  # noqa: F811
    (tmp_path / "pools.yaml").write_text(FILE)
    shown = rhm_sweep("pools", "--pools", "pools.yaml", "--address", address, "--json").document
    assert {pool["name"]: pool["slots"] for pool in shown["pools"]} == {"plain": 1, "half_gpu": 2, "tape": 0}
    assert sorted(node["labels"]["zone"] for node in shown["nodes"]) == ["a", "b"]
    said = rhm_sweep("pools", "--address", address, code=2).words
    assert "the cluster has GPUs, but does not say how much memory; give --pools FILE" in said


def test_a_sweep_is_launched_on_its_pools(address: str, tmp_path: Path, put_mlflow: Callable[[Path], None]) -> None:
    """By the command: two trials on the plain node, and two on halves of the GPU, since no node has the tape of their rule."""
    put_mlflow(tmp_path)
    (tmp_path / "pools.yaml").write_text(FILE)
    (tmp_path / "space.yaml").write_text(tiny_yaml("pooled", {"model.width": [8, 12, 64, 72]}))
    ended = run(tmp_path, "launch", "space.yaml", "--pools", "pools.yaml", "--address", address, timeout_s=240)
    assert ended.code == 0, ended.err
    assert "launching pooled on 1 cpu slot of pool plain, 2 cpu slots of pool half_gpu" in ended.err
    with Ledger(tmp_path / "results" / "pooled") as ledger:
        done, packs = ledger.trials("done"), ledger.packs()
    pools = {trial.config["model"]["width"]: packs[trial.pack].pool for trial in done}
    assert pools == {8: "plain", 12: "plain", 64: "half_gpu", 72: "half_gpu"}
