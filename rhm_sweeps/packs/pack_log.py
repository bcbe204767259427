"""The log of a pack, `pack.log` in its folder: a line per event, with the time."""

from __future__ import annotations

import os
import platform
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rhm_sweeps.credentials import redact
from rhm_sweeps.errors import TakenOverError
from rhm_sweeps.packs.pack_start import PackStart

FILE_NAME = "pack.log"


@dataclass(frozen=True)
class PackLog:
    """Appends to the log of the pack in a folder. A full disk costs lines, never the pack."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / FILE_NAME

    def write(self, *events: str) -> None:
        """Add a line for each event; more lines of an event are indented."""
        now = datetime.now().astimezone().isoformat(timespec="milliseconds")
        text = "".join(f"{now} {event.rstrip()}\n".replace("\n", "\n  ").rstrip(" ") for event in events)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(redact(text))
        except OSError:
            return

    def start(self, device: str, start: PackStart) -> None:
        """Say which process trains which members, from where on, and what is wrong with what it found."""
        names = " ".join(trial.signature for trial in start.members) or "none"
        where = f"host {platform.node()}, pid {os.getpid()}, device {device}"
        self.write(f"start {start.origin}: {where}, members {names}", *(f"warning: {one}" for one in start.warnings))

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Log what is raised in the block, with its traceback, and let it pass; a pack that another process has is left alone."""
        try:
            yield
        except TakenOverError:
            raise
        except Exception:
            self.write(f"error: {traceback.format_exc()}")
            raise
