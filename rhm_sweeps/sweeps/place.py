"""Where a session trains: its pools, and what runs packs there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rhm_sweeps.pools.pools import Pools, local_pool
from rhm_sweeps.printable import count
from rhm_sweeps.running.in_process import run_in_process
from rhm_sweeps.running.ray_ahead import RayAhead
from rhm_sweeps.running.runner import run_packs
from rhm_sweeps.storage.storage import Storage
from rhm_sweeps.sweeps.drive import Run
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.pool_choice import choose_pools, chosen_file, sizing
from rhm_sweeps.sweeps.sweep_storage import choose_storage


@dataclass(frozen=True)
class Place:
    """Pools, and what runs packs there."""

    pools: Pools
    run: Run
    storage: Storage | None = None
    """Where packs keep their files; None: in the sweep's folder."""

    def __str__(self) -> str:
        return ", ".join(
            count(pool.slots, f"{pool.device} slot") + f" of pool {pool.name}" * (pool.name != "local")
            for pool in self.pools.usable
        )


def place_on_ray(
    folder: SweepFolder,
    pools_file: Path | None,
    address: str | None,
    checkpoint_interval_s: float,
    storage_address: str | None = None,
    ahead: RayAhead | None = None,
) -> Place:
    """The pools of a file, else those that the sweep had, else this machine; Ray runs the packs.

    Without an address Ray runs on this machine: one that was started `ahead`, or else its own.
    On a cluster all nodes must share the storage of the sweep, or its folder if it has none.

    Raises:
        UsageError, ConfigError: if the file cannot be read or is wrong.
        SweepError: if the cluster cannot be joined.
    """
    pools = choose_pools(folder, pools_file, address)
    size = sizing(pools, chosen_file(folder, pools_file)) if address else None
    storage = choose_storage(folder, storage_address)
    shared = (storage or Storage(folder.path.as_uri())) if address else None
    run = partial(
        run_packs,
        pools=pools,
        address=address,
        size=size,
        checkpoint_interval_s=checkpoint_interval_s,
        shared=shared,
        storage=storage,
        ahead=ahead,
    )
    return Place(pools, run, storage)


def place_in_process(folder: SweepFolder, checkpoint_interval_s: float, storage_address: str | None = None) -> Place:
    """This process, which trains one pack after another."""
    storage = choose_storage(folder, storage_address)
    pool = replace(local_pool(), slots=1)
    run = partial(run_in_process, device=pool.device, checkpoint_interval_s=checkpoint_interval_s, storage=storage)
    return Place(Pools((pool,)), run, storage)
