"""The results of a sweep's folder as tables."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from rhm_sweeps.config import FIELDS, TrialConfig, nest, parse_trial
from rhm_sweeps.errors import SweepError
from rhm_sweeps.ledger import Ledger, MetricPoint, TrialRecord
from rhm_sweeps.tracking.export import trial_table
from rhm_sweeps.tracking.results import results_from_ledger, tabulate

Train = Callable[..., list[str]]


def test_one_row_per_trial_in_the_order_of_the_plan(sweep: Ledger, train: Train) -> None:
    train(1, state="failed", reason="out of memory")
    train(2)
    results = results_from_ledger(sweep.path.parent)
    assert results.name == "small"
    assert list(results.trials.index) == [trial.signature for trial in sweep.trials()]
    assert results.trials.index.name == "signature"
    assert list(results.trials.columns) == ["state", "reason", "pack", *FIELDS]
    assert list(results.trials["state"]) == ["pending", "failed", "done", "pending"]
    assert list(results.trials["reason"]) == ["", "out of memory", "", ""]
    assert list(results.trials["training.train_size"]) == [64, 64, 128, 128]
    assert results.meta["git_commit"] == "0123abc"


def test_a_row_of_trials_is_its_configuration(sweep: Ledger) -> None:
    trials = results_from_ledger(sweep.path.parent).trials
    for signature, row in trials[list(FIELDS)].astype("object").iterrows():
        assert parse_trial(nest(row.to_dict())).signature == signature


def test_points_are_in_the_order_of_plan_and_step_whatever_the_order_of_recording(sweep: Ledger, train: Train) -> None:
    (last,) = train(3, upto=2, state="running")
    (first,) = train(0)
    sweep.add_points([MetricPoint(last, 4, {"train_loss": 0.5, "late": 7.0}, 99)])
    points = results_from_ledger(sweep.path.parent).points
    assert list(points.columns) == [
        "signature", "step", "timestamp_ms", "copies", "late", "test_loss", "train_loss", "validity_1"
    ]  # fmt: skip
    assert list(zip(points["signature"], points["step"], strict=True)) == [
        *((first, step) for step in (1, 2, 4, 8)),
        *((last, step) for step in (1, 2, 4)),
    ]
    assert points["late"].isna().tolist() == [True] * 6 + [False]
    assert points["timestamp_ms"].iloc[-1] == 99
    assert points.index.tolist() == list(range(7))


def test_values_survive_as_they_are(sweep: Ledger, train: Train) -> None:
    train(0)
    points = results_from_ledger(sweep.path.parent).points
    assert points["test_loss"].isna().all()
    assert points["copies"].tolist() == [math.inf, 0.1, 0.1, 0.1]
    assert {str(points[name].dtype) for name in points.columns[3:]} == {"float64"}
    assert {str(points[name].dtype) for name in ("step", "timestamp_ms")} == {"int64"}


def test_the_tables_are_those_of_the_records_one_by_one(
    sweep: Ledger, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Metrics that come and go, integers, NaN, infinities, the smallest and the largest numbers, points without any metric."""
    (first,) = train(0)
    (last,) = train(3, upto=2, state="running")
    odd = [
        {},
        {"count": 3, "copies": math.nan},
        {"new": -math.inf, "count": 2**60},
        {"new": 5e-324, 'é "q"': 1.7e308},
        {"new": 0.1 + 0.2},
    ]
    sweep.add_points(MetricPoint(last, 100 + index, metrics) for index, metrics in enumerate(odd))
    sweep.add_points([MetricPoint(first, 50, {})])
    expected = tabulate("small", sweep.trials(), sweep.points(), {})
    for portion in (1, 2, 1000):
        monkeypatch.setattr("rhm_sweeps.tracking.results.POINTS_AT_ONCE", portion)
        found = results_from_ledger(sweep.path.parent)
        pd.testing.assert_frame_equal(found.points, expected.points, check_exact=True)
        pd.testing.assert_frame_equal(found.trials, expected.trials)


def test_varied_fields_end_with_the_seeds(sweep: Ledger) -> None:
    assert results_from_ledger(sweep.path.parent).varied == ["training.train_size", "grammar.seed_rules"]


