"""Checkpoints that are whole or not there: written aside, synced, renamed; each carries its own digest; the previous one is kept."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import tempfile
from pathlib import Path
from typing import Any

import torch

from rhm_sweeps.errors import CheckpointError

_MAGIC = b"rhm-sweep checkpoint sha256:"
KEPT = 2


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that its final name never shows less than all of it, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write tensors and plain values with their digest in front."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    payload = buffer.getvalue()
    write_atomically(path, _MAGIC + hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint onto the CPU; nothing in it is executed.

    Raises:
        CheckpointError: if it is missing, torn or not a checkpoint.
    """
    try:
        header, _, payload = path.read_bytes().partition(b"\n")
    except OSError as error:
        raise CheckpointError(f"cannot read checkpoint {path}: {error.strerror}") from error
    if not header.startswith(_MAGIC):
        raise CheckpointError(f"{path} is not a checkpoint of rhm-sweep")
    if hashlib.sha256(payload).hexdigest().encode() != header.removeprefix(_MAGIC):
        raise CheckpointError(f"checkpoint {path} is damaged: its digest does not match")
    try:
        state: dict[str, Any] = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise CheckpointError(f"checkpoint {path} holds more than tensors and plain values") from error
    return state


def step_path(folder: Path, step: int) -> Path:
    """Name of the checkpoint at an optimizer step."""
    return folder / f"step-{step:010d}.ckpt"


def latest_checkpoint(folder: Path) -> tuple[dict[str, Any] | None, list[str]]:
    """The newest checkpoint of a folder that loads, and what was wrong with newer ones; None if there is none."""
    problems: list[str] = []
    for path in sorted(folder.glob("step-*.ckpt"), reverse=True):
        try:
            return load_checkpoint(path), problems
        except CheckpointError as error:
            problems.append(str(error))
    return None, problems


def prune_checkpoints(folder: Path, kept: int = KEPT) -> None:
    """Remove all but the newest checkpoints."""
    for path in sorted(folder.glob("step-*.ckpt"))[:-kept]:
        path.unlink(missing_ok=True)
