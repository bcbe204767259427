"""Runs packs on pools by Ray Tune. Ray executes; the queue is the driver's, and what happened goes to it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rhm_sweeps.errors import DiskFullError, SweepError
from rhm_sweeps.pools.cluster import Cluster, check_pools, local_cluster
from rhm_sweeps.pools.pools import Pools
from rhm_sweeps.running.cluster_watch import ClusterWatch
from rhm_sweeps.running.installed_code import installed_code
from rhm_sweeps.running.local_ray import local_ray
from rhm_sweeps.running.node_check import checked_beacon
from rhm_sweeps.running.pack_places import PackPlaces
from rhm_sweeps.running.pack_tuner import pack_tuner
from rhm_sweeps.running.ray_ahead import RayAhead
from rhm_sweeps.running.ray_cluster import joined_ray, present_cluster
from rhm_sweeps.running.ray_events import DriverQueue, InOrder, PackEvents, StopAsked
from rhm_sweeps.running.storing_driver import StoringDriver
from rhm_sweeps.running.task_config import as_config, task_config
from rhm_sweeps.running.tasks import Driver, PackTask
from rhm_sweeps.running.trainable import PackTrainable
from rhm_sweeps.storage.storage import Storage


def run_packs(
    driver: Driver,
    pools: Pools,
    *,
    address: str | None = None,
    size: Callable[[Cluster], Pools] | None = None,
    checkpoint_interval_s: float = 60.0,
    report_interval_s: float | None = None,
    trainable: type[PackTrainable] = PackTrainable,
    shared: Storage | None = None,
    storage: Storage | None = None,
    ahead: RayAhead | None = None,
) -> None:
    """Run the packs that the driver hands out until it is over or says stop; a stopped pack saves before it leaves.

    Args:
        pools: where packs may run. The driver keeps to their limits.
        address: of an existing Ray cluster, `auto` or host:port; None: Ray is started on this machine, for this run only.
        size: what the pools are on a cluster: nodes that join or leave change their slots. Without it they stay as they are.
        report_interval_s: how long a pack without news says nothing; None: as its task says.
        trainable: what trains a pack.
        shared: what all nodes must share with this process, `storage` or a folder: checked before any pack starts.
        storage: where packs keep their files; None: in the folders of their tasks.
        ahead: Ray on this machine that was started before; it is ended.

    Raises:
        SweepError: if Ray cannot start or be joined, if no pack of some pool could ever run, or a node does not share what it must
            or has other code.
    """
    places = PackPlaces()
    intervals = {"checkpoint_interval_s": checkpoint_interval_s}
    if report_interval_s is not None:
        intervals["report_interval_s"] = report_interval_s

    def cluster() -> Cluster:
        return present_cluster().without(places.unshared)

    def config(task: PackTask) -> dict[str, Any]:
        return {**task_config(task, pools[task.pool].device), **intervals, **files, "avoid": _avoided(places)}

    with _ray(address, ahead) as scratch:
        if problems := check_pools(present_cluster(), pools.usable):
            raise SweepError("; ".join(map(str, problems)))
        if driver.should_stop():
            return
        with _told_of_files(shared, storage, pools) as files:
            driver = StoringDriver(driver, storage) if storage else driver
            watch = ClusterWatch(size, cluster, pools.limits) if size else None
            queue, events = DriverQueue(driver, config, watch, places), PackEvents(driver, places)
            order, stop = InOrder(driver, places), StopAsked(driver, places)
            most = None if size else sum(pools.limits.values())
            pack_tuner(trainable, queue, order, events, stop, pools, scratch, most).fit()
            if places.full_disk:
                raise DiskFullError(places.full_disk)


@contextmanager
def _told_of_files(shared: Storage | None, storage: Storage | None, pools: Pools) -> Iterator[dict[str, Any]]:
    """What packs are told of the place where they keep their files, which all nodes of the pools have been found to share."""
    told = {"storage": storage.uri if storage else ""}
    if shared is None:
        yield told
        return
    nodes = present_cluster().of_pools(pools.usable)
    with checked_beacon(shared, nodes, shared_folder=storage is None) as beacon:
        yield {**told, "beacon": as_config(beacon), "code": str(installed_code())}


@contextmanager
def _ray(address: str | None, ahead: RayAhead | None) -> Iterator[Path]:
    own = ahead.joined() if ahead else local_ray(local_cluster().nodes[0].resources)
    with joined_ray(address) if address else own as scratch:
        yield scratch


def _avoided(places: PackPlaces) -> list[str]:
    """Ids of nodes to which no pack is sent."""
    return [node.id for node in present_cluster().nodes if node.short_id in places.unshared] if places.unshared else []
