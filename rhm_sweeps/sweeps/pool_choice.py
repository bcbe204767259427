"""The pools of a session: those of a file, those that the sweep had before, or this machine."""

from __future__ import annotations

from pathlib import Path

from rhm_sweeps.sweeps.cluster import Cluster, local_cluster
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.pools import Pools, local_pools
from rhm_sweeps.sweeps.pools_file import load_pools
from rhm_sweeps.sweeps.ray_cluster import look_at_cluster


def choose_pools(folder: SweepFolder, file: Path | None, address: str | None) -> Pools:
    """Return the pools for a session of a sweep, with their slots on the cluster at an address, or on this machine.

    Raises:
        UsageError, ConfigError: if the file cannot be read or is wrong.
        SweepError: if the cluster cannot be joined.
    """
    chosen = file or (folder.pools_file if folder.pools_file.is_file() else None)
    cluster = look_at_cluster(address) if address else None
    if chosen is not None:
        return load_pools(chosen).on(cluster or local_cluster())
    return local_pools() if cluster is None else cluster_pools(cluster)
