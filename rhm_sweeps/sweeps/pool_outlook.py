"""What each pool could run, and what a plan would give it to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.pools.calibration import estimate_packs
from rhm_sweeps.pools.cost import PoolEstimate
from rhm_sweeps.pools.pool_packs import pool_packs
from rhm_sweeps.pools.pools import Pool, Pools


@dataclass(frozen=True)
class PoolOutlook:
    """A pool, why it can never run a pack here (if so), the trials that are for it, and what these cost if it can run them."""

    pool: Pool
    never: str | None
    trials: int
    estimate: PoolEstimate | None


def pool_outlooks(pools: Pools, trials: Sequence[TrialConfig] = ()) -> tuple[PoolOutlook, ...]:
    """Look at every pool, with the trials of a plan if there is one."""
    members: dict[str, list[TrialConfig]] = {pool.name: [] for pool in pools.pools}
    for trial in trials:
        members[pools.destination(trial)].append(trial)
    possible = [trial for name, some in members.items() if name not in pools.never for trial in some]
    costs = estimate_packs(pool_packs(possible, pools), pools).pools
    return tuple(
        PoolOutlook(pool, pools.never.get(pool.name), len(members[pool.name]), costs.get(pool.name))
        for pool in pools.pools
    )
