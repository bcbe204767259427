"""The settings of a population, and that trials without one keep their identity."""

from __future__ import annotations

from typing import Any

import pytest

from rhm_sweeps.config import FIELDS, PopulationConfig, parse_trial
from rhm_sweeps.errors import ConfigError

KNOWN: list[tuple[dict[str, Any], str]] = [
    ({}, "44136fa355b3"),
    ({"grammar": {"num_layers": 4, "seed_rules": 7}}, "214ad29c57c9"),
    ({"training": {"learning_rate": 0.003, "weight_decay": 0.1}, "stop": {"patience": 3}}, "6e111595a8ba"),
]
"""Signatures from before there were populations."""


@pytest.mark.parametrize(("fields", "signature"), KNOWN)
def test_trials_without_a_population_keep_their_signatures(fields: dict[str, Any], signature: str) -> None:
    assert parse_trial(fields).signature == signature
    assert parse_trial({**fields, "population": {"interval": 7, "quantile": 0.5}}).signature == signature


def test_a_population_is_part_of_the_identity() -> None:
    members = "0123456789ab"
    trials = [parse_trial({"population": fields}) for fields in ({}, {"members": members}, {"members": "f" * 12})]
    assert len({trial.signature for trial in trials}) == 3
    slower = parse_trial({"population": {"members": members, "interval": 7}})
    assert slower.signature != trials[1].signature


def test_people_do_not_set_it() -> None:
    assert not [name for name in FIELDS if name.startswith("population")]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"quantile": 0.6}, "less than or equal to 0.5"),
        ({"perturb": 1.0}, "greater than 1"),
        ({"interval": 0}, "greater than or equal to 1"),
        ({"members": "no hash"}, "match pattern"),
        (
            {"min_learning_rate": 0.1, "max_learning_rate": 0.01},
            "`min_learning_rate` is 0.1, but must be <= max_learning",
        ),
    ],
)
def test_nonsense_is_refused(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        parse_trial({"population": fields})


def test_what_is_perturbed_and_within_which_bounds() -> None:
    assert PopulationConfig().perturbed == ("learning_rate", "weight_decay")
    assert PopulationConfig(perturbs="weight_decay").perturbed == ("weight_decay",)
    assert PopulationConfig(max_weight_decay=0.5).bounds("weight_decay") == (0.0, 0.5)
