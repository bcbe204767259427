"""A node that was told to leave its cluster: preempted, or scaled down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class LeavingNode:
    """No pack begins there any more; those that are there save and move."""

    id: str
    name: str = ""
    deadline_ms: int = 0
    """When it will be gone, in ms since 1970; 0: nobody said."""

    def notice(self, packs: int) -> str:
        """What is said of it, once, when so many packs are there."""
        by = f" by {datetime.fromtimestamp(self.deadline_ms / 1e3):%H:%M}" if self.deadline_ms else ""
        fate = {0: "it has no packs", 1: "1 pack saves and moves"}.get(packs, f"{packs} packs save and move")
        return f"node {self.name or self.id[:8]} leaves the cluster{by}: {fate}"
