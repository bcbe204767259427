"""A cluster whose nodes come and go, as the watch sees it."""

from __future__ import annotations

from rhm_sweeps.pools.cluster import Cluster, Node
from rhm_sweeps.pools.leaving_node import LeavingNode
from rhm_sweeps.pools.pools_file import parse_pools
from rhm_sweeps.running.cluster_watch import LOOK_INTERVAL_S, ClusterNews, ClusterWatch

GIB = 2**30
FILE = parse_pools(
    "pools: {small: {memory_gib: 1}, tape: {memory_gib: 1, resources: {tape: 1}}}\nroutes: [{pool: small}]"
)
SMALL, TAPE = Node({"CPU": 2, "memory": 8 * GIB}), Node({"CPU": 4, "memory": 8 * GIB, "tape": 1})


class Changing:
    """A cluster that is another one at each look, and a clock that goes on by `pace` at each."""

    def __init__(self, *nodes: tuple[Node, ...] | Cluster, pace: float = LOOK_INTERVAL_S) -> None:
        self.nodes, self.now, self.pace, self.looks = list(nodes), 0.0, pace, 0

    def __call__(self) -> Cluster:
        self.looks += 1
        found = self.nodes[min(self.looks, len(self.nodes)) - 1]
        return found if isinstance(found, Cluster) else Cluster(found)

    def clock(self) -> float:
        self.now += self.pace
        return self.now


def watch(cluster: Changing) -> ClusterWatch:
    return ClusterWatch(FILE.on, cluster, FILE.on(Cluster((SMALL,))).limits, cluster.clock)


def test_only_what_changes_is_news() -> None:
    watching = watch(Changing((SMALL,), (SMALL, TAPE), (SMALL, TAPE), (SMALL,), ()))
    limits = [news and news.pools and news.pools.limits for news in (watching.news() for _ in range(5))]
    assert limits == [None, {"small": 6, "tape": 1}, None, {"small": 2}, {}]


def test_a_pool_without_nodes_says_why() -> None:
    news = watch(Changing(())).news()
    assert news is not None
    assert news.pools is not None
    assert set(news.pools.never) == {"small", "tape"}


def test_a_node_that_leaves_is_news_once_and_its_slots_are_gone_at_once() -> None:
    leaving = LeavingNode("n2", "two")
    cluster = Cluster((SMALL,), (leaving,))
    watching = watch(Changing((SMALL, TAPE), cluster, cluster, (SMALL,)))
    first, second, *rest = [watching.news() for _ in range(4)]
    assert first is not None
    assert second is not None
    assert second.pools is not None
    assert (first.leaving, second.leaving, rest) == ((), (leaving,), [None, None])
    assert second.pools.limits == {"small": 2}


def test_a_node_without_slots_that_leaves_is_news_too() -> None:
    leaving = LeavingNode("n2", "two")
    assert watch(Changing(Cluster((SMALL,), (leaving,)))).news() == ClusterNews(None, (leaving,))


def test_the_cluster_is_not_asked_all_the_time() -> None:
    cluster = Changing((SMALL,), pace=LOOK_INTERVAL_S / 10)
    watching = watch(cluster)
    for _ in range(40):
        watching.news()
    assert 4 <= cluster.looks <= 5
