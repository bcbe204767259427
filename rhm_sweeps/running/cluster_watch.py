"""Looks at a cluster again and again: nodes join it and leave it while a sweep runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rhm_sweeps.pools.cluster import Cluster
from rhm_sweeps.pools.leaving_node import LeavingNode
from rhm_sweeps.pools.pools import Pools

LOOK_INTERVAL_S = 5.0
"""Ray itself notices a dead node within seconds."""


@dataclass(frozen=True)
class ClusterNews:
    """What has changed: the pools, if they have another number of slots, and nodes that were told to leave."""

    pools: Pools | None
    leaving: tuple[LeavingNode, ...] = ()


@dataclass
class ClusterWatch:
    """Says when pools have another number of slots than before, and when nodes are about to leave.

    `size` says what the pools are on a cluster, `cluster` what the cluster is now, `known` how many slots each pool had.
    """

    size: Callable[[Cluster], Pools]
    cluster: Callable[[], Cluster]
    known: Mapping[str, int]
    clock: Callable[[], float] = time.monotonic
    _looked: float = field(default=float("-inf"))
    _leaving: set[str] = field(default_factory=set)

    def news(self) -> ClusterNews | None:
        """What has changed, if anything has; the cluster is looked at every `LOOK_INTERVAL_S` at most."""
        now = self.clock()
        if now - self._looked < LOOK_INTERVAL_S:
            return None
        self._looked = now
        cluster = self.cluster()
        leaving = tuple(node for node in cluster.leaving if node.id not in self._leaving)
        self._leaving |= {node.id for node in leaving}
        pools = self.size(cluster)
        changed, self.known = pools.limits != self.known, pools.limits
        return ClusterNews(pools if changed else None, leaving) if changed or leaving else None
