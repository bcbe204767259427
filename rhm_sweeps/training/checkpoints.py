"""Checkpoints: whole files, each with its own digest; the previous one is kept."""

from __future__ import annotations

import hashlib
import io
import pickle
from pathlib import Path
from typing import IO, Any, cast

import torch

from rhm_sweeps.errors import CheckpointError
from rhm_sweeps.whole_file import written_aside

_MAGIC = b"rhm-sweep checkpoint sha256:"
KEPT = 2


class _Digested:
    """A file that hashes what is written to it: the state of a large pack is never in memory a second time."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.sha256 = file, hashlib.sha256()

    def write(self, content: bytes) -> int:
        self.sha256.update(content)
        return self._file.write(content)

    def flush(self) -> None:
        self._file.flush()


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write tensors and plain values with their digest in front."""
    with written_aside(path) as file:
        file.write(_header(hashlib.sha256()))
        digested = _Digested(file)
        torch.save(state, cast(IO[bytes], digested))
        file.seek(0)
        file.write(_header(digested.sha256))


def _header(sha256: hashlib._Hash) -> bytes:
    return _MAGIC + sha256.hexdigest().encode() + b"\n"


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint onto the CPU; nothing in it is executed.

    Raises:
        CheckpointError: if it is missing, torn or not a checkpoint.
    """
    try:
        with path.open("rb") as file:
            header, payload = file.read(len(_header(hashlib.sha256()))), file.read()
    except OSError as error:
        raise CheckpointError(f"cannot read checkpoint {path}: {error.strerror}") from error
    if not header.startswith(_MAGIC):
        raise CheckpointError(f"{path} is not a checkpoint of rhm-sweep")
    if _header(hashlib.sha256(payload)) != header:
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
    """Remove all but the newest checkpoints, and what killed processes have left unfinished."""
    for path in (*sorted(folder.glob("step-*.ckpt"))[:-kept], *folder.glob(".step-*.ckpt.*")):
        path.unlink(missing_ok=True)


def drop_checkpoints_after(folder: Path, step: int) -> None:
    """Remove those of later optimizer steps: of a pack that begins before them, they would hide its own."""
    for path in folder.glob("step-*.ckpt"):
        if path.name > step_path(folder, step).name:
            path.unlink(missing_ok=True)
