"""The pools of a session: those of a file, those that the sweep had before, or this machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rhm_sweeps.pools.cluster import Cluster, cluster_pools, local_cluster
from rhm_sweeps.pools.pools import Pools, local_pools
from rhm_sweeps.pools.pools_file import PoolsFile, load_pools
from rhm_sweeps.running.ray_cluster import look_at_cluster
from rhm_sweeps.sweeps.folder import SweepFolder

CAUTIOUS_GPU_GIB = 16.0
"""Ray does not say how much memory its GPUs have; a file of pools may."""


def choose_pools(folder: SweepFolder, file: Path | None, address: str | None) -> Pools:
    """Return the pools for a session of a sweep, with their slots on the cluster at an address, or on this machine.

    Raises:
        UsageError, ConfigError: if the file cannot be read or is wrong.
        SweepError: if the cluster cannot be joined.
    """
    cluster = look_at_cluster(address) if address else local_cluster()
    return pools_on(cluster, chosen_file(folder, file), is_local=not address)


def chosen_file(folder: SweepFolder, file: Path | None) -> Path | None:
    """The file of pools that is asked for, else the one that the sweep had before."""
    return file or (folder.pools_file if folder.pools_file.is_file() else None)


def pools_on(cluster: Cluster, file: Path | None, *, is_local: bool) -> Pools:
    """The pools of a file on a cluster; without a file those that are found by themselves.

    Raises:
        UsageError, ConfigError: if the file cannot be read or is wrong.
    """
    if file is not None:
        return load_pools(file).on(cluster)
    return local_pools() if is_local else cluster_pools(cluster)


def sizing(pools: Pools, file: Path | None) -> Callable[[Cluster], Pools]:
    """What pools of `pools_on` are when their cluster has changed: packs ask for the same, the slots are as many as there are now."""
    if file is not None:
        return load_pools(file).on
    return PoolsFile(tuple(replace(pool, slots=0) for pool in pools.pools), pools.routes).on