def test_a_value_that_is_sometimes_missing_varies(tmp_path: Path) -> None:
    trials = [TrialConfig(), parse_trial({"evaluation": {"sampling_steps": 20}})]
    with Ledger(tmp_path, create=True) as ledger:
        ledger.add_trials(TrialRecord(t.signature, i, "p", t.model_dump()) for i, t in enumerate(trials))
    assert results_from_ledger(tmp_path).varied == ["evaluation.sampling_steps"]


def test_the_long_table_joins_points_and_what_varies(sweep: Ledger, train: Train) -> None:
    train(0, state="failed", reason="x")
    train(3)
    results = results_from_ledger(sweep.path.parent)
    table = results.table()
    assert list(table.columns[:6]) == [
        "signature", "step", "timestamp_ms", "state", "training.train_size", "grammar.seed_rules"
    ]  # fmt: skip
    assert len(table) == len(results.points) == 8
    for _, row in table.iterrows():
        assert row["training.train_size"] == results.trials.loc[row["signature"], "training.train_size"]
        assert row["state"] == results.trials.loc[row["signature"], "state"]
    pd.testing.assert_frame_equal(table[results.points.columns], results.points)


def test_a_field_made_later_has_its_default_in_an_old_sweep(tmp_path: Path) -> None:
    config = TrialConfig().model_dump()
    del config["training"]["precision"]
    with Ledger(tmp_path, create=True) as ledger:
        ledger.add_trials([TrialRecord("a", 0, "p", config)])
    assert results_from_ledger(tmp_path).trials["training.precision"].tolist() == ["float32"]


def test_an_extended_trial_is_left_out_its_successor_has_all_points(sweep: Ledger, train: Train) -> None:
    extended, successor = *train(0), *train(3)
    before = results_from_ledger(sweep.path.parent)
    sweep.set_state([extended], "extended", "goes on")
    results = results_from_ledger(sweep.path.parent)
    pd.testing.assert_frame_equal(results.trials, before.trials.drop(index=extended))
    assert set(results.points["signature"]) == {successor}
    assert results.points["step"].tolist() == [1, 2, 4, 8]
    assert list(trial_table(results, sweep.states())["state"]) == ["pending", "pending", "done"]
    sweep.set_state([successor], "extended", "goes on")
    assert results_from_ledger(sweep.path.parent).points.empty


@pytest.mark.parametrize("planned", [0, 1])
def test_a_sweep_without_points_has_empty_tables(planned: int, tmp_path: Path) -> None:
    with Ledger(tmp_path / "new", create=True) as ledger:
        ledger.add_trials(TrialRecord("a", 0, "p", TrialConfig().model_dump()) for _ in range(planned))
    results = results_from_ledger(tmp_path / "new")
    assert (results.name, len(results.trials), len(results.points), results.varied) == ("new", planned, 0, [])
    assert list(results.points.columns) == ["signature", "step", "timestamp_ms"]
    assert results.table().empty


def test_where_there_is_no_sweep(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="there is no sweep in"):
        results_from_ledger(tmp_path)


@pytest.mark.slow
def test_ten_thousand_trials_are_read_in_seconds(tmp_path: Path) -> None:
    config = TrialConfig().model_dump()
    names = [f"metric_{index}" for index in range(12)]
    with Ledger(tmp_path, create=True) as ledger:
        ledger.add_trials(TrialRecord(f"{index:012x}", index, "p", config) for index in range(10_000))
        ledger.add_points(
            MetricPoint(f"{index:012x}", 2**step, dict.fromkeys(names, index / 7 + step), 5)
            for step in range(15)
            for index in range(10_000)
        )
    started = time.monotonic()
    results = results_from_ledger(tmp_path)
    assert time.monotonic() - started < 20
    assert len(results.trials) == 10_000
    assert len(results.points) == 150_000
    row = results.points.iloc[3 * 15 + 2]
    assert (row["signature"], row["step"], row["metric_11"]) == (f"{3:012x}", 4, 3 / 7 + 2)
