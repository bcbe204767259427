"""Asks every node, before any pack starts, whether it shares the folder or the storage with the driver, and has its code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from rhm_sweeps.errors import OtherCodeError, StorageError
from rhm_sweeps.pools.cluster import Node
from rhm_sweeps.running.installed_code import InstalledCode, installed_code, other_code
from rhm_sweeps.storage.beacon import Beacon, lit_beacon
from rhm_sweeps.storage.storage import Storage

ANSWERS_WITHIN_S = 90.0
"""A node starts a process for the answer, and may have to install an environment for it."""


@dataclass(frozen=True)
class NodeAnswer:
    """What a node says: why it does not share what it must, "" if it does; and which code it has, None if it says nothing."""

    problem: str
    code: InstalledCode | None = None


def node_name(name: str, node_id: str) -> str:
    """A node as people find it again: two of them may have one name."""
    return f"node {name} ({node_id[:8]})"


@contextmanager
def checked_beacon(place: Storage, nodes: Iterable[Node], *, shared_folder: bool) -> Iterator[Beacon]:
    """A beacon that all nodes have been found to see, while the block lasts.

    Raises:
        StorageError, OtherCodeError: as `check_nodes`.
    """
    with lit_beacon(place, shared_folder=shared_folder) as beacon:
        check_nodes(beacon, nodes)
        yield beacon


def check_nodes(beacon: Beacon, nodes: Iterable[Node]) -> None:
    """Let a process on each node look for the beacon and write a file in return. No file is left.

    Raises:
        StorageError: naming every node where that fails, with the reason and the cure.
        OtherCodeError: naming every node that has other code than this process.
    """
    asked = [(node, _ask(_look_around, beacon, node)) for node in nodes]
    answers = [answer for _, answer in asked]
    ready = ray.wait(answers, num_returns=len(answers), timeout=ANSWERS_WITHIN_S)[0] if answers else []
    found = {node_name(node.name, node.id): _answer(beacon, node, answer, ready) for node, answer in asked}
    problems = [beacon.unshared(node, answer.problem) for node, answer in found.items() if answer.problem]
    here = installed_code()
    others = {node: str(said.code) for node, said in found.items() if said.code and said.code.code != here.code}
    if others:
        raise OtherCodeError("; ".join([*problems, other_code(str(here), others)]))
    if problems:
        raise StorageError("; ".join(problems))


def _ask(task: Any, beacon: Beacon, node: Node) -> ray.ObjectRef:
    there = NodeAffinitySchedulingStrategy(node.id, soft=False)
    return task.options(scheduling_strategy=there).remote(beacon, node.id)


@ray.remote(num_cpus=0, max_retries=0)  # type: ignore[untyped-decorator]
def _look_around(beacon: Beacon, node_id: str) -> NodeAnswer:
    return NodeAnswer(beacon.answer(node_id), installed_code())


@ray.remote(num_cpus=0, max_retries=0)  # type: ignore[untyped-decorator]
def _forget(beacon: Beacon, node_id: str) -> None:
    beacon.forget(node_id)


def _answer(beacon: Beacon, node: Node, answer: ray.ObjectRef, ready: Sequence[ray.ObjectRef]) -> NodeAnswer:
    if answer not in ready:
        return NodeAnswer(f"it gave no answer within {ANSWERS_WITHIN_S:g} s")
    try:
        said: NodeAnswer = ray.get(answer)
    except ray.exceptions.RayError as error:
        return NodeAnswer(f"the check could not run there: {str(error).strip().splitlines()[-1]}")
    if not said.problem and (problem := beacon.answered(node.id)):
        ray.get(_ask(_forget, beacon, node), timeout=ANSWERS_WITHIN_S)
        return NodeAnswer(problem, said.code)
    return said
