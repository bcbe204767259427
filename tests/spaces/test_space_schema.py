"""The JSON schema of search spaces agrees with the reader of search spaces."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from rhm_sweeps.config import FIELDS, TrialConfig
from rhm_sweeps.errors import ConfigError
from rhm_sweeps.spaces.distributions import DISTRIBUTIONS
from rhm_sweeps.spaces.document import BODY_KEYS, check_document
from rhm_sweeps.spaces.header import Header
from rhm_sweeps.spaces.space_files import read_space, shipped_spaces, space_tree
from rhm_sweeps.spaces.space_schema import space_schema
from rhm_sweeps.yaml_loader import LocatedTree

SCHEMA = space_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def test_it_is_a_schema_of_its_dialect() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["properties"]) == {*Header.model_fields, *BODY_KEYS}
    assert all(part.get("description") for part in SCHEMA["properties"].values())


def test_every_field_is_in_it_with_its_meaning() -> None:
    for field in FIELDS:
        section, leaf = field.split(".")
        kind: Any = TrialConfig.model_fields[section].annotation
        assert SCHEMA["$defs"][field]["description"] == kind.model_fields[leaf].description
    assert "population" not in SCHEMA["$defs"]["settings"]["properties"]


@pytest.mark.parametrize("name", shipped_spaces())
def test_every_shipped_space_is_valid(name: str) -> None:
    file = read_space(name)
    assert [error.message for error in VALIDATOR.iter_errors(space_tree(file.text, file.source).tree)] == []


WHOLE = {
    "name": "x",
    "question": "Why?",
    "replicas": 2,
    "trial": {"grammar": None, "training": {"steps": 3}, "model.width": 64},
    "stop": {"copy_fraction": 0.5},
    "search": {"algorithm": "random", "num_samples": 3},
    "scheduler": {"name": "asha"},
    "require": ["steps > 2", "width < 100"],
    "trials": [{"training.train_size": 3}, {"model": {"depth": 1}}, {}],
    "space": {
        "zip": [{"model.name": "bp_unet", "model.bias": True}, {"model.name": "transformer", "model.bias": False}],
        "training.batch_size": {"grid": [1, 2], "when": "steps > 3"},
        "training.seed": {"range": [0, 9, 3]},
        "training.learning_rate": {"loguniform": [1e-4, 1]},
        "training.momentum": {"normal": [0.5, 0.1]},
        "training.test_size": {"derived": "train_size // 2"},
        "model.filter_size": {"choice": [2, None]},
    },
}


def test_every_part_of_the_language_is_valid_for_both() -> None:
    check_document(LocatedTree(WHOLE))
    assert [error.message for error in VALIDATOR.iter_errors(WHOLE)] == []


def test_a_file_that_includes_needs_no_name() -> None:
    assert VALIDATOR.is_valid({"include": "base.yaml"})
    assert VALIDATOR.is_valid({"include": ["a.yaml", "memorization"], "space": None})
    assert not VALIDATOR.is_valid({"include": 3})
    assert not VALIDATOR.is_valid({"replicas": 2})


@pytest.mark.parametrize(
    "broken",
    [
        {"name": "bad name"},
        {"replicas": 0},
        {"spaces": {}},
        {"search": {"algorithm": "walk"}},
        {"search": {"num_sample": 3}},
        {"scheduler": {"name": "asha", "grace": 3}},
        {"scheduler": {}},
        {"trial": {"training": {"stepz": 3}}},
        {"trial": {"training": {"steps": 0}}},
        {"trial": {"training": {"steps": "many"}}},
        {"trial": {"training.steps": 1.5}},
        {"trial": {"model": {"name": "unet"}}},
        {"trial": {"population": {"members": None}}},
        {"trial": 3},
        {"stop": {"copy_fraction": 1.5}},
        {"space": []},
        {"space": {"training": {"steps": {"grid": [1]}}}},
        {"space": {"training.train_size": 64}},
        {"space": {"training.train_size": {"grid": []}}},
        {"space": {"training.train_size": {"grid": 3}}},
        {"space": {"training.train_size": {"gird": [3]}}},
        {"space": {"training.train_size": {"grid": [3], "range": [1, 2]}}},
        {"space": {"training.train_size": {"grid": [3, -1]}}},
        {"space": {"training.train_size": {"range": [3]}}},
        {"space": {"training.train_size": {"range": [3, 4.5]}}},
        {"space": {"training.train_size": {"derived": "steps", "when": "steps > 3"}}},
        {"space": {"training.train_size": {"when": "steps > 3"}}},
        {"space": {"model.name": {"range": [1, 3]}}},
        {"space": {"model.name": {"derived": "steps"}}},
        {"space": {"zip": []}},
        {"space": {"zip": [{}]}},
        {"space": {"zip": [{"training": {"steps": 3}}]}},
        {"trials": []},
        {"trials": [3]},
        {"trials": [{"training.steps": 0}]},
        {"require": 3},
    ],
)
def test_what_the_reader_refuses_the_schema_refuses(broken: dict[str, Any]) -> None:
    tree = {"name": "x"} | broken
    with pytest.raises(ConfigError):
        check_document(LocatedTree(tree))
    assert not VALIDATOR.is_valid(tree)


def test_its_distributions_are_those_that_are_read() -> None:
    axis = SCHEMA["$defs"]["training.steps"]
    assert axis["minimum"] == 1
    rate = next(part for part in SCHEMA["properties"]["space"]["anyOf"] if "properties" in part)
    assert set(rate["properties"]["training.steps"]["properties"]) == {*DISTRIBUTIONS, "when", "derived"}
    assert set(rate["properties"]["model.name"]["properties"]) == {"grid", "choice", "when"}
