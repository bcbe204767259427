"""What MLflow has of a sweep, read from the tables of its store."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from rhm_sweeps.tracking.runs import SIGNATURE

Key = tuple[str, int]
"""A trial's signature and an optimizer step."""
ACTIVE_RUNS = "runs r JOIN experiments e ON e.experiment_id = r.experiment_id AND r.lifecycle_stage = 'active' AND e.name = :experiment"
METRIC = "train_loss"
"""Finite at each point of a trial that is done."""


def tracked_runs(store: Path | str, experiment: str) -> list[tuple[str, str]]:
    """Signature, empty for a sweep's own run, and status of every run that is not deleted."""
    return ask(
        store,
        f"SELECT coalesce(t.value, ''), r.status FROM {ACTIVE_RUNS} LEFT JOIN tags t ON t.run_uuid = r.run_uuid AND t.key = :tag",
        experiment=experiment,
        tag=SIGNATURE,
    )


def tracked_points(store: Path | str, experiment: str) -> Counter[Key]:
    """How often MLflow has each trial's metric at each step."""
    rows = ask(
        store,
        f"SELECT t.value, m.step FROM {ACTIVE_RUNS} JOIN tags t ON t.run_uuid = r.run_uuid AND t.key = :tag "
        "JOIN metrics m ON m.run_uuid = r.run_uuid AND m.key = :metric",
        experiment=experiment,
        tag=SIGNATURE,
        metric=METRIC,
    )
    return Counter(rows)


def ask(store: Path | str, query: str, **values: str) -> list[tuple[Any, ...]]:
    """The rows of a query to an SQLite file, or to a database by its address."""
    engine = create_engine(f"sqlite:///{store}" if isinstance(store, Path) else store)
    try:
        with engine.connect() as database:
            return [tuple(row) for row in database.execute(text(query), values)]
    finally:
        engine.dispose()
