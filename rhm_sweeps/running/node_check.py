"""Asks every node, before any pack starts, whether it shares the folder or the storage with the driver."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from rhm_sweeps.errors import StorageError
from rhm_sweeps.pools.cluster import Node
from rhm_sweeps.storage.beacon import Beacon, lit_beacon
from rhm_sweeps.storage.storage import Storage

ANSWERS_WITHIN_S = 90.0
"""A node starts a process for the answer, and may have to install an environment for it."""


def node_name(name: str, node_id: str) -> str:
    """A node as people find it again: two of them may have one name."""
    return f"node {name} ({node_id[:8]})"


@contextmanager
def checked_beacon(place: Storage, nodes: Iterable[Node], *, shared_folder: bool) -> Iterator[Beacon]:
    """A beacon that all nodes have been found to see, while the block lasts.

    Raises:
        StorageError: as `check_nodes`.
    """
    with lit_beacon(place, shared_folder=shared_folder) as beacon:
        check_nodes(beacon, nodes)
        yield beacon


def check_nodes(beacon: Beacon, nodes: Iterable[Node]) -> None:
    """Let a process on each node look for the beacon and write a file in return. No file is left.

    Raises:
        StorageError: naming every node where that fails, with the reason and the cure.
    """
    asked = [(node, _ask(_answer, beacon, node)) for node in nodes]
    answers = [answer for _, answer in asked]
    ready = ray.wait(answers, num_returns=len(answers), timeout=ANSWERS_WITHIN_S)[0] if answers else []
    found = [(node, _problem(beacon, node, answer, ready)) for node, answer in asked]
    problems = [beacon.unshared(node_name(node.name, node.id), problem) for node, problem in found if problem]
    if problems:
        raise StorageError("; ".join(problems))


def _ask(task: Any, beacon: Beacon, node: Node) -> ray.ObjectRef:
    there = NodeAffinitySchedulingStrategy(node.id, soft=False)
    return task.options(scheduling_strategy=there).remote(beacon, node.id)


@ray.remote(num_cpus=0, max_retries=0)  # type: ignore[untyped-decorator]
def _answer(beacon: Beacon, node_id: str) -> str:
    return beacon.answer(node_id)


@ray.remote(num_cpus=0, max_retries=0)  # type: ignore[untyped-decorator]
def _forget(beacon: Beacon, node_id: str) -> None:
    beacon.forget(node_id)


def _problem(beacon: Beacon, node: Node, answer: ray.ObjectRef, ready: Sequence[ray.ObjectRef]) -> str:
    if answer not in ready:
        return f"it gave no answer within {ANSWERS_WITHIN_S:g} s"
    try:
        said = str(ray.get(answer))
    except ray.exceptions.RayError as error:
        return f"the check could not run there: {str(error).strip().splitlines()[-1]}"
    if not said and (said := beacon.answered(node.id)):
        ray.get(_ask(_forget, beacon, node), timeout=ANSWERS_WITHIN_S)
    return said
