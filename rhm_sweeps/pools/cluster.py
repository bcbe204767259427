"""What a cluster has, as plain values: how many packs of a pool it holds at once, and why it may never hold one."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

import torch

from rhm_sweeps.errors import Problem, UsageError
from rhm_sweeps.pools.leaving_node import LeavingNode
from rhm_sweeps.pools.machine import processor_resources
from rhm_sweeps.pools.pools import Pool, Pools

ACCELERATOR = "accelerator_type:"


@dataclass(frozen=True)
class Node:
    """A machine of a cluster: its resources by Ray's names, memory in bytes, and its labels."""

    resources: Mapping[str, float]
    labels: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    available: Mapping[str, float] = field(default_factory=dict)
    """What of the resources nobody uses at the moment."""
    id: str = ""

    @property
    def short_id(self) -> str:
        """What tells it from other nodes of the same name, in messages."""
        return self.id[:8]

    @property
    def accelerators(self) -> tuple[str, ...]:
        """Types of its accelerators, such as H100."""
        return tuple(name.removeprefix(ACCELERATOR) for name in self.resources if name.startswith(ACCELERATOR))


@dataclass(frozen=True)
class Cluster:
    """The machines that packs can run on."""

    nodes: tuple[Node, ...]
    leaving: tuple[LeavingNode, ...] = ()
    """Those that packs can not run on any more."""

    def places(self, pool: Pool) -> int:
        """How many packs of a pool run at once if nothing else does."""
        return sum(_places(node, pool) for node in self.nodes)

    def of_pools(self, pools: Iterable[Pool]) -> tuple[Node, ...]:
        """The machines on which a pack of one of these pools could run."""
        wanted = tuple(pools)
        return tuple(node for node in self.nodes if any(_places(node, pool) for pool in wanted))

    def without(self, nodes: Collection[str]) -> Cluster:
        """The cluster but for some of its nodes, by their `short_id`."""
        return replace(self, nodes=tuple(node for node in self.nodes if node.short_id not in nodes))


def local_cluster() -> Cluster:
    """This machine alone."""
    gpus = torch.cuda.device_count()
    resources = processor_resources()
    if gpus:
        resources["GPU"] = float(gpus)
        if kind := re.match(r"\w+\s+([A-Z]+\d+)", torch.cuda.get_device_name(0)):
            resources[f"{ACCELERATOR}{kind[1]}"] = 1.0
    return Cluster((Node(resources, name="this machine"),))


def cluster_pools(cluster: Cluster) -> Pools:
    """The pools of a cluster when no file says: every core is a slot with its share of the memory of the node that has least.

    Raises:
        UsageError: if there are GPUs: how much memory a pack may use of one, a cluster does not say.
    """
    if any(node.resources.get("GPU") for node in cluster.nodes):
        raise UsageError(
            "the cluster has GPUs, but does not say how much memory; give --pools FILE with pools such as "
            "`h100: {gpus: 1, memory_gib: 70}`"
        )
    cores = [(int(node.resources.get("CPU", 0)), node.resources.get("memory", 0.0)) for node in cluster.nodes]
    shares = [memory / count / 2**30 for count, memory in cores if count]
    if not shares:
        raise UsageError("the cluster has no CPUs; start a node of it with `ray start --num-cpus`")
    return Pools((Pool("local", "cpu", sum(count for count, _ in cores), 1.0, 0.0, min(shares)),))


def check_pools(cluster: Cluster, pools: Iterable[Pool]) -> tuple[Problem, ...]:
    """Say of each pool of which no pack could ever run what it asks for, the most that a node has, and the cure."""
    return tuple(Problem(f"pool {pool.name}", _problem(cluster, pool)) for pool in pools if not cluster.places(pool))


def _places(node: Node, pool: Pool) -> int:
    if any(node.labels.get(name) != value for name, value in pool.labels.items()):
        return 0
    return min(_times(node.resources.get(name, 0.0), name, amount) for name, amount in pool.request.items())


def _times(has: float, name: str, amount: float) -> int:
    """How often an amount can be taken; of GPUs, a fraction has to come from one of them."""
    if name == "GPU" and amount < 1:
        return int(has) * _floor(1 / amount)
    return _floor(has / amount)


def _floor(ratio: float) -> int:
    """Rounded down, but 9.999999999 is 10."""
    return math.floor(ratio + 1e-9)


def _problem(cluster: Cluster, pool: Pool) -> str:
    if not cluster.nodes:
        return "no node is left that takes packs; start one with `ray start --address=HOST:PORT`"
    labelled = [node for node in cluster.nodes if pool.labels.items() <= node.labels.items()]
    if not labelled:
        known = sorted({f"{name}={value}" for node in cluster.nodes for name, value in node.labels.items()})
        wanted = ", ".join(f"{name}={value}" for name, value in pool.labels.items())
        has = f"there are {', '.join(known)}" if known else "no node has any"
        return f"asks for a node with the labels {wanted}, but {has}; start one with `ray start --labels={wanted}`"
    for name, amount in pool.request.items():
        most = max(node.resources.get(name, 0.0) for node in labelled)
        if not _times(most, name, amount):
            return _shortage(name, amount, most, labelled)
    asked = ", ".join(f"{_amount(name, amount)}" for name, amount in pool.request.items())
    return f"asks for {asked} on one node, but no node has all of it; ask for less"


def _shortage(name: str, amount: float, most: float, nodes: list[Node]) -> str:
    if name.startswith(ACCELERATOR):
        known = sorted({kind for node in nodes for kind in node.accelerators})
        has = f"there are {', '.join(known)}" if known else "no node has any accelerator"
        return f"asks for the accelerator_type {name.removeprefix(ACCELERATOR)}, but {has}; name one that there is"
    if not most:
        cure = (
            "ask for none" if name in ("CPU", "GPU") else f'start a node with `ray start --resources={{"{name}": 1}}`'
        )
        return f"asks for {_amount(name, amount)}, but no node has any; {cure}"
    return f"asks for {_amount(name, amount)}, but the most that a node has is {_amount(name, most)}; ask for less"


def _amount(name: str, amount: float) -> str:
    if name == "memory":
        return f"{amount / 2**30:.1f} GiB of memory"
    return f"{amount:g} {name}{'' if amount == 1 or name not in ('CPU', 'GPU') else 's'}"
