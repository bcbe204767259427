"""What a cluster holds: counted by hand, and why it may hold nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from rhm_sweeps.errors import UsageError
from rhm_sweeps.pools.cluster import Cluster, Node, check_pools, cluster_pools, local_cluster
from rhm_sweeps.pools.pools import Pool

GIB = 2**30
HEAD = Node({"CPU": 3.0, "memory": 8.0 * GIB}, {"zone": "a"})
GPUS = Node({"CPU": 8.0, "GPU": 2.0, "memory": 64.0 * GIB, "disk": 3.0, "accelerator_type:H100": 1.0}, {"zone": "b"})
CLUSTER = Cluster((HEAD, GPUS))
PLAIN = Pool("p", "cpu", 0, 1.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("pool", "places"),
    [
        (PLAIN, 11),
        (replace(PLAIN, cpus_per_pack=2.0), 1 + 4),
        (replace(PLAIN, memory_gib=4.0), 2 + 8),
        (replace(PLAIN, labels={"zone": "a"}), 3),
        (replace(PLAIN, labels={"zone": "c"}), 0),
        (replace(PLAIN, resources={"disk": 1.0}), 3),
        (replace(PLAIN, accelerator_type="H100"), 8),
        (replace(PLAIN, gpus_per_pack=1.0), 2),
        (replace(PLAIN, gpus_per_pack=0.5), 4),
        (replace(PLAIN, gpus_per_pack=0.3), 6),
        (replace(PLAIN, gpus_per_pack=0.6), 2),  # two fifths of one GPU and one fifth of the other are no share
        (replace(PLAIN, gpus_per_pack=2.0), 1),
        (replace(PLAIN, device="cuda", gpus_per_pack=1.0, memory_gib=80.0), 2),  # of the GPU, which Ray does not know
        (replace(PLAIN, cpus_per_pack=0.1), 8 + 64),  # 30 and 80 by cores; 8 and 64 by memory
    ],
)
def test_places_are_counted(pool: Pool, places: int) -> None:
    assert CLUSTER.places(pool) == places
    assert bool(check_pools(CLUSTER, [pool])) == (places == 0)


@pytest.mark.parametrize(
    ("pool", "said"),
    [
        (replace(PLAIN, cpus_per_pack=16.0), "asks for 16 CPUs, but the most that a node has is 8 CPUs; ask for less"),
        (replace(PLAIN, gpus_per_pack=3.0), "asks for 3 GPUs, but the most that a node has is 2 GPUs; ask for less"),
        (
            replace(PLAIN, memory_gib=100.0),
            "asks for 100.0 GiB of memory, but the most that a node has is 64.0 GiB of memory; ask for less",
        ),
        (
            replace(PLAIN, labels={"zone": "c"}),
            "asks for a node with the labels zone=c, but there are zone=a, zone=b; start one with `ray start --labels=zone=c`",
        ),
        (
            replace(PLAIN, accelerator_type="A100"),
            "asks for the accelerator_type A100, but there are H100; name one that there is",
        ),
        (
            replace(PLAIN, resources={"tape": 1.0}),
            'asks for 1 tape, but no node has any; start a node with `ray start --resources={"tape": 1}`',
        ),
        (
            replace(PLAIN, labels={"zone": "a"}, gpus_per_pack=1.0),
            "asks for 1 GPU, but no node has any; ask for none",
        ),
    ],
)
def test_what_could_never_run_is_said_with_the_cure(pool: Pool, said: str) -> None:
    (problem,) = check_pools(CLUSTER, [PLAIN, pool])
    assert (problem.where, problem.message) == ("pool p", said)


def test_a_cluster_without_nodes_is_said() -> None:
    (problem,) = check_pools(Cluster(()), [PLAIN])
    assert problem.message == "no node is left that takes packs; start one with `ray start --address=HOST:PORT`"


def test_what_no_single_node_has_is_said() -> None:
    wide = Cluster((Node({"CPU": 8.0, "memory": 1.0 * GIB}), Node({"CPU": 1.0, "memory": 64.0 * GIB})))
    (problem,) = check_pools(wide, [replace(PLAIN, cpus_per_pack=4.0, memory_gib=4.0)])
    assert problem.message == "asks for 4 CPUs, 4.0 GiB of memory on one node, but no node has all of it; ask for less"


def test_the_nodes_of_pools_are_those_that_can_run_a_pack_of_one() -> None:
    on_gpu = replace(PLAIN, gpus_per_pack=1.0)
    assert CLUSTER.of_pools([on_gpu]) == (GPUS,)
    assert CLUSTER.of_pools([on_gpu, PLAIN]) == (HEAD, GPUS)
    assert CLUSTER.of_pools([]) == ()


def test_a_node_that_is_left_out_has_no_places() -> None:
    named = Cluster((replace(HEAD, id="0123abcd" + 48 * "0"), replace(GPUS, id="89abcdef" + 48 * "0")))
    assert named.without({"0123abcd"}).places(PLAIN) == Cluster((GPUS,)).places(PLAIN)
    assert named.without(()) == named


def test_this_machine_is_a_cluster_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "NVIDIA H100 80GB HBM3")
    (node,) = local_cluster().nodes
    assert (node.resources["GPU"], node.accelerators, node.labels) == (2.0, ("H100",), {})


def test_every_core_of_a_cluster_is_a_slot() -> None:
    (pool,) = cluster_pools(Cluster((HEAD, Node({"CPU": 4.0, "memory": 4.0 * GIB})))).pools
    assert (pool.slots, pool.memory_gib) == (7, 1.0)


def test_a_cluster_with_gpus_needs_a_file() -> None:
    with pytest.raises(UsageError, match="the cluster has GPUs, but does not say how much memory; give --pools FILE"):
        cluster_pools(CLUSTER)
    with pytest.raises(UsageError, match="the cluster has no CPUs"):
        cluster_pools(Cluster((Node({"memory": 1.0}),)))
