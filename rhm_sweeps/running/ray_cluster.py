"""An existing Ray cluster: joining it for a while, and what it has."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import ray

from rhm_sweeps.errors import SweepError, UsageError
from rhm_sweeps.pools.cluster import Cluster, Node
from rhm_sweeps.running.local_ray import sigterm_is_ours
from rhm_sweeps.running.scratch import scratch_folder

ANSWERS_WITHIN_S = 5.0
_HIDDEN = ("node:", "object_store_memory", "bundle_group")
_NODE_ID = "ray.io/node-id"


@contextmanager
def joined_ray(address: str) -> Iterator[Path]:
    """Be a driver of the Ray cluster at an address while the block lasts; yield a scratch folder.

    Args:
        address: `auto`, the cluster that this machine is a node of, or host:port of its head.

    Raises:
        UsageError: if the address is a Ray Client's, `ray://...`.
        SweepError: if there is no such cluster, or this machine is no node of it.
    """
    if "://" in address:
        raise UsageError(
            f"the address is {address!r}, but must be auto or host:port: run this on a node of the cluster, not through Ray Client"
        )
    _check_reachable(address)
    with scratch_folder() as scratch, Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        try:
            with sigterm_is_ours():
                _join(address)
            yield scratch
        finally:
            ray.shutdown()


def _check_reachable(address: str) -> None:
    """Ray itself would end the process, after a minute and without an exception, if nobody answered."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise UsageError(f"the address is {address!r}, but must be auto or host:port, such as 10.0.0.1:6379")
    try:
        socket.create_connection((host, int(port)), ANSWERS_WITHIN_S).close()
    except (OSError, OverflowError) as error:
        raise SweepError(f"cannot join a Ray cluster at {address}: nobody answers there ({error})") from None


def _join(address: str) -> None:
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.CRITICAL)
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise SweepError(
            f"cannot join a Ray cluster at {address}: {reason} Run this on a node of the cluster; "
            "if it was started with RAY_AUTH_MODE=token, set that and its RAY_AUTH_TOKEN here too"
        ) from error


def look_at_cluster(address: str) -> Cluster:
    """What the cluster at an address has.

    Raises:
        UsageError, SweepError: if it cannot be joined.
    """
    with joined_ray(address):
        return present_cluster()


def present_cluster() -> Cluster:
    """What the cluster has that this process is connected to."""
    free = ray._private.state.available_resources_per_node()
    return Cluster(
        tuple(
            Node(
                _resources(node["Resources"]),
                {name: value for name, value in node["Labels"].items() if name != _NODE_ID},
                node["NodeManagerHostname"],
                _resources(free.get(node["NodeID"], {})),
            )
            for node in ray.nodes()
            if node["Alive"]
        )
    )


def _resources(found: dict[str, float]) -> dict[str, float]:
    return {name: amount for name, amount in found.items() if not name.startswith(_HIDDEN) and "_group_" not in name}
