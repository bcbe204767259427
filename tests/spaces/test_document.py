"""A search space file is checked as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from rhm_sweeps.errors import ConfigError
from rhm_sweeps.spaces.distributions import Grid
from rhm_sweeps.spaces.document import check_document
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
        ({"trails": {}}, "trails: there is no such key; did you mean `trials`"),
        ({"training": {}}, "training: is not a key of a search space; fixed values stand under `trial`"),
        ({"qqqq": 1}, "there are name, question, replicas, search, .*include, trial, space, trials, stop"),
        ({"replicas": 0}, "replicas: is 0, but"),
        ({"replicas": True}, "replicas: is True, but"),
        ({"search": {"algorithm": "walk"}}, "is 'walk', but input should be 'grid', 'random'"),
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
        ({"space": {"training.seed": {"normal": [9, 2]}}}, "`normal` draws real numbers, .* use `randint`"),
        ({"space": {"training.seed": {"quniform": [0, 1, 0.5]}}}, "`quniform` draws real numbers, .* give it integers"),
        ({"space": {"training.momentum": {"normal": [-9, 2]}}}, "space.training.momentum: is -9.0, but"),
        ({"space": {"training.seed": {"derived": 3}}}, "space.training.seed.derived: is 3, but must be an expression"),
        ({"space": {"training.seed": {"derived": "stepz"}}}, "derived: there is no field `stepz`"),
        ({"space": {"training.seed": {"derived": "steps", "when": "steps > 1"}}}, "stands beside `when`"),
        (
            {"space": {"model.name": {"derived": "steps"}}},
            "space.model.name.derived: gives a number, but the field takes",
        ),
        (
            {"space": {"training.seed": {"derived": "seed + 1"}}},
            "seed: depends on itself: training.seed needs training.se",
        ),
        (
            {"space": {"training.seed": {"derived": "seed_rules"}, "grammar.seed_rules": {"derived": "seed + 1"}}},
            "depends on itself: (training.seed|grammar.seed_rules) needs .* needs ",
        ),
        (
            {"trial": {"training": {"seed": 3}}, "space": {"training.seed": {"derived": "steps"}}},
            "space.training.seed: is derived, but fixed to 3 in `trial`",
        ),
        ({"space": {"zip": 3}}, "space.zip: is 3, but must be a list of settings"),
        ({"space": {"zip": [3]}}, r"space.zip\[0\]: is 3, but must be settings"),
        ({"space": {"zip": [{"stepz": 1}]}}, r"space.zip\[0\].stepz: there is no such field"),
        ({"space": {"zip": [{"training.steps": 0}]}}, r"space.zip\[0\].training.steps: is 0, but"),
        (
            {"space": {"zip": [{"training.steps": 1}, {"training.seed": 2}]}},
            r"zip\[1\]: sets training.seed, but the first sets training.steps; all must set the same",
        ),
        (
            {"space": {"zip": [{"training.steps": 1}], "training.steps": {"grid": [1]}}},
            "space.training.steps: is an axis, but set in `zip` too",
        ),
        (
            {"space": {"zip": [{"training.steps": 1}]}, "trial": {"training": {"steps": 2}}},
            "space.zip: sets training.steps, which is fixed to 2 in `trial`",
        ),
        ({"space": {"training.steps": {"grid": [1], "when": "seed"}}, "replicas": 0}, "replicas: is 0"),
        (
            {"space": {"training.steps": {"grid": [1], "when": "seed + 1"}}},
            "training.steps.when: `seed .* true or false",
        ),
        (
            {"space": {"training.steps": {"when": "seed > 1"}}},
            "space.training.steps: is {}, but must be one distribution",
        ),
        ({"space": {"training.steps": {"grid": [1], "when": "steps > 1"}}}, "depends on itself: training.steps needs"),
        (
            {
                "space": {
                    "training.steps": {"grid": [1], "when": "seed > 1"},
                    "training.seed": {"derived": "seed_rules"},
                }
            },
            "space.training.steps.when: needs training.seed, which is derived after the axes",
        ),
        (
            {"space": {"training.steps": {"grid": [1], "when": "seed > 1"}, "training.seed": {"randint": [0, 5]}}},
            "space.training.steps.when: needs training.seed, which is drawn after the listed axes",
        ),
        ({"require": 3}, "require: is 3, but must be an expression"),
        ({"require": ["steps > 1", "steps + 1"]}, r"require\[1\]: `steps \+ 1` must be true or false"),
        ({"require": "name == 'unet'"}, "require: compares `model.name` with 'unet', which it never is"),
        ({"trial": {"training": {"seed": {"derived": "steps"}}}}, "write it under `space` as `training.seed: {derived"),
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


def test_a_wrong_expression_has_its_line() -> None:
    text = "name: x\nspace:\n  training.test_size:\n    derived: train_size // 4 +\n"
    with pytest.raises(
        ConfigError, match=r"f\.yaml:4 space\.training\.test_size\.derived: `train_size // 4 \+` is not an"
    ):
        check_document(load_yaml(text, "f.yaml"))


def test_relations_between_fields_wait_for_the_axes() -> None:
    """Five rules per symbol fit a vocabulary of 8 but not of 4; whether they meet is for the plan to see."""
    tree = {"name": "x", "trial": {"grammar": {"num_synonyms": 5}}, "space": {"grammar.num_features": {"grid": [4, 8]}}}
    assert check_document(LocatedTree(tree)).space.axes == {"grammar.num_features": Grid((4, 8))}
