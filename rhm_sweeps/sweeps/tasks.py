"""What a runner is given and whom it tells: the interface between driving a sweep and executing packs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.sweeps.pack_progress import Progress


@dataclass(frozen=True)
class PackTask:
    """A pack to run: its unfinished trials, the folder of its checkpoints and that of finished models."""

    id: str
    trials: tuple[TrialConfig, ...]
    folder: Path
    models_folder: Path


class Listener(Protocol):
    """What the driver hears, in its own process, as it happens."""

    def started(self, pack: str) -> None: ...
    def progressed(self, pack: str, progress: Progress) -> None: ...
    def crashed(self, pack: str, reason: str) -> None: ...
    def should_stop(self) -> bool: ...
