"""Trials in packs, each for the pool that its members are sent to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.packs.packing import Pack, make_packs
from rhm_sweeps.pools.cost import max_members
from rhm_sweeps.pools.pools import Pools

PoolPacks = Mapping[str, tuple[Pack, ...]]
"""The packs of each pool, by its name."""


def pool_packs(trials: Sequence[TrialConfig], pools: Pools, start_steps: Mapping[str, int] | None = None) -> PoolPacks:
    """Group trials by pool, by the step that they start from, and then into packs that fit the pool's memory.

    Args:
        trials: in the order of the plan.
        pools: where packs may run, and which trials go where.
        start_steps: by signature, of trials that go on where others ended; the others start at 0.
    """
    starts = start_steps or {}
    groups: dict[tuple[str, int], list[TrialConfig]] = {}
    for trial in trials:
        groups.setdefault((pools.route(trial), starts.get(trial.signature, 0)), []).append(trial)
    packs: dict[str, tuple[Pack, ...]] = {}
    for (name, _), members in groups.items():
        pool = pools[name]
        packs[name] = (*packs.get(name, ()), *make_packs(members, max_members(pool), pool.slots))
    return packs
