"""Every value of every metric of many runs, read in bulk as MLflow's own pages do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from mlflow import MlflowClient
from mlflow.entities import Metric, Run
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.rest_utils import http_request

from rhm_sweeps.tracking.store import Store
from rhm_sweeps.tracking.trial_summary import is_summary

BULK_RUNS = 100
BULK_VALUES = 25_000
"""MLflow's server takes so many runs in one request, and cuts the answer at so many values."""
ENDPOINT = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"


def metric_histories(client: MlflowClient, store: Store, runs: Sequence[Run]) -> Iterator[tuple[str, Metric]]:
    """Yield (run id, metric) of all runs, but for their summaries.

    A metric of 100 runs is read at a time where the store offers that, else one by one.
    """
    rest = iter(runs)
    while portion := list(islice(rest, BULK_RUNS)):
        for name in sorted({name for run in portion for name in run.data.metrics if not is_summary(name)}):
            run_ids = [run.info.run_id for run in portion if name in run.data.metrics]
            values = _bulk_http(store.uri, run_ids, name) if store.is_server else _bulk_database(client, run_ids, name)
            yield from _one_by_one(client, run_ids, name) if values is None else values


def _bulk_http(uri: str, run_ids: list[str], name: str) -> list[tuple[str, Metric]] | None:
    """None where the server does not know this request, or would cut the answer."""
    if not uri.startswith("http"):
        return None
    params = {"run_id": run_ids, "metric_key": name}
    answer = http_request(get_default_host_creds(uri), ENDPOINT, "GET", params=params, raise_on_status=False)
    if answer.status_code != 200:
        return None
    rows = answer.json().get("metrics", [])
    if len(rows) >= BULK_VALUES:
        return None
    return [(row["run_id"], Metric(row["key"], row["value"], row["timestamp"], row["step"])) for row in rows]


def _bulk_database(client: MlflowClient, run_ids: list[str], name: str) -> list[tuple[str, Metric]] | None:
    """None where this version of MLflow has no such method; it is not part of the public client."""
    store = getattr(getattr(client, "_tracking_client", None), "store", None)
    read = getattr(store, "get_metric_history_bulk", None)
    return None if read is None else [(found.run_id, found) for found in read(run_ids, name, None)]


def _one_by_one(client: MlflowClient, run_ids: list[str], name: str) -> Iterator[tuple[str, Metric]]:
    for run_id in run_ids:
        for metric in client.get_metric_history(run_id, name):
            yield run_id, metric
