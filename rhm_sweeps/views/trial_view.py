"""Everything about one trial: what it was asked, what became of it, what was measured, and where its files are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rhm_sweeps.config import TrialConfig, flatten
from rhm_sweeps.errors import UsageError
from rhm_sweeps.ledger import Ledger, MetricPoint
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.trial_filter import find_trial
from rhm_sweeps.sweeps.trial_values import TrialValues
from rhm_sweeps.tracking.store import sweep_store
from rhm_sweeps.views.trial_log import log_paths

_DEFAULTS = TrialConfig().flat()


@dataclass(frozen=True)
class TrialView:
    """A trial with all its points, by step; `files` are those that exist, by what they are; `source` is the trial that it
    goes on from, `successors` those that go on from it."""

    trial: TrialValues
    points: tuple[MetricPoint, ...]
    files: Mapping[str, Path]
    run_id: str | None = None
    source: str | None = None
    successors: tuple[str, ...] = ()

    @property
    def changed(self) -> dict[str, Any]:
        """The dotted fields that differ from their defaults."""
        fields = self.trial.fields | dict(flatten(self.trial.record.config))
        return {name: value for name, value in fields.items() if value != _DEFAULTS.get(name)}

    def document(self) -> dict[str, Any]:
        """All of it, as JSON values."""
        record = self.trial.record
        return {
            "signature": record.signature,
            "state": record.state,
            "reason": record.reason,
            "started": utc(record.started_ms),
            "ended": utc(record.ended_ms),
            "seconds": seconds(record.started_ms, record.ended_ms),
            "pack": record.pack,
            "pool": self.trial.pool,
            "source": self.source,
            "successors": list(self.successors),
            "run_id": self.run_id,
            "files": {kind: str(path) for kind, path in self.files.items()},
            "fields": self.trial.fields,
            "points": [{"step": p.step, "time": utc(p.timestamp_ms), "metrics": dict(p.metrics)} for p in self.points],
        }


def view_trial(folder: SweepFolder, ledger: Ledger, start: str) -> TrialView:
    """Look at the trial whose signature starts so.

    Raises:
        UsageError: if there is none, or more than one.
    """
    record = find_trial(ledger, start)
    signature = record.signature
    points = sorted(ledger.points(signature), key=lambda point: point.step)
    sources, packs = ledger.sources(), ledger.packs()
    pool = packs[record.pack].pool if record.pack in packs else ""
    source = sources.get(signature)
    return TrialView(
        trial=TrialValues(record, points[-1] if points else None, pool),
        points=tuple(points),
        files=_files(folder, signature, record.pack),
        run_id=_run_id(ledger, folder, signature),
        source=source if source != signature else None,
        successors=tuple(new for new, old in sources.items() if old == signature != new),
    )


def utc(milliseconds: int | None) -> str | None:
    """Unix milliseconds as `2026-11-22T03:30:00+00:00`."""
    return (
        None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
    )


def seconds(started_ms: int | None, ended_ms: int | None) -> float | None:
    """From the start to the end, if both are known."""
    return None if started_ms is None or ended_ms is None else (ended_ms - started_ms) / 1000


def _files(folder: SweepFolder, signature: str, pack: str) -> dict[str, Path]:
    log, error = log_paths(folder, pack)
    files = {
        "model": folder.models / f"{signature}.safetensors",
        "training state": folder.training_state(signature),
        "checkpoint": max((folder.packs / pack).glob("step-*.ckpt"), default=folder.packs / pack / "step-none"),
        "log": log,
        "error": error,
    }
    return {kind: path for kind, path in files.items() if path.is_file()}


def _run_id(ledger: Ledger, folder: SweepFolder, signature: str) -> str | None:
    """The run in the sweep's own store; a store that needs credentials has none that could be looked up."""
    try:
        target = sweep_store(ledger, None, folder.path.parent.parent).target
    except UsageError:
        return None
    found = ledger.projections(target).get(signature)
    return found.run_id or None if found else None
