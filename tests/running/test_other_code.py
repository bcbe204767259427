"""A real Ray cluster of two nodes, of which one has a changed copy of this package: refused, or given no pack when it joins later."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.sweeps.sent_code import copy_code

from ..faults.ray_node import TOKEN, RayNode, free_port
from ..processes import Command
from ..tiny_sweeps import tiny_yaml

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(600)]

PATIENCE_S = 240
OTHER = r"node \S+ \([0-9a-f]{8}\) has other code, rhm-sweep \S+ with code [0-9a-f]{12} \(Python \S+, torch \S+\)"


@pytest.fixture
def place(tmp_path: Path, put_mlflow: Callable[[Path], None]) -> Path:
    put_mlflow(tmp_path)
    (tmp_path / "pools.yaml").write_text("pools: {plain: {memory_gib: 0.5}}\n")
    return tmp_path


@pytest.fixture
def changed_code(tmp_path: Path) -> str:
    """A folder with this package, in which a comment more stands among what decides results."""
    source = copy_code(tmp_path / "changed") / "config" / "training.py"
    source.write_text(f"{source.read_text()}# changed\n")
    return str(tmp_path / "changed")


Start = Callable[..., RayNode]


@pytest.fixture
def start(place: Path) -> Iterator[Start]:
    """Starts nodes of one cluster with such a PYTHONPATH; the first is its head."""
    port, nodes = free_port(), []

    def node(path: str = "") -> RayNode:
        environment = {"PYTHONPATH": path} if path else {}
        nodes.append(RayNode(place, f"node-{len(nodes)}", port, environment, head=not nodes))
        nodes[-1].wait_until_up(PATIENCE_S)
        return nodes[-1]

    yield node
    for one in reversed(nodes):
        one.kill()


def launch(place: Path, head: RayNode, name: str, steps: int) -> Command:
    (place / f"{name}.yaml").write_text(tiny_yaml(name, {"model.width": [8, 12, 16]}, steps=steps))
    flags = ("--pools", "pools.yaml", "--address", head.address)
    return Command(place, "launch", f"{name}.yaml", *flags, environment=dict(TOKEN))


def test_a_node_with_other_code_is_given_no_pack(start: Start, place: Path, changed_code: str) -> None:
    """One that joins gets a pack and gives it back; where it is there from the start, nothing starts."""
    head = start()
    command = launch(place, head, "later", 4000)
    try:
        command.wait_until(lambda: "steps/s" in command.err, PATIENCE_S)
        start(changed_code)
        ended = command.wait(PATIENCE_S)
    finally:
        command.kill()
    assert ended.code == 0, ended.err
    lines = [line for line in ended.err.splitlines() if "has other code" in line]
    assert len(lines) == 1, ended.err
    assert re.search(rf"pack \w+ is taken back \({OTHER}; .*; no pack is sent there any more\); it goes on", lines[0])
    with Ledger(place / "results" / "later") as ledger:
        assert (ledger.counts()["done"], {record.crashes for record in ledger.packs().values()}) == (3, {0})

    refused = launch(place, head, "refused", 8).wait(PATIENCE_S)
    assert refused.code == 1
    said = (
        rf"Error: {OTHER}; the command has rhm-sweep .*: install the same on every node, or send this one along: .*\n"
    )
    assert re.search(said, refused.err), refused.err
    assert refused.err.count("has other code") == 1, "the node that has the same code is not named"
    assert not list((place / "results" / "refused").glob("packs/*"))
