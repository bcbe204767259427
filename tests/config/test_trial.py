"""A trial's signature."""

from __future__ import annotations

from typing import Any

import pytest

from rhm_sweeps.config import TrialConfig, nest, parse_trial


@pytest.mark.parametrize(
    ("field", "same", "other"),
    [("model.filter_size", 2, 4), ("model.depth", 3, 2), ("evaluation.sampling_steps", 200, 100)],
)
def test_a_value_that_null_stands_for_is_as_null(field: str, same: Any, other: Any) -> None:
    plain = {"model.depth": 1} if field == "model.filter_size" else {}
    signatures = [parse_trial(nest({**plain, **given})).signature for given in ({}, {field: same}, {field: other})]
    assert signatures[0] == signatures[1] != signatures[2]


def test_a_field_without_effect_is_no_part_of_the_signature() -> None:
    assert parse_trial({"training": {"momentum": 0.5}}).signature == TrialConfig().signature
    sgd = [parse_trial({"training": {"momentum": momentum, "optimizer": "sgd"}}) for momentum in (0.0, 0.5)]
    assert sgd[0].signature != sgd[1].signature
