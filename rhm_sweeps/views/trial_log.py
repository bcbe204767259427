"""What the log of a pack says that concerns one of its trials."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rhm_sweeps.ledger import Ledger, TrialRecord
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.lock import is_locked

LOG_NAME, ERROR_NAME = "pack.log", "error.log"
POLL_INTERVAL_S = 0.5
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S* ")


@dataclass
class LogLines:
    """Chooses the lines about a trial or its whole pack; a line without a time belongs to the one before."""

    signature: str
    others: frozenset[str]
    """Signatures of the other members of the pack."""
    _concerned: bool = True

    def of(self, lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            if _TIME.match(line):
                named = self.signature in line
                self._concerned = named or not any(other in line for other in self.others)
            if self._concerned:
                yield line


def log_paths(folder: SweepFolder, pack: str) -> tuple[Path, Path]:
    """The log of a pack, and the traceback of what ended its process, if one did; either may be missing."""
    return folder.packs / pack / LOG_NAME, folder.packs / pack / ERROR_NAME


def log_lines(folder: SweepFolder, ledger: Ledger, trial: TrialRecord) -> list[str]:
    """The lines about a trial or its whole pack so far, oldest first; none if there is no log."""
    text = _read(log_paths(folder, trial.pack)[0]).decode(errors="replace")
    return list(_chosen(ledger, trial).of(text.removesuffix("\n").split("\n") if text else []))


def error_text(folder: SweepFolder, trial: TrialRecord) -> str:
    """The traceback that the pack of a failed trial left, "" if there is none."""
    return _read(log_paths(folder, trial.pack)[1]).decode(errors="replace") if trial.state == "failed" else ""


def follow_log(
    folder: SweepFolder, ledger: Ledger, trial: TrialRecord, pause: Callable[[float], None] = time.sleep
) -> Iterator[str]:
    """Yield the lines as they are written, from the first on, until the trial has ended or no process drives the sweep."""
    chosen, place, rest = _chosen(ledger, trial), 0, b""
    path = log_paths(folder, trial.pack)[0]
    while True:
        over = ledger.states()[trial.signature] not in ("pending", "running") or not is_locked(folder.path)
        written = _read(path, place)
        place += len(written)
        *lines, rest = (rest + written).split(b"\n")
        yield from chosen.of(line.decode(errors="replace") for line in ([*lines, rest] if over and rest else lines))
        if over:
            return
        pause(POLL_INTERVAL_S)


def _chosen(ledger: Ledger, trial: TrialRecord) -> LogLines:
    members = {member.signature for member in ledger.trials_of(trial.pack)}
    return LogLines(trial.signature, frozenset(members - {trial.signature}))


def _read(path: Path, place: int = 0) -> bytes:
    """What a file has from a place on; nothing if it does not exist."""
    try:
        with path.open("rb") as file:
            file.seek(place)
            return file.read()
    except FileNotFoundError:
        return b""
