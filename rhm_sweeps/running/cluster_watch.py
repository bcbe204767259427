"""Looks at a cluster again and again: nodes join it and leave it while a sweep runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rhm_sweeps.pools.cluster import Cluster
from rhm_sweeps.pools.pools import Pools

LOOK_INTERVAL_S = 5.0
"""Ray itself notices a dead node within seconds."""


@dataclass
class ClusterWatch:
    """Says when pools have another number of slots than before.

    `size` says what the pools are on a cluster, `cluster` what the cluster is now, `known` how many slots each pool had.
    """

    size: Callable[[Cluster], Pools]
    cluster: Callable[[], Cluster]
    known: Mapping[str, int]
    clock: Callable[[], float] = time.monotonic
    _looked: float = field(default=float("-inf"))

    def news(self) -> Pools | None:
        """The pools if they have changed; the cluster is looked at every `LOOK_INTERVAL_S` at most."""
        now = self.clock()
        if now - self._looked < LOOK_INTERVAL_S:
            return None
        self._looked = now
        pools = self.size(self.cluster())
        if pools.limits == self.known:
            return None
        self.known = pools.limits
        return pools
