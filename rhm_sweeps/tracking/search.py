"""Finding the runs of a sweep in a tracking store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from mlflow.entities import Run

from rhm_sweeps.errors import TrackingError
from rhm_sweeps.tracking.connection import Connection
from rhm_sweeps.tracking.runs import PARENT, ROLE, SWEEP

PAGE = 500


def find_runs(connection: Connection, tags: Mapping[str, str], page: int = PAGE) -> Iterator[Run]:
    """Yield the active runs of the experiment that have these tags, newest first, asking for a page at a time."""
    condition = " AND ".join(f"tags.`{key}` = '{value}'" for key, value in tags.items())
    token = None
    while True:
        found = connection.client.search_runs([connection.experiment_id], condition, max_results=page, page_token=token)
        yield from found
        token = found.token
        if not token:
            return


def find_sweep(connection: Connection, sweep: str) -> Run:
    """The newest run that stands for the sweep of this name.

    Raises:
        TrackingError: if there is none.
    """
    for run in find_runs(connection, {SWEEP: sweep, ROLE: "sweep"}, page=1):
        return run
    names = sorted({run.data.tags.get(SWEEP, "") for run in islice(find_runs(connection, {ROLE: "sweep"}), PAGE)})
    known = f"it has {', '.join(names)}" if names else "it has none"
    raise TrackingError(f"there is no sweep {sweep!r} in this experiment of the tracking store; {known}")


def find_trials(connection: Connection, parent: Run, page: int = PAGE) -> Iterator[Run]:
    """Yield the runs of a sweep's trials."""
    return find_runs(connection, {PARENT: parent.info.run_id}, page)
