"""The addresses of MLflow's pages and the view that they show, checked against what its own page knows."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from rhm_sweeps.errors import TrackingError
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.tracking import ui
from rhm_sweeps.tracking.projection import project
from rhm_sweeps.tracking.saved_view import VIEW_TAG, SavedView
from rhm_sweeps.tracking.store import Store

pytestmark = pytest.mark.slow

BASE = "http://127.0.0.1:5000"
Train = Callable[..., list[str]]


def parts(url: str) -> tuple[str, dict[str, list[str]]]:
    """The route behind `#` and its query."""
    assert url.startswith(f"{BASE}/#/")
    fragment = urlsplit(urlsplit(url).fragment)
    return fragment.path, parse_qs(fragment.query)


def views(store: Store) -> dict[str, str]:
    """The views that are saved in the experiment, by key."""
    tags = MlflowClient(store.uri).get_experiment_by_name(store.experiment).tags
    return {key.removeprefix(VIEW_TAG): text for key, text in tags.items() if key.startswith(VIEW_TAG)}


def search(store: Store, condition: str) -> list[str]:
    """The names of the runs that a filter finds."""
    client = MlflowClient(store.uri)
    experiment = client.get_experiment_by_name(store.experiment).experiment_id
    return [run.info.run_name for run in client.search_runs([experiment], condition)]


@pytest.fixture
def pages(sweep: Ledger, train: Train, store: Store) -> ui.SweepPages:
    train(0, 1, 2)
    project(sweep, store)
    return ui.sweep_pages(BASE, store, "small", sweep)


def test_the_table_shows_a_saved_view_of_just_the_trials(pages: ui.SweepPages, store: Store) -> None:
    path, query = parts(pages.table)
    ((key, text),) = views(store).items()
    assert path.endswith("/runs")
    assert query == {"viewStateShareKey": [key]}, "with a filter of its own the page would not look for the view"
    assert parts(pages.charts) == (path, {**query, "compareRunsMode": ["CHART"]})
    saved = json.loads(text)
    assert saved["name"] == "small"
    state = json.loads(zlib.decompress(base64.b64decode(saved["state"].removeprefix("deflate;"))))
    assert {name: saved[name] for name in state if name in saved} | {
        name: state[name] for name in ("compareRunSections", "compareRunCharts", "isAccordionReordered")
    } == state
    assert len(search(store, state["searchFilter"])) == 3
    assert state["orderByKey"] == "metrics.`best_novel_valid`"
    assert state["selectedColumns"][:2] == ["params.`training.train_size`", "tags.`rhm_sweep.regime`"]


def test_the_view_is_saved_once_and_one_that_a_user_changed_stays(
    sweep: Ledger, pages: ui.SweepPages, store: Store
) -> None:
    ((key, text),) = views(store).items()
    client = MlflowClient(store.uri)
    experiment = client.get_experiment_by_name(store.experiment).experiment_id
    assert ui.sweep_pages(BASE, store, "small", sweep) == pages
    assert views(store) == {key: text}
    client.set_experiment_tag(experiment, f"{VIEW_TAG}{key}", json.dumps({**json.loads(text), "orderByAsc": True}))
    ui.sweep_pages(BASE, store, "small", sweep)
    assert views(store) == {key: text}, "an older version of ours is replaced"
    for other in (json.dumps({**json.loads(text), "updatedAt": 7}), "not JSON", "[]", '{"createdAt": 1}'):
        client.set_experiment_tag(experiment, f"{VIEW_TAG}{key}", other)
        assert ui.sweep_pages(BASE, store, "small", sweep) == pages
        assert views(store) == {key: other}


def test_a_store_that_takes_no_view_is_shown_by_a_filter(
    sweep: Ledger, pages: ui.SweepPages, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise MlflowException("read only")

    key = f"{VIEW_TAG}{next(iter(views(store)))}"
    client = MlflowClient(store.uri)
    client.delete_experiment_tag(client.get_experiment_by_name(store.experiment).experiment_id, key)
    monkeypatch.setattr("mlflow.MlflowClient.set_experiment_tag", refuse)
    _, query = parts(ui.sweep_pages(BASE, store, "small", sweep).table)
    assert query["orderByKey"] == ["metrics.`best_novel_valid`"]
    assert len(search(store, query["searchFilter"][0])) == 3


def test_the_runs_are_those_of_the_sweep_and_of_its_trials(pages: ui.SweepPages, store: Store) -> None:
    _, query = parts(pages.runs)
    found = search(store, query["searchFilter"][0])
    assert sorted(found) == ["P=128 seed_rules=0", "P=64 seed_rules=0", "P=64 seed_rules=1", "small"]
    assert query["orderByKey"] == ["attributes.start_time"], "MLflow nests runs only in this order"


def test_few_trials_are_compared_side_by_side(
    sweep: Ledger, pages: ui.SweepPages, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, query = parts(pages.compare)
    client = MlflowClient(store.uri)
    experiment = client.get_experiment_by_name(store.experiment).experiment_id
    trials = client.search_runs([experiment], "tags.`rhm_sweep.role` = 'trial'")
    assert path == "/compare-runs"
    assert json.loads(query["experiments"][0]) == [experiment]
    assert sorted(json.loads(query["runs"][0])) == sorted(run.info.run_id for run in trials)
    monkeypatch.setattr(ui, "COMPARABLE", 2)
    assert ui.sweep_pages(BASE, store, "small", sweep).compare is None


def test_an_address_has_nothing_that_a_terminal_would_break(pages: ui.SweepPages) -> None:
    for url in (pages.table, pages.charts, pages.runs, pages.compare):
        assert not set(url) & set("\"'`<> []{}|\\^")
    assert unquote(pages.runs) != pages.runs


def test_a_sweep_that_is_not_there(sweep: Ledger, store: Store) -> None:
    project(sweep, store)
    with pytest.raises(TrackingError, match="there is no sweep 'none'"):
        ui.sweep_pages(BASE, store, "none", sweep)


def test_a_view_of_many_parameters_fits_into_a_tag() -> None:
    names = [f"training.some_field_with_a_long_name_{number}" for number in range(200)]
    assert len(SavedView("x" * 250, "0" * 32, names, 8).tag(1)) <= 5000


def test_charts_are_of_settings_and_only_without_them_of_seeds() -> None:
    def swept(*varied: str) -> list[str]:
        return SavedView("x", "0" * 32, varied, 3).state["compareRunCharts"][0]["selectedParams"]

    assert swept("training.train_size", "training.seed") == ["training.train_size"]
    assert swept("training.seed") == ["training.seed"]
    assert swept() == []


@pytest.mark.parametrize(
    "text",
    [
        '"/compare-runs"', "/experiments/:experimentId/:tabName", '"compareRunsMode"', "searchFilter",
        '"viewStateShareKey"', f'"{VIEW_TAG}"', "selectedColumns", "compareRunCharts", "selectedMetrics", '"deflate;"',
    ],
)  # fmt: skip
def test_the_page_of_the_installed_mlflow_knows(text: str) -> None:
    scripts = Path(mlflow.__file__).parent / "server" / "js" / "build" / "static" / "js"
    assert any(text in script.read_text(errors="replace") for script in scripts.glob("*.js"))
