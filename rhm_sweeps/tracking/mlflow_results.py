"""The results of a sweep as two tables, read back from a tracking store."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, cast

from mlflow.entities import Metric, Run

from rhm_sweeps.config import nest, parse_trial
from rhm_sweeps.credentials import redact
from rhm_sweeps.errors import ConfigError
from rhm_sweeps.ledger import MetricPoint, TrialRecord, TrialState
from rhm_sweeps.tracking import runs
from rhm_sweeps.tracking.connection import STORE_FAULTS, connect, store_error
from rhm_sweeps.tracking.metric_history import metric_histories
from rhm_sweeps.tracking.results import Results, tabulate
from rhm_sweeps.tracking.search import find_sweep, find_trials
from rhm_sweeps.tracking.store import Store


def results_from_mlflow(store: Store, sweep: str) -> Results:
    """Read the newest sweep of this name; trials never started and metrics never finite are not in the store.

    Raises:
        TrackingError: if the store cannot be reached or does not have the sweep.
    """
    try:
        connection = connect(store)
        parent = find_sweep(connection, sweep)
        found = [run for run in find_trials(connection, parent) if run.data.tags[runs.STATE] != "extended"]
        points = _points(found, metric_histories(connection.client, store, found))
    except STORE_FAULTS as error:
        raise store_error(store, error) from None
    trials = sorted((_trial(run) for run in found), key=lambda trial: trial.position)
    return tabulate(sweep, trials, points, _meta(store, parent))


def _trial(run: Run) -> TrialRecord:
    tags = run.data.tags
    return TrialRecord(
        signature=tags[runs.SIGNATURE],
        position=int(tags[runs.POSITION]),
        pack=tags[runs.PACK],
        config=_config(run.data.params),
        state=cast(TrialState, tags[runs.STATE]),
        reason=tags.get(runs.REASON, ""),
        started_ms=run.info.start_time,
        ended_ms=run.info.end_time,
    )


def _config(params: dict[str, str]) -> dict[str, Any]:
    """Parameters come back as text: numbers, truth values and null are JSON, and the fields of a trial say the rest."""
    tree = nest({name: _value(text) for name, text in params.items()})
    try:
        return parse_trial(tree).model_dump()
    except ConfigError:  # written by another version, which had other fields or bounds
        return tree


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _points(found: Iterable[Run], histories: Iterable[tuple[str, Metric]]) -> list[MetricPoint]:
    signatures = {run.info.run_id: run.data.tags[runs.SIGNATURE] for run in found}
    values: dict[tuple[str, int, int], dict[str, float]] = defaultdict(dict)
    for run_id, metric in histories:
        values[run_id, metric.step, metric.timestamp][metric.key] = metric.value
    return [MetricPoint(signatures[run_id], step, named, ms) for (run_id, step, ms), named in values.items()]


def _meta(store: Store, parent: Run) -> dict[str, Any]:
    meta = {
        "name": parent.data.tags[runs.SWEEP],
        "created_ms": parent.info.start_time,
        "version": parent.data.tags.get(runs.VERSION),
        "git_commit": parent.data.tags.get(runs.GIT_COMMIT),
        "tracking_uri": redact(store.uri),
        "experiment": store.experiment,
        "parent_run_id": parent.info.run_id,
        "artifact_location": parent.info.artifact_uri,
    }
    return {key: value for key, value in meta.items() if value is not None}
