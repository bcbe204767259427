"""What MLflow has of a sweep, read from the tables of its SQLite store."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from rhm_sweeps.tracking.runs import SIGNATURE

Key = tuple[str, int]
"""A trial's signature and an optimizer step."""
ACTIVE_RUNS = (
    "runs r JOIN experiments e ON e.experiment_id = r.experiment_id AND r.lifecycle_stage = 'active' AND e.name = ?"
)
METRIC = "train_loss"
"""Finite at each point of a trial that is done."""


def tracked_runs(store: Path, experiment: str) -> list[tuple[str, str]]:
    """Signature, empty for a sweep's own run, and status of every run that is not deleted."""
    return ask(
        store,
        f"SELECT coalesce(t.value, ''), r.status FROM {ACTIVE_RUNS} LEFT JOIN tags t ON t.run_uuid = r.run_uuid AND t.key = ?",
        experiment,
        SIGNATURE,
    )


def tracked_points(store: Path, experiment: str) -> Counter[Key]:
    """How often MLflow has each trial's metric at each step."""
    rows = ask(
        store,
        f"SELECT t.value, m.step FROM {ACTIVE_RUNS} JOIN tags t ON t.run_uuid = r.run_uuid AND t.key = ? "
        "JOIN metrics m ON m.run_uuid = r.run_uuid AND m.key = ?",
        experiment,
        SIGNATURE,
        METRIC,
    )
    return Counter(rows)


def ask(store: Path, query: str, *values: str) -> list[Any]:
    """The rows of a query to an SQLite file."""
    with closing(sqlite3.connect(store)) as database:
        return database.execute(query, values).fetchall()
