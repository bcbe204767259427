"""The pages of MLflow's UI that show a sweep."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote

from mlflow.entities import Run

from rhm_sweeps.config import seeds_last
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.tracking.connection import STORE_FAULTS, Connection, connect, store_error
from rhm_sweeps.tracking.runs import SWEEP, sweep_name
from rhm_sweeps.tracking.saved_view import VIEW_TAG, SavedView
from rhm_sweeps.tracking.search import find_sweep, find_trials
from rhm_sweeps.tracking.store import Store

COMPARABLE = 100
"""Above this the page that compares runs one by one is slow, and its address too long for some programs."""


@dataclass(frozen=True)
class SweepPages:
    """Addresses of the pages of one sweep.

    `table`: its trials with their swept parameters, regimes and time scales, the most novel first; `charts`: the same view, drawn;
    `runs`: its run with those of the trials under it; `compare`: the trials side by side, None for one or for more than 100.
    """

    table: str
    charts: str
    runs: str
    compare: str | None


def sweep_pages(base_url: str, store: Store, sweep: str, ledger: Ledger) -> SweepPages:
    """The pages of the newest sweep of this name; its view is saved to the experiment, if the store takes it.

    Raises:
        TrackingError: if the store cannot be reached or does not have the sweep.
    """
    try:
        connection = connect(store)
        parent = find_sweep(connection, sweep)
        view = sweep_view(ledger, sweep, parent.info.run_id)
        query = _saved(connection, view, parent) or _order(view.condition, view.state["orderByKey"])
        trials = [run.info.run_id for run in islice(find_trials(connection, parent, COMPARABLE + 1), COMPARABLE + 1)]
    except STORE_FAULTS as error:
        raise store_error(store, error) from None
    experiment = connection.experiment_id
    page = f"{base_url}/#/experiments/{experiment}/runs"
    all_runs = f"tags.`{SWEEP}` = '{sweep}'"
    side_by_side = f"{base_url}/#/compare-runs?runs={_json(trials)}&experiments={_json([experiment])}"
    return SweepPages(
        table=f"{page}?{query}",
        charts=f"{page}?{query}&compareRunsMode=CHART",
        runs=f"{page}?{_order(all_runs, 'attributes.start_time')}",
        compare=side_by_side if 1 < len(trials) <= COMPARABLE else None,
    )


def save_view(ledger: Ledger, store: Store) -> None:
    """Save the view of a sweep that has a run to the experiment, where MLflow lists it among its saved views.

    Raises:
        TrackingError: if the store cannot be reached.
    """
    sweep = sweep_name(ledger)
    try:
        connection = connect(store)
        parent = find_sweep(connection, sweep)
        _saved(connection, sweep_view(ledger, sweep, parent.info.run_id), parent)
    except STORE_FAULTS as error:
        raise store_error(store, error) from None


def sweep_view(ledger: Ledger, sweep: str, parent_run_id: str) -> SavedView:
    """The view of a sweep: by what varies among its trials and how deep their grammars are."""
    depth = int(ledger.largest("grammar.num_layers") or 0)
    return SavedView(sweep, parent_run_id, seeds_last(ledger.varied()), depth)


def _saved(connection: Connection, view: SavedView, parent: Run) -> str:
    """Save the view, unless a user has changed it since, and return the query that shows it; empty if the store refuses."""
    key, text = f"{VIEW_TAG}{view.key}", view.tag(parent.info.start_time)
    known = connection.client.get_experiment(connection.experiment_id).tags.get(key)
    try:
        if known is None or (known != text and _is_ours(known)):
            connection.client.set_experiment_tag(connection.experiment_id, key, text)
    except STORE_FAULTS:  # a server may let people read that may not write
        return ""
    return f"viewStateShareKey={view.key}"


def _is_ours(text: str) -> bool:
    """MLflow sets another time when a user overwrites a view."""
    try:
        named = json.loads(text)
        return bool(named["createdAt"] == named["updatedAt"])
    except (ValueError, KeyError, TypeError):
        return False


def _order(condition: str, key: str) -> str:
    return f"searchFilter={quote(condition, safe='')}&orderByKey={quote(key, safe='')}&orderByAsc=false&startTime=ALL"


def _json(values: Sequence[str]) -> str:
    return quote(json.dumps(values, separators=(",", ":")), safe="")
