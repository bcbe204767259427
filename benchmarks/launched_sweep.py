"""Sweeps as commands: of `rhm-sweep launch`, and of a script of plain Ray Tune that trains the same trials by the plain loop."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.packs.pack_log import FILE_NAME as PACK_LOG
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.folder import SweepFolder, sweep_folder
from rhm_sweeps.sweeps.plan import make_plan
from rhm_sweeps.tracking.results import Results, results_from_ledger

COMMAND = Path(sys.executable).with_name("rhm-sweep")
PLAIN_SCRIPT = Path(__file__).with_name("plain_sweep.py")


@dataclass(frozen=True)
class Command:
    """A command that has ended: when it began, in seconds since 1970, and how long it took."""

    begun: float
    seconds: float


@dataclass(frozen=True)
class Launched:
    """A sweep that `rhm-sweep launch` has trained."""

    command: Command
    folder: SweepFolder

    @property
    def results(self) -> Results:
        return results_from_ledger(self.folder.path)

    @property
    def planned_s(self) -> float:
        """Seconds until its plan was written."""
        return float(self.results.meta["created_ms"]) / 1e3 - self.command.begun

    @property
    def began_s(self) -> float:
        """Seconds until a process began to build the first pack."""
        logs = self.folder.packs.glob(f"*/{PACK_LOG}")
        first = min(log.read_text(encoding="utf-8").split(" ", 1)[0] for log in logs)
        return datetime.fromisoformat(first).timestamp() - self.command.begun

    @property
    def first_metric_s(self) -> float:
        """Seconds until the first metrics of a trial."""
        return float(self.results.points["timestamp_ms"].min()) / 1e3 - self.command.begun

    @property
    def last_metric_s(self) -> float:
        """Seconds until the last metrics of a trial."""
        return float(self.results.points["timestamp_ms"].max()) / 1e3 - self.command.begun


@dataclass(frozen=True)
class PlainReport:
    """What a plain trial said at one evaluation, and when."""

    trial: int
    step: int
    test_loss: float
    time: float


@dataclass(frozen=True)
class PlainSweep:
    """A sweep by plain Ray Tune."""

    command: Command
    reports: tuple[PlainReport, ...]

    @property
    def first_metric_s(self) -> float:
        return min(report.time for report in self.reports) - self.command.begun


def launch(space: SearchSpace, place: Path) -> Launched:
    """Run `rhm-sweep launch` on a space in a folder, to its report.

    Raises:
        RuntimeError: with what it said, if it fails.
    """
    place.mkdir(parents=True, exist_ok=True)
    file = place / f"{space.name}.yaml"
    file.write_text(json.dumps(space.to_dict()), encoding="utf-8")
    command = _run([str(COMMAND), "launch", str(file), "--yes"], place)
    return Launched(command, sweep_folder(place / "results", space.name))


def plain_sweep(trials: Sequence[TrialConfig], place: Path, cores: int) -> PlainSweep:
    """Train the same trials by plain Ray Tune, a process of the plain loop for each, as many at once as there are cores.

    Raises:
        RuntimeError: with what it said, if it fails.
    """
    place.mkdir(parents=True, exist_ok=True)
    asked, answer = place / "trials.json", place / "reports.json"
    asked.write_text(json.dumps([trial.model_dump() for trial in trials]), encoding="utf-8")
    command = _run([sys.executable, str(PLAIN_SCRIPT), str(asked), str(answer), str(cores)], place)
    return PlainSweep(command, tuple(PlainReport(**one) for one in json.loads(answer.read_text(encoding="utf-8"))))


def trials_of(space: SearchSpace) -> tuple[TrialConfig, ...]:
    """The trials that a launch of the space trains."""
    return tuple(make_plan(space).trials)


def _run(words: Sequence[str], place: Path) -> Command:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "RAY_", "TUNE_"))
    }
    environment["RAY_AUTH_TOKEN"] = secrets.token_hex(32)  # without one Ray writes one into the user's home
    begun, start = time.time(), time.perf_counter()
    ended = subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {ended.returncode}: {ended.stderr[-2000:]}")
    return Command(begun, time.perf_counter() - start)
