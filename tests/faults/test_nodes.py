"""A node of a real Ray cluster is told to leave and goes, or is gone at once: through the command, with raylets on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ray._raylet import GcsClient
from ray.cluster_utils import Cluster as RayCluster
from ray.core.generated.autoscaler_pb2 import DrainNodeReason

from rhm_sweeps.ledger import Ledger

from .conftest import Report, Stages
from .stage import NAME, PATIENCE_S, Stage, ended_well, step_environment
from .test_signals import INTERVAL, LOST_S, STEP_S
from .test_workers import redone

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1800),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # Ray leaves files open
]

GIB = 2**30
ONE_SLOT = {"num_cpus": 1, "memory": 2 * GIB}
WARNING_S = 60
TRIALS, SLOTS = 4, 2


@pytest.fixture
def cluster(mlflow_folder: Path) -> Iterator[RayCluster]:
    """Of one node with one core, whose workers write down their steps; so do those of nodes that join."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in step_environment(mlflow_folder, STEP_S).items():
            patch.setenv(name, value)
        made = RayCluster(initialize_head=True, head_node_args={**ONE_SLOT, "include_dashboard": False})
        yield made
        made.shutdown()


def drain(cluster: RayCluster, node: Any) -> None:
    """What an autoscaler does to a node that is about to be preempted."""
    deadline_ms = int(1000 * (time.time() + WARNING_S))
    reason = DrainNodeReason.Value("DRAIN_NODE_REASON_PREEMPTION")
    accepted, why = GcsClient(address=cluster.address).drain_node(node.node_id, reason, "preempted", deadline_ms)
    assert accepted, why


def both_train(made: Stage) -> Callable[[], bool]:
    """Whether both packs are past some steps."""

    def trains() -> bool:
        steps = [step for _, step in made.oracle.steps()]
        return steps.count(300) == SLOTS

    return trains


def has_left(made: Stage) -> bool:
    """Whether a pack has saved and given up its place."""
    return any("as ordered" in log.read_text() for log in made.folder.packs.glob("*/pack.log"))


@pytest.mark.parametrize("told", [True, False], ids=["told to leave", "gone at once"])
def test_a_node_goes_while_packs_train_there(cluster: RayCluster, stage: Stages, report: Report, told: bool) -> None:
    """Another one joins, and its pack goes on there: where it was, or from its checkpoint."""
    made, second = stage(2, steps="{grid: [3000, 3001]}"), cluster.add_node(**ONE_SLOT)
    command = made.start("launch", f"{NAME}.yaml", "--address", cluster.address, *INTERVAL)
    command.wait_until(both_train(made), PATIENCE_S)
    if told:
        drain(cluster, second)
        command.wait_until(lambda: " leaves the cluster by " in command.err, PATIENCE_S)
        command.wait_until(lambda: has_left(made), WARNING_S)
    cluster.remove_node(second, allow_graceful=told)
    cluster.add_node(**ONE_SLOT)
    ended = ended_well(command)
    with Ledger(made.folder.path) as ledger:
        crashes = sum(pack.crashes for pack in ledger.packs().values())
    happened = (
        "told to leave, its pack saved and moved to a node that joined"
        if told
        else "its pack went on from its checkpoint on a node that joined"
    )
    fault = f"node {'removed gracefully' if told else 'removed hard'}"
    record = report(made.oracle.look(fault, happened, made.commands, None, [ended.code]))
    assert record.done == TRIALS
    if told:
        assert ended.err.count("leaves the cluster by") == 1
        assert (record.steps_redone, crashes, "its process died" in ended.err) == (0, 0, False)
    else:
        assert 0 < record.steps_redone <= 2 * LOST_S / STEP_S
        assert (crashes, redone(made.oracle)) == (1, record.steps_redone)
