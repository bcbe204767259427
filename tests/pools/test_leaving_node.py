"""What is said of a node that leaves."""

from __future__ import annotations

from datetime import datetime

from rhm_sweeps.pools.leaving_node import LeavingNode

DEADLINE = datetime(2026, 11, 22, 17, 5, 59)


def test_it_is_said_when_the_node_goes_and_how_many_packs_move() -> None:
    node = LeavingNode("4a2d", "worker-3", int(DEADLINE.timestamp() * 1000))
    assert node.notice(2) == "node worker-3 leaves the cluster by 17:05: 2 packs save and move"


def test_without_a_deadline_nothing_is_said_of_it() -> None:
    assert LeavingNode("4a2d", "w").notice(1) == "node w leaves the cluster: 1 pack saves and moves"


def test_a_node_without_a_name_has_its_id() -> None:
    assert LeavingNode("4a2d" * 8).notice(0) == "node 4a2d4a2d leaves the cluster: it has no packs"
