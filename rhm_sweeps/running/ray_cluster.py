"""An existing Ray cluster: joining it for a while, and what it has."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import ray

from rhm_sweeps.credentials import redact
from rhm_sweeps.errors import SweepError, UsageError
from rhm_sweeps.pools.cluster import Cluster, Node
from rhm_sweeps.pools.leaving_node import LeavingNode
from rhm_sweeps.running.local_ray import sigterm_is_ours
from rhm_sweeps.running.scratch import scratch_folder

ANSWERS_WITHIN_S = 5.0
_HIDDEN = ("node:", "object_store_memory", "bundle_group")
NODE_ID = "ray.io/node-id"
"""A label that Ray gives every node."""


@contextmanager
def joined_ray(address: str) -> Iterator[Path]:
    """Be a driver of the Ray cluster at an address while the block lasts; yield a scratch folder.

    Args:
        address: `auto`, the cluster that this machine is a node of, or host:port of its head.

    Raises:
        UsageError: if the address is a Ray Client's, `ray://...`, through which Tune would run a copy of the driver elsewhere,
            or that of a dashboard.
        SweepError: if there is no such cluster, or this machine is no node of it.
    """
    if "://" in address:
        raise UsageError(
            f"the address (--address, else RAY_ADDRESS) is {redact(address)!r}, but must be auto or host:port, on a node of the "
            "cluster; from elsewhere, let a job of the cluster drive the sweep: rhm-sweep submit SPACE --address http://HOST:8265"
        )
    _check_reachable(
        os.environ.get("RAY_ADDRESS") or address if address == "auto" else address
    )  # as Ray itself takes it
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
    """What the cluster has that this process is connected to; nodes that were told to leave count no more."""
    deadlines = ray._private.state.state.get_draining_nodes()
    free = ray._private.state.available_resources_per_node()
    alive = [node for node in ray.nodes() if node["Alive"]]
    return Cluster(
        tuple(_node(node, free.get(node["NodeID"], {})) for node in alive if node["NodeID"] not in deadlines),
        tuple(
            LeavingNode(node["NodeID"], node["NodeManagerHostname"], deadlines[node["NodeID"]])
            for node in alive
            if node["NodeID"] in deadlines
        ),
    )


def _node(node: Mapping[str, Any], free: dict[str, float]) -> Node:
    labels = {name: value for name, value in node["Labels"].items() if name != NODE_ID}
    return Node(_resources(node["Resources"]), labels, node["NodeManagerHostname"], _resources(free), node["NodeID"])


def _resources(found: dict[str, float]) -> dict[str, float]:
    return {name: amount for name, amount in found.items() if not name.startswith(_HIDDEN) and "_group_" not in name}
