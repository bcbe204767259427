"""A pool's only node is gone while its packs train: they go to the pool that the rule names, through the command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rhm_sweeps.ledger import Ledger

from .conftest import Report, Stages
from .ray_node import TOKEN, RayNode, free_port
from .stage import NAME, PATIENCE_S, ended_well, step_environment
from .test_signals import INTERVAL, LOST_S, STEP_S

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

POOLS = """\
pools:
  near: {memory_gib: 1, labels: {place: near}}
  far: {memory_gib: 1, labels: {place: far}}
routes:
  - {when: steps == 3001, pool: far, otherwise: near}
  - {pool: near}
"""


@pytest.fixture
def nodes(mlflow_folder: Path) -> Iterator[list[RayNode]]:
    """The head, which is near, and one that is far."""
    port, made = free_port(), []
    environment = step_environment(mlflow_folder, STEP_S)
    for place in ("near", "far"):
        made.append(RayNode(mlflow_folder, place, port, environment, head=not made, labels=f"place={place}"))
        made[-1].wait_until_up(PATIENCE_S)
    yield made
    for node in reversed(made):
        node.kill()


def test_packs_of_a_pool_that_is_gone_go_where_the_rule_says(
    nodes: list[RayNode], stage: Stages, report: Report
) -> None:
    made = stage(2, steps="{grid: [3000, 3001]}")
    (made.path / "pools.yaml").write_text(POOLS)
    head, far = nodes
    words = ("launch", f"{NAME}.yaml", "--address", head.address, "--pools", "pools.yaml", *INTERVAL)
    stranger = made.start(*words, RAY_AUTH_MODE="token", RAY_AUTH_TOKEN="0" * 64).wait(PATIENCE_S)
    assert stranger.code == 1
    assert "cannot join a Ray cluster" in stranger.err
    assert "set that and its RAY_AUTH_TOKEN here too" in stranger.err

    command = made.start(*words, **TOKEN)
    command.wait_until(lambda: [step for _, step in made.oracle.steps()].count(300) == 4, PATIENCE_S)
    far.kill()
    ended = ended_well(command)
    assert "pool far has no slots any more: asks for a node with the labels place=far" in ended.err
    assert "1 pack moved to other pools: their own have no slots" in ended.err
    with Ledger(made.folder.path) as ledger:
        assert {pack.pool for pack in ledger.packs().values()} == {"near"}
    happened = "its only node was gone at once; its pack went on from its checkpoint in the pool that its rule names"
    record = report(made.oracle.look("a pool vanishes", happened, made.commands, None, [ended.code]))
    assert record.done == 4
    assert record.steps_redone <= 2 * LOST_S / STEP_S
