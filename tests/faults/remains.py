"""What a command leaves that it should not: files that cannot be read, processes that live on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rhm_sweeps.errors import CheckpointError
from rhm_sweeps.ledger import FILE_NAME
from rhm_sweeps.training.checkpoints import load_checkpoint
from rhm_sweeps.training.saved_models import load_model

from ..processes import Command, is_alive
from .tracked_points import ask


def torn_files(sweep: Path) -> list[Path]:
    """The files of a sweep that carry their final name and cannot be read."""
    readers: dict[str, Callable[[Path], object]] = {
        "*.ckpt": load_checkpoint,
        "*.state": load_checkpoint,
        "*.safetensors": load_model,
        FILE_NAME: _checked,
    }
    files = [(path, read) for end, read in readers.items() for path in sweep.rglob(end) if path.name[0] != "."]
    return [path for path, read in files if not _reads(path, read)]


def _reads(path: Path, read: Callable[[Path], object]) -> bool:
    try:
        read(path)
    except CheckpointError:
        return False
    return True


def _checked(ledger: Path) -> None:
    if ask(ledger, "PRAGMA integrity_check") != [("ok",)]:
        raise CheckpointError(f"{ledger} is damaged")


def orphans(commands: Sequence[Command], patience_s: float = 120) -> int:
    """How many processes outlived the commands that started them; Ray's own agents take a minute to notice that it was killed."""
    deadline = time.monotonic() + patience_s
    while left := [member for command in commands for member in command.family if is_alive(member)]:
        if time.monotonic() > deadline:
            return len(left)
        time.sleep(0.1)
    return 0
