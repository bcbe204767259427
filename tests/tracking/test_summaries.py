"""Summaries of trials at their runs: both ways alike, written once, and out of the way of the trials' points."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mlflow import MlflowClient

from rhm_sweeps.errors import TrackingError
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.tracking import summaries
from rhm_sweeps.tracking.mlflow_results import results_from_mlflow
from rhm_sweeps.tracking.projection import project
from rhm_sweeps.tracking.run_tables import open_tables
from rhm_sweeps.tracking.store import Store
from rhm_sweeps.tracking.summaries import log_summaries
from rhm_sweeps.tracking.trial_summary import TrialSummary, is_summary

from .test_run_tables import tables_of

Train = Callable[..., list[str]]
NOW_MS = 1_800_000_000_000
slow = pytest.mark.slow


def summary(regime: str = "generalizing", **metrics: float) -> TrialSummary:
    return TrialSummary(metrics, {"rhm_sweep.regime": regime})


@pytest.fixture(params=["tables", "client"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to write a summary."""
    if request.param == "client":
        monkeypatch.setattr(summaries, "open_tables", lambda *_: None)
    return request.param


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets what the time is when a summary is written."""

    def set_to(now: int) -> None:
        monkeypatch.setattr(summaries, "now_ms", lambda: now)

    return set_to


def found(store: Store, name: str) -> dict[str, tuple[dict[str, float], dict[str, str]]]:
    """Summary metrics and tags of the runs, by signature, as MLflow's client reads them."""
    client = MlflowClient(store.uri)
    experiment = client.get_experiment_by_name(store.experiment).experiment_id
    runs = client.search_runs([experiment], "tags.`rhm_sweep.role` = 'trial'")
    return {
        run.data.tags["rhm_sweep.signature"]: (
            {key: value for key, value in run.data.metrics.items() if is_summary(key)},
            {key: value for key, value in run.data.tags.items() if key == name},
        )
        for run in runs
    }


def test_a_name_that_a_point_could_have_is_refused() -> None:
    with pytest.raises(ValueError, match="train_loss cannot be told from"):
        TrialSummary({"train_loss": 1.0})
    assert not is_summary("tau_rule_")
    assert not is_summary("tau_rule_1x")
    assert is_summary("tau_rule_12")


@pytest.mark.parametrize(
    ("known", "new", "written"),
    [
        ({}, 1.0, True),
        ({}, math.nan, False),
        ({}, math.inf, False),
        ({"best_step": 1.0}, 1.0, False),
        ({"best_step": 1.0}, 1.0 + 1e-15, False),
        ({"best_step": 1.0}, 1.0 + 1e-9, True),
        ({"best_step": 1.0}, math.nan, True),
        ({"best_step": 1.0}, math.inf, True),
        ({"best_step": math.nan}, math.inf, False),
        ({"best_step": math.nan}, 2.0, True),
        ({"best_step": 0.0}, 0.0, False),
        ({"best_step": -1e300}, 1e300, True),
    ],
)
def test_only_what_differs_is_missing(known: dict[str, float], new: float, written: bool) -> None:
    missing = TrialSummary({"best_step": new}).missing_from(TrialSummary(known))
    assert set(missing.metrics) == ({"best_step"} if written else set())
    assert bool(missing) == written


def test_a_tag_without_text_is_not_made_but_does_replace_one() -> None:
    empty = TrialSummary({}, {"a": ""})
    assert not empty.missing_from(TrialSummary())
    assert empty.missing_from(TrialSummary({}, {"a": "x"})).tags == {"a": ""}


@slow
def test_a_summary_is_written_once_replaced_and_taken_back(
    sweep: Ledger, train: Train, store: Store, way: str, clock: Callable[[int], None]
) -> None:
    one, other = train(0, 1)
    project(sweep, store)
    first = {one: summary(tau_rule_1=12.5, tau_mem_copies=math.nan), other: summary("untrained", best_step=math.inf)}
    clock(NOW_MS)
    assert log_summaries(sweep, store, first) == 2
    before = tables_of(store)
    clock(NOW_MS + 1)
    assert log_summaries(sweep, store, first) == 0
    assert tables_of(store) == before
    assert found(store, "rhm_sweep.regime") == {
        one: ({"tau_rule_1": 12.5}, {"rhm_sweep.regime": "generalizing"}),
        other: ({}, {"rhm_sweep.regime": "untrained"}),
    }
    assert log_summaries(sweep, store, {one: summary("memorizing", tau_rule_1=3.0, tau_mem_copies=9.0)}) == 1
    assert found(store, "rhm_sweep.regime")[one] == (
        {"tau_rule_1": 3.0, "tau_mem_copies": 9.0},
        {"rhm_sweep.regime": "memorizing"},
    )
    clock(NOW_MS + 2)
    assert log_summaries(sweep, store, {one: summary("memorizing", tau_rule_1=math.nan, tau_mem_copies=9.0)}) == 1
    assert math.isnan(found(store, "rhm_sweep.regime")[one][0]["tau_rule_1"])
    assert log_summaries(sweep, store, {one: summary("memorizing", tau_rule_1=math.inf)}) == 0


