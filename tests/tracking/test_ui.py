"""The addresses of MLflow's pages, checked against the routes that its own page knows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import mlflow
import pytest
from mlflow import MlflowClient

from rhm_sweeps.errors import TrackingError
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.tracking import ui
from rhm_sweeps.tracking.projection import project
from rhm_sweeps.tracking.store import Store

pytestmark = pytest.mark.slow

BASE = "http://127.0.0.1:5000"
Train = Callable[..., list[str]]


def parts(url: str) -> tuple[str, dict[str, list[str]]]:
    """The route behind `#` and its query."""
    assert url.startswith(f"{BASE}/#/")
    fragment = urlsplit(urlsplit(url).fragment)
    return fragment.path, parse_qs(fragment.query)


def test_few_trials_are_compared_side_by_side(sweep: Ledger, train: Train, store: Store) -> None:
    train(0, 1, 2)
    project(sweep, store)
    path, query = parts(ui.compare_url(BASE, store, "small"))
    client = MlflowClient(store.uri)
    experiment = client.get_experiment_by_name(store.experiment).experiment_id
    trials = client.search_runs([experiment], "tags.`rhm_sweep.role` = 'trial'")
    assert path == "/compare-runs"
    assert json.loads(query["experiments"][0]) == [experiment]
    assert sorted(json.loads(query["runs"][0])) == sorted(run.info.run_id for run in trials)


def test_many_trials_are_charted_by_a_filter_that_finds_just_them(
    sweep: Ledger, train: Train, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(0, 1, 2)
    project(sweep, store)
    monkeypatch.setattr(ui, "COMPARABLE", 2)
    path, query = parts(ui.compare_url(BASE, store, "small"))
    client = MlflowClient(store.uri)
    experiment = client.get_experiment_by_name(store.experiment).experiment_id
    assert path == f"/experiments/{experiment}/runs"
    assert query["compareRunsMode"] == ["CHART"]
    assert len(client.search_runs([experiment], query["searchFilter"][0])) == 3


def test_an_address_has_nothing_that_a_terminal_would_break(sweep: Ledger, train: Train, store: Store) -> None:
    train(0, 1)
    project(sweep, store)
    url = ui.compare_url(BASE, store, "small")
    assert not set(url) & set("\"'`<> []{}|\\^")
    assert unquote(url) != url


def test_a_sweep_that_is_not_there(sweep: Ledger, store: Store) -> None:
    project(sweep, store)
    with pytest.raises(TrackingError, match="there is no sweep 'none'"):
        ui.compare_url(BASE, store, "none")


@pytest.mark.parametrize(
    "route", ['"/compare-runs"', "/experiments/:experimentId/:tabName", '"compareRunsMode"', "searchFilter"]
)
def test_the_page_of_the_installed_mlflow_has_the_route(route: str) -> None:
    scripts = Path(mlflow.__file__).parent / "server" / "js" / "build" / "static" / "js"
    assert any(route in script.read_text(errors="replace") for script in scripts.glob("*.js"))
