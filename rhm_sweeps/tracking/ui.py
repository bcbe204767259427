"""The pages of MLflow's UI that show a sweep."""

from __future__ import annotations

import json
from itertools import islice
from urllib.parse import quote

from rhm_sweeps.tracking import runs
from rhm_sweeps.tracking.connection import STORE_FAULTS, connect, store_error
from rhm_sweeps.tracking.search import find_sweep, find_trials
from rhm_sweeps.tracking.store import Store

COMPARABLE = 100
"""Above this the page that compares runs one by one is slow; the experiment's charts, filtered by sweep, are not."""


def compare_url(base_url: str, store: Store, sweep: str) -> str:
    """The address of the page that compares the trials of the newest sweep of this name.

    Raises:
        TrackingError: if the store cannot be reached or does not have the sweep.
    """
    try:
        connection = connect(store)
        parent = find_sweep(connection, sweep)
        trials = [run.info.run_id for run in islice(find_trials(connection, parent, COMPARABLE + 1), COMPARABLE + 1)]
    except STORE_FAULTS as error:
        raise store_error(store, error) from None
    experiment = connection.experiment_id
    if 1 < len(trials) <= COMPARABLE:
        return f"{base_url}/#/compare-runs?runs={_json(trials)}&experiments={_json([experiment])}"
    condition = f"tags.`{runs.PARENT}` = '{parent.info.run_id}'"
    return f"{base_url}/#/experiments/{experiment}/runs?searchFilter={quote(condition, safe='')}&compareRunsMode=CHART"


def _json(values: list[str]) -> str:
    return quote(json.dumps(values, separators=(",", ":")), safe="")
