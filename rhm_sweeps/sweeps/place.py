"""Where a session trains: its pools, and what runs packs there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rhm_sweeps.ledger import FILE_NAME, Ledger
from rhm_sweeps.sweeps.drive import Run
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.in_process import run_in_process
from rhm_sweeps.sweeps.pool_choice import choose_pools
from rhm_sweeps.sweeps.pools import Pools, local_pool
from rhm_sweeps.sweeps.runner import run_packs


@dataclass(frozen=True)
class Place:
    """Pools, and what runs packs there."""

    pools: Pools
    run: Run

    def __str__(self) -> str:
        return ", ".join(
            f"{pool.slots} {pool.device} slots" + f" of pool {pool.name}" * (pool.name != "local")
            for pool in self.pools.usable
        )


def place_on_ray(
    folder: SweepFolder, pools_file: Path | None, address: str | None, checkpoint_interval_s: float
) -> Place:
    """The pools of a file, else those that the sweep had, else this machine; Ray runs the packs.

    Raises:
        UsageError, ConfigError: if the file cannot be read or is wrong.
        SweepError: if the cluster cannot be joined.
    """
    pools = choose_pools(folder, pools_file, address)
    return Place(pools, partial(run_packs, pools=pools, address=address, checkpoint_interval_s=checkpoint_interval_s))


def place_in_process(folder: SweepFolder, checkpoint_interval_s: float) -> Place:
    """This process, which trains one pack after another; it takes over what was planned for other pools."""
    pool = replace(local_pool(), slots=1)
    planned = [name for name in _planned_pools(folder) if name != pool.name]
    pools = Pools((pool, *(replace(pool, name=name) for name in planned)))
    run = partial(run_in_process, device=pool.device, checkpoint_interval_s=checkpoint_interval_s)
    return Place(pools, run)


def _planned_pools(folder: SweepFolder) -> list[str]:
    if not (folder.path / FILE_NAME).is_file():
        return []
    with Ledger(folder.path) as ledger:
        return list(dict.fromkeys(pack.pool for pack in ledger.packs().values() if pack.pool))