@slow
def test_every_table_is_as_the_client_would_have_left_it(
    sweep: Ledger, train: Train, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hostile values and texts; each written, changed, lost and found again."""
    for module in ("session", "run_rows", "run_tables"):
        monkeypatch.setattr(f"rhm_sweeps.tracking.{module}.now_ms", lambda: NOW_MS)
    signatures = train(0, 1, 2)
    values = (5e-324, -1.7e308, 2**60, 0.0, -0.0, math.nan, math.inf, -math.inf, 1 / 3)
    texts = ("", "NUL \0 " + "x" * 9000, "%'\"`\\ü漢", "plain")
    for target in ("tables", "client"):
        where = replace(store, experiment=target)
        project(sweep, where)
        monkeypatch.setattr(summaries, "open_tables", open_tables if target == "tables" else lambda *_: None)
        for number in range(len(values)):
            monkeypatch.setattr(summaries, "now_ms", lambda number=number: NOW_MS + number)
            told = {
                name: summary(texts[(number + place) % 4], best_step=values[(number + place) % len(values)])
                for place, name in enumerate(signatures)
            }
            log_summaries(sweep, where, told)
    ours, theirs = (tables_of(replace(store, experiment=target)) for target in ("tables", "client"))
    assert ours == theirs


@slow
def test_results_read_back_do_not_have_it(sweep: Ledger, train: Train, store: Store, way: str) -> None:
    names = train(0, 1)
    project(sweep, store)
    before = results_from_mlflow(store, "small")
    log_summaries(sweep, store, {name: summary(tau_rule_1=3.0, best_novel_valid=0.5) for name in names})
    after = results_from_mlflow(store, "small")
    pd.testing.assert_frame_equal(after.points, before.points)
    pd.testing.assert_frame_equal(after.trials, before.trials)


@slow
def test_it_is_found_by_filters_and_orders(sweep: Ledger, train: Train, store: Store, way: str) -> None:
    """Time scales that were not reached come last in both directions."""
    names = train(0, 1, 2)
    project(sweep, store)
    scales = {names[0]: 7.0, names[1]: 5.0, names[2]: 6.0}
    log_summaries(sweep, store, {name: summary(tau_mem_copies=scale) for name, scale in scales.items()})
    log_summaries(sweep, store, {names[2]: summary("memorizing", tau_mem_copies=math.nan)})
    client = MlflowClient(store.uri)
    experiment = [client.get_experiment_by_name(store.experiment).experiment_id]

    def search(condition: str, order: str) -> list[Any]:
        found = client.search_runs(experiment, f"tags.`rhm_sweep.role` = 'trial' {condition}", order_by=[order])
        return [run.data.tags["rhm_sweep.signature"] for run in found]

    assert search("", "metrics.tau_mem_copies ASC") == [names[1], names[0], names[2]]
    assert search("", "metrics.tau_mem_copies DESC") == [names[0], names[1], names[2]]
    assert search("AND tags.`rhm_sweep.regime` = 'memorizing'", "attributes.start_time") == [names[2]]
    assert search("AND metrics.tau_mem_copies > 0", "metrics.tau_mem_copies ASC") == [names[1], names[0]]


@slow
def test_trials_without_a_run_or_with_a_deleted_one_are_left_out(
    sweep: Ledger, train: Train, store: Store, way: str
) -> None:
    one, gone = train(0, 1)
    project(sweep, store)
    (later,) = train(2)
    MlflowClient(store.uri).delete_run(sweep.projections(store.target)[gone].run_id)
    told = {name: summary(best_step=4.0) for name in (one, gone, later, "unknown")}
    assert log_summaries(sweep, store, told) == 1
    project(sweep, store)
    assert log_summaries(sweep, store, told) == 1, "the one that has a run now"


@slow
def test_a_store_that_is_down_is_said_and_made_up_for_later(
    sweep: Ledger, train: Train, store: Store, tmp_path: Path
) -> None:
    (one,) = train(0)
    project(sweep, store)
    assert store.sqlite_path is not None
    away = store.sqlite_path.rename(tmp_path / "away.db")
    with pytest.raises(TrackingError, match="there is no tracking store"):
        log_summaries(sweep, store, {one: summary(best_step=4.0)})
    away.rename(store.sqlite_path)
    assert log_summaries(sweep, store, {one: summary(best_step=4.0)}) == 1


def test_before_anything_is_projected_there_is_nothing_to_do(sweep: Ledger, tmp_path: Path) -> None:
    nowhere = Store(f"sqlite:///{tmp_path}/none.db", "x")
    assert log_summaries(sweep, nowhere, {"abc": summary(best_step=1.0)}) == 0
