"""On which node each pack is, as its reports say, and which of these nodes leave the cluster."""

from __future__ import annotations

from dataclasses import dataclass, field

from rhm_sweeps.pools.leaving_node import LeavingNode


@dataclass
class PackPlaces:
    """Says which packs are to leave a node; a pack that begins on it later is noticed by its first report."""

    _nodes: dict[str, str] = field(default_factory=dict)
    """Ids of nodes, by pack."""
    _leaving: dict[str, LeavingNode] = field(default_factory=dict)

    unshared: set[str] = field(default_factory=set)
    """Short ids of nodes that do not share the folder or the storage of the packs, or have other code: no pack is sent there again."""

    closed: set[str] = field(default_factory=set)
    """Pools that have no slots any more, as long as packs that wait there were not taken back."""

    full_disk: str = ""
    """What a process said that could not write any more: it ends the run, as a full disk of the driver does."""

    def leaves(self, node: LeavingNode) -> tuple[str, ...]:
        """Take note that a node leaves, and return the packs that are there."""
        self._leaving[node.id] = node
        return tuple(pack for pack, place in self._nodes.items() if place == node.id)

    def seen(self, pack: str, node: str) -> LeavingNode | None:
        """A pack reports from the node of an id, which is returned if it leaves and this is the pack's first report from there."""
        known = self._nodes.get(pack)
        self._nodes[pack] = node
        return self._leaving.get(node) if node != known else None

    def gone(self, pack: str) -> LeavingNode | None:
        """A pack runs no more; return the node on which it was if that one leaves."""
        return self._leaving.get(self._nodes.pop(pack, ""))
