"""Summaries of a sweep's trials, written to their runs; again, or after a crash, only what differs is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rhm_sweeps.ledger import Ledger, now_ms
from rhm_sweeps.tracking.connection import STORE_FAULTS, connect, store_error
from rhm_sweeps.tracking.run_tables import open_tables
from rhm_sweeps.tracking.store import Store
from rhm_sweeps.tracking.summary_client import SummaryClient
from rhm_sweeps.tracking.summary_tables import SummaryTables
from rhm_sweeps.tracking.trial_summary import TrialSummary
from rhm_sweeps.tracking.watermarks import SWEEP_ROW

RUNS_AT_ONCE = 500
THREADS = 8
"""Requests to a server at the same time."""


def log_summaries(ledger: Ledger, store: Store, summaries: Mapping[str, TrialSummary]) -> int:
    """Write summaries, by signature, to the runs of their trials; returns the number of runs that were written to.

    Trials that have no run yet, or whose run was deleted, are left out.

    Raises:
        TrackingError: if the store cannot be reached or refuses; call again later.
    """
    rows = ledger.projections(store.target)
    runs = {rows[name].run_id: summary for name, summary in summaries.items() if name in rows and rows[name].run_id}
    if not runs:
        return 0
    try:
        tags = sorted({key for summary in runs.values() for key in summary.tags})
        return _write_missing(_way(store, rows[SWEEP_ROW].run_id, tags), runs)
    except STORE_FAULTS as error:
        raise store_error(store, error) from None


def _way(store: Store, parent_run_id: str, tags: Sequence[str]) -> SummaryTables | SummaryClient:
    connection = connect(store)
    tables = open_tables(connection, parent_run_id)
    if tables is not None:
        return SummaryTables(tables, tags)
    return SummaryClient(connection, parent_run_id, THREADS if store.is_server else 1)


def _write_missing(way: SummaryTables | SummaryClient, runs: Mapping[str, TrialSummary]) -> int:
    written = 0
    for start in range(0, len(runs), RUNS_AT_ONCE):
        run_ids = list(runs)[start : start + RUNS_AT_ONCE]
        known = way.read(run_ids)
        found = {run_id: runs[run_id].missing_from(known[run_id]) for run_id in run_ids if run_id in known}
        changes = {run_id: change for run_id, change in found.items() if change}
        way.write(changes, now_ms())
        written += len(changes)
    return written
