"""Single trials of a search space."""

from __future__ import annotations

from typing import Any

import pytest

from rhm_sweeps.errors import ConfigError
from rhm_sweeps.spaces.document import check_document
from rhm_sweeps.spaces.expansion import expand
from rhm_sweeps.spaces.overrides import apply_overrides
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.yaml_loader import LocatedTree, load_yaml

TRIALS = [{"training.steps": 10}, {"training": {"steps": 20, "seed": 5}, "model.width": 8}, {}]


def steps_and_widths(space: SearchSpace) -> list[tuple[Any, Any]]:
    return [(settings.get("training.steps"), settings.get("model.width")) for settings in expand(space)]


def test_trials_are_the_whole_space_if_there_are_no_axes() -> None:
    space = SearchSpace.build("x", trial={"training": {"steps": 7}}, trials=TRIALS)
    assert steps_and_widths(space) == [(10, None), (20, 8), (7, None)]
    assert space.size == 3
    assert SearchSpace.build(**space.to_dict()) == space


def test_trials_come_after_the_product_of_the_axes() -> None:
    space = SearchSpace.build("x", trials=TRIALS[:1], space={"model.width": {"grid": [1, 2]}}, replicas=2)
    assert steps_and_widths(space) == [(None, 1)] * 2 + [(None, 2)] * 2 + [(10, None)] * 2
    assert space.size == 6


def test_replicas_count_the_seeds_up_from_those_of_the_trial() -> None:
    space = SearchSpace.build("x", trials=TRIALS[1:2], replicas=2)
    assert [settings["training.seed"] for settings in expand(space)] == [5, 6]


def test_derived_fields_follow_from_trials() -> None:
    space = SearchSpace.build("x", trials=TRIALS, space={"training.train_size": {"derived": "steps // 2"}})
    assert space.size == 3


def test_a_field_that_is_fixed_on_the_command_line_is_so_in_every_trial() -> None:
    space = SearchSpace.build("x", trials=TRIALS)
    assert steps_and_widths(apply_overrides(space, ["steps=3"])) == [(3, None), (3, 8)]
    assert apply_overrides(space, ["steps=derived:train_size"]).trials == ({}, {"training.seed": 5, "model.width": 8})
    both = apply_overrides(space, ["train_size=grid:1,2"])
    assert both.trials == space.trials
    assert both.size == 2 + 3


def test_each_problem_has_the_line_of_its_entry() -> None:
    text = """name: x
space: {training.seed: {derived: steps}}
trials:
  - {training.steps: 0}
  - training: {steps: 3}
    training.steps: 4
  - {training.stepz: 3}
  - 7
  - {training.seed: 4}
  - training.steps: {grid: [3]}
"""
    with pytest.raises(ConfigError) as caught:
        check_document(load_yaml(text, "f.yaml"))
    assert [(problem.where, problem.message.split(";")[0]) for problem in caught.value.problems] == [
        ("f.yaml:4 trials[0].training.steps", "is 0, but input should be greater than or equal to 1"),
        ("f.yaml:6 trials[1].training.steps", "is fixed twice, also to 3"),
        ("f.yaml:7 trials[2].training.stepz", "there is no such field"),
        ("f.yaml:8 trials[3]", "is 7, but must be settings such as {training.steps: 1000}"),
        ("f.yaml:9 trials[4].training.seed", "is derived under `space`"),
        ("f.yaml:10 trials[5].training.steps.grid", "is a distribution"),
    ]


@pytest.mark.parametrize("trials", [[], 3, {"training.steps": 3}, "x"])
def test_what_is_no_list_is_refused(trials: Any) -> None:
    with pytest.raises(ConfigError, match=r"trials: is .* but must be a list of settings such as"):
        check_document(LocatedTree({"name": "x", "trials": trials}))


def test_without_trials_nothing_is_said() -> None:
    assert check_document(LocatedTree({"name": "x", "trials": None})).trials == ()
