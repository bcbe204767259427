"""What the ledger records: trials, their metric points, their packs, suggestions of a search, and what a tracking store has of them."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from rhm_sweeps.errors import SweepError

TrialState = Literal["pending", "running", "done", "failed", "stopped", "extended"]
"""`stopped`: ended early by a scheduler or by hand; `extended`: done, and gone on with as a trial of more steps."""
STATES: tuple[TrialState, ...] = ("pending", "running", "done", "failed", "stopped", "extended")

_FILE_NAME = re.compile(r"([A-Za-z0-9_-][A-Za-z0-9._-]*)?")


@dataclass(frozen=True)
class TrialRecord:
    """A planned trial and what became of it. `config` is the nested TrialConfig; times are Unix milliseconds."""

    signature: str
    position: int
    pack: str
    config: dict[str, Any]
    state: TrialState = "pending"
    reason: str = ""
    started_ms: int | None = None
    ended_ms: int | None = None

    def __post_init__(self) -> None:
        file_name(self.signature)
        file_name(self.pack)


@dataclass(frozen=True)
class MetricPoint:
    """The metrics of one trial at one optimizer step; `timestamp_ms` is frozen when the point is first recorded."""

    signature: str
    step: int
    metrics: Mapping[str, float]
    timestamp_ms: int = 0
    id: int = 0


@dataclass(frozen=True)
class PackRecord:
    """Where a pack runs and how far it is; `crashes` counts the deaths of its processes."""

    id: str
    pool: str = ""
    crashes: int = 0
    step: int = 0
    steps: int = 0
    active: int = 0
    """Members that are not done."""
    steps_per_second: float = 0.0
    updated_ms: int = 0
    """When it last reported, as Unix time; 0 while none of it trains."""

    def __post_init__(self) -> None:
        file_name(self.id)

    @property
    def resting(self) -> PackRecord:
        """The same while none of it trains: what it has done so far counts, its pace does not."""
        return replace(self, steps_per_second=0.0, updated_ms=0)


@dataclass(frozen=True)
class SuggestionRecord:
    """One suggestion of an adaptive search: the values of the searched fields and the trials that evaluate it.

    `values` are those of the objectives, None before they are known; empty if the suggestion has no result.
    """

    number: int
    settings: Mapping[str, Any]
    signatures: tuple[str, ...]
    values: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Projection:
    """How much of a trial a tracking store has: its run there, the last point sent, the last `state:reason` sent."""

    signature: str
    run_id: str
    last_point: int = 0
    state: str = ""


def file_name(text: str) -> str:
    """The signature of a trial or the id of a pack, by which files are named: no place outside the sweep's folder.

    Raises:
        SweepError: if it is another text, which only somebody else can have written.
    """
    if not _FILE_NAME.fullmatch(text):
        raise SweepError(f"a trial or pack is named {text[:80]!r}, but must have letters, digits, dashes and dots only")
    return text


def now_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000
