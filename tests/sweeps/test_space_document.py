"""A search space file is checked as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from rhm_sweeps.errors import ConfigError
from rhm_sweeps.sweeps.distributions import Grid
from rhm_sweeps.sweeps.space_document import check_document
from rhm_sweeps.yaml_loader import LocatedTree, load_yaml

WRONG = """# Is everything said at once?
name: bad name
trial:
  grammar: {num_feature: 8, num_classes: eight}
  training:
    train_size: {grid: [3, 4]}
    steps: 1e3
  model:
spaces: 3
space:
  training.train_sise: {grid: [64]}
  training.batch_size: {grid: []}
  training.seed:
    grid:
      - 1
      - -3
  training.test_size: {loguniform: [1, 10]}
  training.learning_rate: {logunifrm: [1, 10]}
  model.width: 64
  training: {steps: {grid: [1]}}
search: {algoritm: grid, num_samples: 0}
stop: {copy_fraction: 1.5}
"""


def test_everything_wrong_is_listed_at_once_in_the_order_of_the_file() -> None:
    with pytest.raises(ConfigError) as caught:
        check_document(load_yaml(WRONG, "f.yaml"))
    assert [problem.where for problem in caught.value.problems] == [
        "f.yaml:2 name",
        "f.yaml:4 trial.grammar.num_feature",
        "f.yaml:4 trial.grammar.num_classes",
        "f.yaml:6 trial.training.train_size.grid",
        "f.yaml:7 trial.training.steps",
        "f.yaml:9 spaces",
        "f.yaml:11 space.training.train_sise",
        "f.yaml:12 space.training.batch_size",
        "f.yaml:16 space.training.seed.grid[1]",
        "f.yaml:17 space.training.test_size",
        "f.yaml:18 space.training.learning_rate",
        "f.yaml:19 space.model.width",
        "f.yaml:20 space.training",
        "f.yaml:21 search.algoritm",
        "f.yaml:21 search.num_samples",
        "f.yaml:22 stop.copy_fraction",
    ]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "name: is missing"),
        ({"name": 3}, "name: is 3, but input should be a valid string"),
        ({"trials": {}}, "trials: there is no such key; did you mean `trial`"),
        ({"training": {}}, "training: is not a key of a search space; fixed values stand under `trial`"),
        ({"qqqq": 1}, "there are name, question, replicas, search, trial, space, stop"),
        ({"replicas": 0}, "replicas: is 0, but"),
        ({"replicas": True}, "replicas: is True, but"),
        ({"search": {"algorithm": "tpe"}}, "is 'tpe', but input should be 'grid' or 'random'"),
        ({"trial": 3}, "trial: is 3, but must be a mapping"),
        ({"trial": {"training": 3}}, "trial.training: is 3, but must be a mapping"),
        ({"trial": {"training": {"steps": {}}}}, "trial.training.steps: is {}, but"),
        ({"trial": {"steps": 3}}, "trial.steps: .* did you mean `training.steps`"),
        (
            {"trial": {"training": {"steps": 3}, "training.steps": 4}},
            "trial.training.steps: is fixed twice, also to 3",
        ),
        (
            {"trial": {"stop": {"copy_fraction": 0.5}}, "stop": {"copy_fraction": 0.9}},
            "stop.copy_fraction: is fixed twice, also to 0.5",
        ),
        ({"stop": 0.9}, "stop: is 0.9, but must be a mapping"),
        ({"space": []}, r"space: is \[\], but must be a mapping"),
        ({"space": {"training.seed": {"uniform": [0, 5]}}}, "`uniform` draws real numbers, .* use `randint`"),
        ({"space": {"training.seed": {"range": [-1, 3]}}}, "space.training.seed: is -1, but"),
        ({"space": {"model.name": {"grid": ["unet"]}}}, r"space.model.name.grid\[0\]: is 'unet', but"),
        (
            {"trial": {"training": {"steps": 3}}, "space": {"training.steps": {"grid": [1]}}},
            "space.training.steps: is an axis, but fixed to 3 in `trial`",
        ),
        (
            {"space": {"training.learning_rate": {"loguniform": [1e-4, 1e-2]}}},
            r"drawn at random, but `search.algorithm` is grid; set `search: \{algorithm: random, num_samples: 20\}`",
        ),
        (
            {"search": {"algorithm": "random", "num_samples": 3}, "space": {"training.steps": {"grid": [1]}}},
            "search.algorithm: is random, but every axis lists its values",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_cure(document: dict[str, Any], message: str) -> None:
    named = {"name": "x"} | document if document else document
    with pytest.raises(ConfigError, match=message):
        check_document(LocatedTree(named))


def test_fixed_values_may_be_nested_or_dotted_and_empty_parts_left_in() -> None:
    tree = {
        "name": "x",
        "trial": {"training": {"steps": 3}, "model.width": 64, "grammar": None},
        "space": None,
        "search": None,
    }
    assert check_document(LocatedTree(tree)).trial == {"training": {"steps": 3}, "model": {"width": 64}}


def test_relations_between_fields_wait_for_the_axes() -> None:
    """Five rules per symbol fit a vocabulary of 8 but not of 4; whether they meet is for the plan to see."""
    tree = {"name": "x", "trial": {"grammar": {"num_synonyms": 5}}, "space": {"grammar.num_features": {"grid": [4, 8]}}}
    assert check_document(LocatedTree(tree)).axes == {"grammar.num_features": Grid((4, 8))}
