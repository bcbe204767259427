"""Extending a space adds to it: everything that it had is still in it."""

from __future__ import annotations

import pytest

from rhm_sweeps.errors import ConfigError, UsageError
from rhm_sweeps.spaces.extension import extend_space
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.plan import make_plan

TINY = {"grammar": {"num_layers": 2}, "training": {"test_size": 4, "train_size": 8, "steps": 8}}


def space(**document: object) -> SearchSpace:
    return SearchSpace.build("tiny", **{"trial": TINY, **document})


def signatures(found: SearchSpace) -> set[str]:
    return {trial.signature for trial in make_plan(found).trials}


@pytest.mark.parametrize(
    ("axis", "change", "values"),
    [
        ({"grid": [4, 8]}, "batch_size=grid:16,8", [4, 8, 16]),
        ({"grid": [4, 8]}, "batch_size=16", [4, 8, 16]),
        ({"range": [4, 6]}, "training.batch_size=range:5,8", [4, 5, 6, 7]),
    ],
)
def test_values_are_added_to_an_axis(axis: dict[str, list[int]], change: str, values: list[int]) -> None:
    before = space(space={"training.batch_size": axis})
    after = extend_space(before, [change])
    assert after.listed_axes["training.batch_size"].values() == tuple(values)
    assert signatures(before) < signatures(after)


def test_a_fixed_field_becomes_an_axis_with_the_value_that_it_had() -> None:
    before = space()
    after = extend_space(before, ["train_size=grid:16", "learning_rate=0.5"])
    assert after.listed_axes["training.train_size"].values() == (8, 16)
    assert after.listed_axes["training.learning_rate"].values() == (0.01, 0.5)
    assert signatures(before) < signatures(after)


def test_draws_and_replicas_are_more_and_earlier_ones_stay() -> None:
    before = space(
        space={"training.learning_rate": {"loguniform": [0.001, 0.1]}}, search={"algorithm": "random", "num_samples": 3}
    )
    after = extend_space(before, ["search.num_samples=5", "replicas=2"])
    assert len(signatures(before)) == 3
    assert len(signatures(after)) == 10
    assert signatures(before) < signatures(after)


def test_steps_take_the_place_of_those_before() -> None:
    after = extend_space(space(), ["steps=16"])
    assert after.trial["training"]["steps"] == 16
    assert not after.axes


def test_options_of_a_choice_are_added() -> None:
    search = {"algorithm": "random", "num_samples": 3}
    before = space(space={"training.batch_size": {"choice": [4, 8]}}, search=search)
    after = extend_space(before, ["batch_size=choice:16"])
    assert after.random_axes["training.batch_size"].to_dict() == {"choice": [4, 8, 16]}


def test_an_axis_without_listed_values_is_extended_by_more_draws_only() -> None:
    search = {"algorithm": "random", "num_samples": 3}
    before = space(space={"training.learning_rate": {"loguniform": [0.001, 0.1]}}, search=search)
    with pytest.raises(UsageError, match=r"training\.learning_rate does not list its values.*search\.num_samples"):
        extend_space(before, ["learning_rate=loguniform:0.001,1"])


def test_a_wrong_change_is_named() -> None:
    with pytest.raises(ConfigError, match=r"-s trainsize=4.*did you mean"):
        extend_space(space(), ["trainsize=4"])
