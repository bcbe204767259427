"""The fields of a trial, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from rhm_sweeps.config import FIELDS, TrialConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.spaces.fields import resolve_field, takes_integers, trial_fields, value_problem


def test_every_field_has_its_type_default_and_meaning() -> None:
    fields = trial_fields()
    assert tuple(field.name for field in fields) == FIELDS
    assert {field.name: field.default for field in fields} == {name: TrialConfig().flat()[name] for name in FIELDS}
    assert all(field.doc.strip() and field.type for field in fields)


def test_types_are_in_words() -> None:
    types = {field.name: field.type for field in trial_fields()}
    assert types["grammar.num_features"] == "int >= 2, <= 255"
    assert types["training.replacement"] == "bool"
    assert types["training.learning_rate"] == "float > 0"
    assert types["training.precision"] == "float32 | bf16 | tf32"
    assert types["evaluation.sampling_steps"] == "int >= 1 | null"


@pytest.mark.parametrize("field", FIELDS)
def test_every_default_is_a_value_of_its_field(field: str) -> None:
    assert value_problem(field, TrialConfig().flat()[field]) is None


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("training.train_size", 0, "is 0, but input should be greater than or equal to 1"),
        ("training.train_size", 1.0, "is 1.0, but input should be a valid integer"),
        ("training.train_size", True, "is True, but input should be a valid integer"),
        ("training.train_size", None, "is None, but input should be a valid integer"),
        ("training.learning_rate", float("inf"), "is inf, but input should be a finite number"),
        ("training.precision", "fp8", "is 'fp8', but input should be 'float32', 'bf16' or 'tf32'"),
        ("stop.copy_fraction", 1.5, "is 1.5, but input should be less than or equal to 1"),
    ],
)
def test_a_value_that_is_refused_is_named_with_its_bound(field: str, value: Any, message: str) -> None:
    assert value_problem(field, value) == message


def test_real_fields_take_integers_but_are_not_of_them() -> None:
    assert value_problem("training.learning_rate", 1) is None
    assert not takes_integers("training.learning_rate")
    assert takes_integers("training.train_size")
    assert takes_integers("evaluation.sampling_steps")


def test_a_field_is_found_by_its_last_part() -> None:
    assert resolve_field("train_size") == "training.train_size"
    assert resolve_field("training.train_size") == "training.train_size"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("train_sise", "no field `train_sise`; did you mean `training.train_size`"),
        ("trainning.steps", "did you mean `training.steps`"),
        ("qqqq", "`rhm-sweep spaces fields` lists all"),
    ],
)
def test_an_unknown_field_names_the_nearest(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        resolve_field(name)


def test_an_ambiguous_name_lists_its_candidates() -> None:
    with pytest.raises(UsageError, match=r"`seed` is ambiguous; write `training\.seed` or `search\.seed`"):
        resolve_field("seed", (*FIELDS, "search.seed"))
