"""How trials look as MLflow runs."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.entities import Metric, Param, RunTag
from mlflow.utils.validation import MAX_ENTITIES_PER_BATCH, MAX_METRICS_PER_BATCH, MAX_PARAMS_TAGS_PER_BATCH

from rhm_sweeps.config import TrialConfig, seeds_last
from rhm_sweeps.ledger import STATES, Ledger, MetricPoint, TrialRecord
from rhm_sweeps.tracking import runs

TRIAL = TrialRecord("abc", 7, "pack-1", TrialConfig().model_dump())


def test_a_run_is_named_by_what_varies_seeds_last() -> None:
    names = seeds_last(["grammar.seed_rules", "training.learning_rate", "training.seed", "training.train_size"])
    assert runs.run_name(TRIAL, names) == "lr=0.01 P=1024 seed_rules=0 seed=0"
    assert runs.run_name(TRIAL, ["model.name", "evaluation.sampling_steps"]) == "name=bp_unet sampling_steps=null"
    assert runs.run_name(TRIAL, []) == "abc"


def test_parameters_are_all_fields_as_in_yaml() -> None:
    found = runs.Parameters().of(TRIAL.config)
    assert found.keys() == TrialConfig().flat().keys()
    assert found["training.learning_rate"] == "0.01"
    assert found["training.replacement"] == "false"
    assert found["evaluation.sampling_steps"] == "null"
    assert found["model.name"] == "bp_unet"


def test_metrics_are_the_finite_values() -> None:
    point = MetricPoint(
        "abc", 64, {"copies": 0.5, "a": math.nan, "b": math.inf, "c": -math.inf, "novel_valid": 0}, 1234
    )
    found = [(metric.key, metric.value, metric.timestamp, metric.step) for metric in runs.metrics([point])]
    assert found == [("copies", 0.5, 1234, 64), ("novel_valid", 0.0, 1234, 64)]


@given(st.integers(0, 3000), st.integers(0, 250), st.integers(0, 3))
def test_batches_keep_within_mlflows_limits_and_lose_nothing(metrics: int, params: int, tags: int) -> None:
    all_metrics = [Metric("m", 1.0, 0, step) for step in range(metrics)]
    all_params = [Param(str(index), "") for index in range(params)]
    all_tags = [RunTag(str(index), "") for index in range(tags)]
    batches = list(runs.batches(all_metrics, all_params, all_tags))
    assert [metric.step for batch in batches for metric in batch[0]] == list(range(metrics))
    assert [param.key for batch in batches for param in batch[1]] == [str(index) for index in range(params)]
    assert [tag.key for batch in batches for tag in batch[2]] == [str(index) for index in range(tags)]
    for batch in batches:
        assert 0 < sum(map(len, batch)) <= MAX_ENTITIES_PER_BATCH
        assert len(batch[0]) <= MAX_METRICS_PER_BATCH
        assert len(batch[1]) <= MAX_PARAMS_TAGS_PER_BATCH


def test_a_sweep_is_named_as_its_ledger_says_if_that_is_a_name(tmp_path: Path) -> None:
    with Ledger(tmp_path / "folder", create=True) as ledger:
        assert runs.sweep_name(ledger) == "folder"
        for name, told in (("mine", "mine"), ("a' or b", "folder"), ("\x1b[2J", "folder")):
            ledger.set_meta(name=name)
            assert runs.sweep_name(ledger) == told


def test_a_text_is_cut_to_what_every_database_takes() -> None:
    trial = TrialRecord("abc", 0, "p", {}, "failed", "NUL \0 and long " + "x" * 9000)
    reason = runs.state_tags(trial)[runs.REASON]
    assert "\0" not in reason
    assert len(reason) == runs.MAX_TAG


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_a_status_of_mlflow(state: str) -> None:
    assert runs.STATUS[state] in {"RUNNING", "FINISHED", "FAILED", "KILLED"}
