"""A search space laid over another, by the trials that it then has."""

from __future__ import annotations

from typing import Any

import pytest

from rhm_sweeps.spaces.layers import lay_over, leave_out
from rhm_sweeps.yaml_loader import LocatedTree, load_yaml

ZIPPED = [
    {"model.name": "bp_unet", "training.learning_rate": 0.01},
    {"model.name": "transformer", "training.learning_rate": 0.001},
]


def laid(own: dict[str, Any], base: dict[str, Any]) -> dict[str, Any]:
    return dict(lay_over(LocatedTree(own), LocatedTree(base)).tree)


@pytest.mark.parametrize(
    ("own", "base", "expected"),
    [
        ({}, {"name": "b"}, {"name": "b"}),
        ({"name": "o"}, {"name": "b", "replicas": 2}, {"name": "o", "replicas": 2}),
        ({"search": {"seed": 1}}, {"search": {"algorithm": "random"}}, {"search": {"seed": 1}}),
        (
            {"trial": {"training.steps": 2}},
            {"trial": {"training": {"steps": 1, "seed": 3}}},
            {"trial": {"training": {"seed": 3}, "training.steps": 2}},
        ),
        ({"trial": None}, {"trial": {"model": {"width": 1}}}, {"trial": {"model": {"width": 1}}}),
        (
            {"stop": {"copy_fraction": 0.5}},
            {"trial": {"stop": {"copy_fraction": 0.9}}},
            {"trial": {"stop": {}}, "stop": {"copy_fraction": 0.5}},
        ),
        (
            {"trial": {"training": {"seed": 1}}},
            {"space": {"training.seed": {"grid": [1]}, "training.steps": {"grid": [2]}}},
            {"trial": {"training": {"seed": 1}}, "space": {"training.steps": {"grid": [2]}}},
        ),
        (
            {"space": {"training.seed": {"grid": [1]}}},
            {"trial": {"training": {"seed": 4, "steps": 2}}},
            {"trial": {"training": {"steps": 2}}, "space": {"training.seed": {"grid": [1]}}},
        ),
        (
            {"space": {"training.seed": {"grid": [1], "when": "steps > 2"}}},
            {"trial": {"training": {"seed": 4}}},
            {"trial": {"training": {"seed": 4}}, "space": {"training.seed": {"grid": [1], "when": "steps > 2"}}},
        ),
        (
            {"space": {"training.seed": {"derived": "steps"}}},
            {"space": {"training.seed": {"grid": [3]}}, "trials": [{"training": {"seed": 3, "steps": 4}}]},
            {"space": {"training.seed": {"derived": "steps"}}, "trials": [{"training": {"steps": 4}}]},
        ),
        (
            {"trial": {"training": {"learning_rate": 1}}},
            {"space": {"zip": ZIPPED}},
            {
                "trial": {"training": {"learning_rate": 1}},
                "space": {"zip": [{"model.name": "bp_unet"}, {"model.name": "transformer"}]},
            },
        ),
        (
            {"space": {"model.name": {"grid": ["bp_unet"]}, "training.learning_rate": {"grid": [1]}}},
            {"space": {"zip": ZIPPED}},
            {"space": {"model.name": {"grid": ["bp_unet"]}, "training.learning_rate": {"grid": [1]}}},
        ),
        (
            {"space": {"zip": ZIPPED}},
            {"space": {"zip": [{"training.seed": 1}], "model.name": {"grid": ["bp_unet"]}}},
            {"space": {"zip": ZIPPED}},
        ),
        (
            {"trial": {"training.seed": 1}},
            {"trials": [{"training.seed": 2}, {"training.seed": 3}, {"model.width": 8, "training.seed": 4}]},
            {"trial": {"training.seed": 1}, "trials": [{}, {"model.width": 8}]},
        ),
        ({"trials": [{}]}, {"trials": [{"model.width": 8}]}, {"trials": [{}]}),
        ({"require": "a"}, {"require": ["b", "c"]}, {"require": ["b", "c", "a"]}),
        ({"require": ["a"]}, {"require": "b"}, {"require": ["b", "a"]}),
        ({"spce": 1, "space": 3}, {"space": {"zip": 4}, "trials": 5}, {"spce": 1, "space": 3, "trials": 5}),
    ],
)
def test_the_file_itself_counts(own: dict[str, Any], base: dict[str, Any], expected: dict[str, Any]) -> None:
    assert laid(own, base) == expected


def test_an_axis_that_is_replaced_keeps_its_turn() -> None:
    base = {"space": {"training.seed": {"grid": [1]}, "training.steps": {"grid": [2]}}}
    assert list(laid({"space": {"training.seed": {"grid": [3]}}}, base)["space"]) == ["training.seed", "training.steps"]


def test_places_follow_what_is_moved() -> None:
    base = load_yaml(
        "require: a\ntrials:\n  - {training.seed: 1}\n  - {training.seed: 2}\n  - {model.width: 3, training.seed: 2}\n",
        "base",
    )
    own = load_yaml("trial: {training.seed: 4}\nrequire:\n  - b\n  - c\n", "own")
    both = lay_over(own, base)
    assert both.tree["trials"] == [{}, {"model.width": 3}]
    assert both.where("trials", 1, "model.width") == "base:5 trials[1].model.width"
    assert [both.where("require", index).split()[0] for index in range(3)] == ["base:1", "own:3", "own:4"]
    assert both.where("trial", "training.seed") == "own:1 trial.training.seed"


def test_neither_tree_is_changed() -> None:
    base = {"trial": {"training": {"seed": 1}}, "space": {"zip": [dict(one) for one in ZIPPED]}, "require": ["a"]}
    laid({"trial": {"training.seed": 2, "model.name": "bp_unet"}, "require": "b"}, base)
    assert base == {"trial": {"training": {"seed": 1}}, "space": {"zip": ZIPPED}, "require": ["a"]}


def test_equal_settings_that_were_written_twice_stay() -> None:
    assert leave_out([{"a": 1}, {"a": 1}], lambda entry, _: entry) == {0: {"a": 1}, 1: {"a": 1}}
