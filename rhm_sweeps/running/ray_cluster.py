"""An existing Ray cluster: joining it for a while, and what it has."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import ray

from rhm_sweeps.errors import SweepError
from rhm_sweeps.pools.cluster import Cluster, Node
from rhm_sweeps.pools.leaving_node import LeavingNode
from rhm_sweeps.running.cluster_address import check_address
from rhm_sweeps.running.local_ray import leave_ray, sigterm_is_ours
from rhm_sweeps.running.scratch import scratch_folder

_HIDDEN = ("node:", "object_store_memory", "bundle_group")
NODE_ID = "ray.io/node-id"
"""A label that Ray gives every node."""


@contextmanager
def joined_ray(address: str) -> Iterator[Path]:
    """Be a driver of the Ray cluster at an address while the block lasts; yield a scratch folder.

    Args:
        address: `auto`, the cluster that this machine is a node of, or host:port of its head.

    Raises:
        UsageError, SweepError: if the address is none, there is no such cluster, or this machine is no node of it.
    """
    check_address(address)
    with scratch_folder() as scratch, Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        try:
            with sigterm_is_ours():
                _join(address)
            yield scratch
        finally:
            leave_ray()


def _join(address: str) -> None:
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.CRITICAL)
    except Exception as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise SweepError(
            f"cannot join a Ray cluster at {address}: {reason}; run this on a node of the cluster; "
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
