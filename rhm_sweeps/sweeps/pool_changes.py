"""What is said when nodes have joined a cluster or left it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rhm_sweeps.pools.pools import Pools
from rhm_sweeps.printable import count


def pool_changes(before: Mapping[str, int], pools: Pools, moved: int) -> Iterator[str]:
    """Say of each pool how many slots it has now, given those before and how many packs went to another pool."""
    for pool in pools.pools:
        was, now = before.get(pool.name, 0), pools.limits.get(pool.name, 0)
        if now and was != now:
            yield f"pool {pool.name} has {count(now, 'slot')} now, {was} before"
        elif was != now:
            yield f"pool {pool.name} has no slots any more: {pools.never.get(pool.name, 'its nodes are gone')}"
    if moved:
        yield f"{count(moved, 'pack')} moved to other pools: their own have no slots"
