"""Reading back from MLflow gives the tables of the folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rhm_sweeps.errors import TrackingError
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.tracking import metric_history
from rhm_sweeps.tracking.mlflow_results import results_from_mlflow
from rhm_sweeps.tracking.projection import project
from rhm_sweeps.tracking.results import results_from_ledger
from rhm_sweeps.tracking.store import Store

pytestmark = pytest.mark.slow

Train = Callable[..., list[str]]


def test_the_same_tables_from_the_store_as_from_the_folder(sweep: Ledger, train: Train, store: Store) -> None:
    train(3, 0)
    train(1, upto=2, state="failed", reason="loss is NaN at step 4")
    train(2, upto=1, state="running")
    project(sweep, store)
    ours, theirs = results_from_ledger(sweep.path.parent), results_from_mlflow(store, "small")
    pd.testing.assert_frame_equal(theirs.trials, ours.trials)
    # Infinities do not reach the store, nor does a metric that was never finite.
    finite = ours.points.replace([np.inf, -np.inf], np.nan).drop(columns=["test_loss"])
    pd.testing.assert_frame_equal(theirs.points, finite)
    assert theirs.varied == ours.varied
    assert theirs.name == ours.name
    assert {key: theirs.meta[key] for key in ("name", "created_ms", "version", "git_commit", "parent_run_id")} == {
        key: ours.meta[key] for key in ("name", "created_ms", "version", "git_commit", "parent_run_id")
    }


def test_an_extended_trial_is_left_out_of_both(sweep: Ledger, train: Train, store: Store) -> None:
    extended, kept = train(0, 1)
    project(sweep, store)
    sweep.set_state([extended], "extended", "goes on")
    project(sweep, store)
    ours, theirs = results_from_ledger(sweep.path.parent), results_from_mlflow(store, "small")
    assert list(theirs.trials.index) == [kept]
    assert set(theirs.points["signature"]) == set(ours.points["signature"]) == {kept}


def test_types_come_back_though_the_store_keeps_text(sweep: Ledger, train: Train, store: Store) -> None:
    train(0)
    project(sweep, store)
    row = results_from_mlflow(store, "small").trials.iloc[0]
    assert row["training.learning_rate"] == 0.01
    assert row["training.replacement"] is np.False_ or row["training.replacement"] is False
    assert row["evaluation.sampling_steps"] is None
    assert row["model.name"] == "bp_unet"


def test_a_sweep_that_is_not_there_is_said_with_those_that_are(sweep: Ledger, store: Store) -> None:
    project(sweep, store)
    with pytest.raises(
        TrackingError, match="there is no sweep 'other' in this experiment of the tracking store; it has small"
    ):
        results_from_mlflow(store, "other")
    with pytest.raises(TrackingError, match="there is no experiment 'empty'"):
        results_from_mlflow(replace(store, experiment="empty"), "small")


def test_a_store_without_bulk_requests_gives_the_same(
    sweep: Ledger, train: Train, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(0, 1)
    project(sweep, store)
    bulk = results_from_mlflow(store, "small")
    asked = []
    monkeypatch.setattr(metric_history, "_bulk_database", lambda *args: asked.append(args))
    monkeypatch.setattr(metric_history, "BULK_RUNS", 1)
    pd.testing.assert_frame_equal(results_from_mlflow(store, "small").points, bulk.points)
    assert len(asked) == 2 * 3
