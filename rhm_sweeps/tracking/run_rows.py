"""What MLflow's database holds of a run, as the client of MLflow would have written it: rows of its tables."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from mlflow.utils.uri import append_to_uri_path

from rhm_sweeps.ledger import MetricPoint, now_ms
from rhm_sweeps.tracking.run_change import RunChange
from rhm_sweeps.tracking.runs import MAX_NAME, MAX_TAG

TextRow = tuple[str, str, str]
MetricRow = tuple[str, float, int, int, bool, str]
TEXT_COLUMNS = ("key", "value", "run_uuid")
METRIC_COLUMNS = ("key", "value", "timestamp", "step", "is_nan", "run_uuid")
FIXED: dict[str, Any] = {
    "source_type": "UNKNOWN",
    "source_name": "",
    "entry_point_name": "",
    "source_version": "",
    "deleted_time": None,
    "lifecycle_stage": "active",
}
"""Columns of a run that are the same for each that the client makes."""
RUN_NAME, USER = "mlflow.runName", "mlflow.user"
MAX_PARAM = 500
"""Below what any version of MLflow takes; longer values are cut or refused, which is the client's business."""


def is_plain(change: RunChange) -> bool:
    """Whether MLflow takes all of it as it is: no name or text that the client would refuse or cut."""
    names = {name for point in change.points for name in point.metrics}
    names.update(change.params)
    return (
        all(map(_is_plain_name, names.union(change.tags)))
        and all(len(value) <= MAX_PARAM and "\0" not in value for value in change.params.values())
        and all(len(value) <= MAX_TAG and "\0" not in value for value in change.tags.values())
    )


@cache
def _is_plain_name(name: str) -> bool:
    return len(name) <= MAX_NAME and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*([.-][A-Za-z0-9_]+)*", name) is not None


def run_row(change: RunChange, run_id: str, experiment_id: int, artifact_location: str) -> dict[str, Any]:
    """The run of a trial that has none yet."""
    over = change.status != "RUNNING"
    return {
        **FIXED,
        "run_uuid": run_id,
        "name": change.name,
        "experiment_id": experiment_id,
        "user_id": change.tags.get(USER, "unknown"),
        "status": change.status,
        "start_time": change.start_ms or now_ms(),
        "end_time": (change.end_ms or now_ms()) if over else None,
        "artifact_uri": artifact_uri(artifact_location, run_id),
    }


def artifact_uri(artifact_location: str, run_id: str) -> str:
    """Where the files of a run are, by the location of its experiment."""
    return str(append_to_uri_path(artifact_location, run_id, "artifacts"))


def tag_rows(change: RunChange, run_id: str) -> list[TextRow]:
    """The tags; a new run has its name among them."""
    tags = {**change.tags, RUN_NAME: change.name} if change.is_new else change.tags
    return [(key, value, run_id) for key, value in tags.items()]


def param_rows(change: RunChange, run_id: str) -> list[TextRow]:
    return [(key, value, run_id) for key, value in change.params.items()]


def metric_rows(points: Iterable[MetricPoint], run_id: str) -> Iterator[MetricRow]:
    """One row per finite value."""
    for point in points:
        for name, value in point.metrics.items():
            if math.isfinite(value):
                yield name, float(value), point.timestamp_ms, point.step, False, run_id


def latest_rows(rows: Iterable[MetricRow]) -> list[MetricRow]:
    """Of each run's metric the row at the highest step; of several there the latest, then the largest."""
    latest: dict[tuple[str, str], MetricRow] = {}
    for row in rows:
        key, value, timestamp, step, _, run_id = row
        known = latest.get((key, run_id))
        if known is None or (step, timestamp, value) > (known[3], known[2], known[1]):
            latest[key, run_id] = row
    return list(latest.values())
