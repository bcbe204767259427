"""What a runner asks of the driver and tells it: the interface between driving a sweep and executing packs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.packs.pack_progress import Progress
from rhm_sweeps.packs.report_pace import SHORTEST_INTERVAL_S
from rhm_sweeps.pools.leaving_node import LeavingNode
from rhm_sweeps.pools.pools import Pools


@dataclass(frozen=True)
class PackTask:
    """A pack to run: its unfinished trials, the folders of its checkpoints and of what members leave, and the pool that runs it."""

    id: str
    trials: Mapping[str, str]
    """Nested fields as JSON, by signature."""
    folder: Path
    models_folder: Path
    pool: str = "local"
    sources: Mapping[str, Path] = field(default_factory=dict)
    """For trials, by signature, that go on where another ended: the file of its training state. All are at one step."""
    report_interval_s: float = SHORTEST_INTERVAL_S
    """How long the pack may say nothing while it has no news."""
    judged: bool = False
    """Whether the driver may stop trials by their metric points, which it does before the pack goes on."""


def parse_trials(trials: Mapping[str, str]) -> tuple[TrialConfig, ...]:
    """The trials of a pack.

    Raises:
        ConfigError: if one of them is none: it was planned by another version.
    """
    return tuple(parse_trial(json.loads(fields), f"trial {signature}") for signature, fields in trials.items())


class Driver(Protocol):
    """Hands out packs and hears what becomes of them, in its own process, as it happens.

    A pack that was handed out keeps its place in its pool until its progress is `finished` or it crashed.
    """

    def next_pack(self) -> PackTask | None:
        """The next pack that has a place, or None if there is none at present."""

    def is_over(self) -> bool:
        """Whether nothing runs and nothing is to come."""

    def should_stop(self) -> bool:
        """Whether to save and leave everything."""

    def resized(self, pools: Pools) -> None:
        """Nodes have joined or left: these are the pools now, with their slots."""

    def say(self, message: str) -> None:
        """Something that people should know."""

    def started(self, pack: str) -> None:
        """A process has the pack."""

    def progressed(self, pack: str, progress: Progress) -> None: ...

    def vacate(self, node: LeavingNode, packs: Sequence[str]) -> None:
        """A node was told to leave the cluster: these packs, which are there, are to save and to leave it."""

    def crashed(self, pack: str, reason: str, *, blameless: bool = False) -> None:
        """The process of the pack died, `blameless` with a node of which that was known before.

        Whether the pack is handed out again is for `next_pack` to say.
        """
