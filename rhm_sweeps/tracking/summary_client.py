"""Summaries of runs by MLflow's client: for servers, and for databases that are not written into."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

from mlflow.entities import Metric, RunTag

from rhm_sweeps.tracking.connection import Connection
from rhm_sweeps.tracking.runs import PARENT
from rhm_sweeps.tracking.search import find_runs
from rhm_sweeps.tracking.trial_summary import STEP, TrialSummary, is_summary


class SummaryClient:
    """The summaries of a sweep's runs, asked for and told call by call."""

    def __init__(self, connection: Connection, parent_run_id: str, threads: int = 1) -> None:
        self._connection = connection
        self._parent_run_id = parent_run_id
        self._threads = threads

    @cached_property
    def _found(self) -> dict[str, TrialSummary]:
        runs = find_runs(self._connection, {PARENT: self._parent_run_id})
        return {
            run.info.run_id: TrialSummary(
                {name: value for name, value in run.data.metrics.items() if is_summary(name)}, run.data.tags
            )
            for run in runs
        }

    def read(self, run_ids: Sequence[str]) -> dict[str, TrialSummary]:
        """What these runs have now, those that are deleted left out."""
        return {run_id: self._found[run_id] for run_id in run_ids if run_id in self._found}

    def write(self, changes: Mapping[str, TrialSummary], timestamp_ms: int) -> None:
        """Write all of it, by run id; some runs at a time."""

        def send(run_id: str, change: TrialSummary) -> None:
            values = [
                Metric(name, float(value) if math.isfinite(value) else math.nan, timestamp_ms, STEP)
                for name, value in change.metrics.items()
            ]
            self._connection.client.log_batch(run_id, values, (), [RunTag(*tag) for tag in change.tags.items()])

        with ThreadPoolExecutor(self._threads) as threads:
            list(threads.map(send, changes.keys(), changes.values()))
