"""Where packs are, and what is said when such a node leaves."""

from __future__ import annotations

from rhm_sweeps.pools.leaving_node import LeavingNode
from rhm_sweeps.running.pack_places import PackPlaces

NODE = LeavingNode("n1", "one")


def test_the_packs_of_a_node_are_those_that_reported_from_there_last() -> None:
    places = PackPlaces()
    reports = [("a", "n1"), ("b", "n1"), ("c", "n2"), ("b", "n2")]
    assert [places.seen(pack, node) for pack, node in reports] == [None] * 4
    assert places.leaves(NODE) == ("a",)


def test_a_pack_is_noticed_once_where_it_begins_on_a_node_that_leaves() -> None:
    places = PackPlaces()
    places.leaves(NODE)
    assert [places.seen("a", "n1"), places.seen("a", "n1"), places.seen("a", "n2")] == [NODE, None, None]


def test_a_pack_that_begins_there_again_is_noticed_again() -> None:
    places = PackPlaces()
    places.seen("a", "n1")
    places.leaves(NODE)
    assert places.gone("a") == NODE
    assert places.gone("a") is None
    assert places.seen("a", "n1") == NODE
