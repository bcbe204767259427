"""The trials of a suggestion, and what their points make of it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from rhm_sweeps.ledger import MetricPoint
from rhm_sweeps.search.suggested_trials import objective_values, trials_of
from rhm_sweeps.spaces.search_space import SearchSpace


def space_of(replicas: int = 1, **search: Any) -> SearchSpace:
    return SearchSpace.build(
        "x",
        space={"training.train_size": {"grid": [64, 128]}, "training.learning_rate": {"loguniform": [1e-4, 1e-1]}},
        search={"algorithm": "tpe", "num_samples": 4, **search},
        replicas=replicas,
    )


def points(signature: str, *values: float) -> list[MetricPoint]:
    return [MetricPoint(signature, 2**k, {"novel_valid": value, "test_loss": value}) for k, value in enumerate(values)]


def test_a_suggestion_is_tried_in_every_cell_and_replica() -> None:
    found = trials_of(space_of(replicas=3), {"training.learning_rate": 0.005})
    settings = [(t.training.train_size, t.training.seed, t.training.learning_rate) for t in found.trials]
    assert settings == [(size, seed, 0.005) for size in (64, 128) for seed in range(3)]
    assert found.reasons == ()


def test_cells_without_a_trial_are_left_out_with_the_reason() -> None:
    space = SearchSpace.build(
        "x",
        space={"training.train_size": {"grid": [64, 10**6]}, "training.learning_rate": {"uniform": [0.1, 1.0]}},
        search={"algorithm": "tpe", "num_samples": 4},
    )
    found = trials_of(space, {"training.learning_rate": 0.5})
    assert [trial.training.train_size for trial in found.trials] == [64]
    assert "must be <= P_max" in found.reasons[0]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ({}, 0.4),
        ({"value": "best"}, 0.6),
        ({"metric": "test_loss", "value": "best"}, 0.15),
        ({"objectives": [{"metric": "novel_valid"}, {"metric": "flops"}]}, (0.4, 200.0)),
        ({"objectives": [{"metric": "seconds"}, {"metric": "novel_valid"}], "value": "best"}, (3.0, 0.6)),
    ],
    ids=str,
)
def test_the_value_is_the_mean_over_the_trials(search: dict[str, Any], expected: float | tuple[float, ...]) -> None:
    space = space_of(**search)
    trials = trials_of(space, {"training.learning_rate": 0.005}).trials
    first, second = (trial.signature for trial in trials)
    shown = {first: points(first, 0.2, 0.7, 0.4)[::-1], second: points(second, 0.1, math.nan, 0.5, 0.4)}
    costs = {first: {"flops": 100.0, "seconds": 2.0}, second: {"flops": 300.0, "seconds": 4.0}}
    values = objective_values(space, trials, shown, costs)
    assert values == pytest.approx(expected if isinstance(expected, tuple) else (expected,))


def test_without_a_finite_value_of_every_trial_there_is_none() -> None:
    space = space_of()
    trials = trials_of(space, {"training.learning_rate": 0.005}).trials
    first, second = (trial.signature for trial in trials)
    assert objective_values(space, trials, {first: points(first, 0.2)}) is None
    assert objective_values(space, trials, {first: points(first, 0.2), second: points(second, 0.1, math.nan)}) is None
    assert objective_values(space, (), {}) is None
    by_cost = space_of(objectives=[{"metric": "novel_valid"}, {"metric": "flops"}])
    both = {first: points(first, 0.2), second: points(second, 0.1)}
    assert objective_values(by_cost, trials, both) is None
