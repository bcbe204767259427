"""A cluster whose nodes come and go, as the watch sees it."""

from __future__ import annotations

from rhm_sweeps.pools.cluster import Cluster, Node
from rhm_sweeps.pools.pools_file import parse_pools
from rhm_sweeps.running.cluster_watch import LOOK_INTERVAL_S, ClusterWatch

GIB = 2**30
FILE = parse_pools(
    "pools: {small: {memory_gib: 1}, tape: {memory_gib: 1, resources: {tape: 1}}}\nroutes: [{pool: small}]"
)
SMALL, TAPE = Node({"CPU": 2, "memory": 8 * GIB}), Node({"CPU": 4, "memory": 8 * GIB, "tape": 1})


class Changing:
    """A cluster that is another one at each look, and a clock that goes on by `pace` at each."""

    def __init__(self, *nodes: tuple[Node, ...], pace: float = LOOK_INTERVAL_S) -> None:
        self.nodes, self.now, self.pace, self.looks = list(nodes), 0.0, pace, 0

    def __call__(self) -> Cluster:
        self.looks += 1
        return Cluster(self.nodes[min(self.looks, len(self.nodes)) - 1])

    def clock(self) -> float:
        self.now += self.pace
        return self.now


def watch(cluster: Changing) -> ClusterWatch:
    return ClusterWatch(FILE.on, cluster, FILE.on(Cluster((SMALL,))).limits, cluster.clock)


def test_only_what_changes_is_news() -> None:
    watching = watch(Changing((SMALL,), (SMALL, TAPE), (SMALL, TAPE), (SMALL,), ()))
    limits = [pools and pools.limits for pools in (watching.news() for _ in range(5))]
    assert limits == [None, {"small": 6, "tape": 1}, None, {"small": 2}, {}]


def test_a_pool_without_nodes_says_why() -> None:
    pools = watch(Changing(())).news()
    assert pools is not None
    assert set(pools.never) == {"small", "tape"}


def test_the_cluster_is_not_asked_all_the_time() -> None:
    cluster = Changing((SMALL,), pace=LOOK_INTERVAL_S / 10)
    watching = watch(cluster)
    for _ in range(40):
        watching.news()
    assert 4 <= cluster.looks <= 5
