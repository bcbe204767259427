"""What is known of each trial of a sweep, by name: its state, its fields and its latest metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rhm_sweeps.config import FIELDS, seeds_last
from rhm_sweeps.ledger import Ledger, MetricPoint, TrialRecord
from rhm_sweeps.spaces.field_values import field_values
from rhm_sweeps.sweeps.lock import is_locked

COLUMNS = ("signature", "state", "reason", "pack", "pool", "step")
"""What a trial has besides its fields and metrics; `step` is that of its last metric point."""


@dataclass(frozen=True)
class TrialValues:
    """A trial and its last metric point, if it has one; `pool` is "" before its pack ran."""

    record: TrialRecord
    point: MetricPoint | None = None
    pool: str = ""

    @property
    def metrics(self) -> Mapping[str, float]:
        return self.point.metrics if self.point else {}

    @property
    def fields(self) -> dict[str, Any]:
        """All dotted fields."""
        return dict(zip(FIELDS, field_values(self.record.config), strict=True))

    def by_name(self) -> dict[str, Any]:
        """All values by name: columns, dotted fields, metrics; what the trial does not have is not there."""
        trial = self.record
        values = {**self.fields, **self.metrics, "signature": trial.signature, "state": trial.state}
        values |= {"reason": trial.reason, "pack": trial.pack, "pool": self.pool}
        return values | ({"step": self.point.step} if self.point else {})


def trial_values(ledger: Ledger) -> list[TrialValues]:
    """All trials in the order of the plan; `running` are only those that a process drives now."""
    points, packs = ledger.last_points(), ledger.packs()
    return [
        TrialValues(trial, points.get(trial.signature), packs[trial.pack].pool if trial.pack in packs else "")
        for trial in current_trials(ledger)
    ]


def current_trials(ledger: Ledger) -> list[TrialRecord]:
    """All trials in the order of the plan; those left running by a process that died are pending."""
    trials = ledger.trials()
    if is_locked(ledger.path.parent):
        return trials
    return [replace(trial, state="pending") if trial.state == "running" else trial for trial in trials]


def metric_names(trials: Iterable[TrialValues]) -> tuple[str, ...]:
    """Every metric that a trial has, in the order in which they are first met."""
    return tuple(dict.fromkeys(name for trial in trials for name in trial.metrics))


def varied_fields(trials: Sequence[TrialValues]) -> list[str]:
    """Dotted fields that take more than one value, seeds last."""
    rows = [list(map(repr, trial.fields.values())) for trial in trials]
    varied = [name for name, values in zip(FIELDS, zip(*rows, strict=True), strict=bool(rows)) if len(set(values)) > 1]
    return seeds_last(varied)
