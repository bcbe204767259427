"""Expressions over fields: they agree with Python where it is harmless, and refuse all else."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.spaces.expressions import parse_arithmetic, parse_condition

VALUES = TrialConfig().flat()


def number(text: str, **fields: Any) -> float:
    return parse_arithmetic(text).number(VALUES | {name.replace("__", "."): value for name, value in fields.items()})


def holds(text: str, **fields: Any) -> bool:
    return parse_condition(text).holds(VALUES | {name.replace("__", "."): value for name, value in fields.items()})


@given(st.integers(-99, 99), st.integers(1, 9), st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]))
def test_arithmetic_is_pythons(left: int, right: int, sign: str) -> None:
    expected = {
        "+": left + right, "-": left - right, "*": left * right, "/": left / right, "//": left // right,
        "%": left % right, "**": left**right if abs(left**right) <= 2**53 else None,
    }[sign]  # fmt: skip
    if expected is not None:
        assert number(f"({left}) {sign} {right}") == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("-2 ** 2", -4),
        ("2 ** 3 ** 2", 512),
        ("4 * num_features * num_synonyms ** 2", 4 * 8 * 9),
        ("grammar.num_features + training.steps", 8 + VALUES["training.steps"]),
        ("min(3, 1, 2) + max(4, 5)", 6),
        ("ceil(2.1) + floor(2.9) + round(2.6)", 8),
        ("sqrt(2)", math.sqrt(2)),
        ("log(10) + log2(8)", math.log(10) + 3),
        ("  1e-3\n", 0.001),
    ],
)
def test_results_are_known(text: str, value: float) -> None:
    assert number(text) == pytest.approx(value, rel=1e-15)


def test_fields_are_named_in_full_or_by_their_last_part() -> None:
    expression = parse_arithmetic("train_size + training.train_size * steps")
    assert expression.fields == ("training.train_size", "training.steps")
    assert expression.number(VALUES | {"training.train_size": 3, "training.steps": 4}) == 15


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("num_synonyms <= num_features ** (tuple_size - 1)", True),
        ("1 < num_synonyms < 3", False),
        ("1 < num_synonyms <= 3", True),
        ("name == 'bp_unet' and not replacement", True),
        ("name != 'bp_unet' or num_layers > 9", False),
        ("name in ['bp_unet', 'transformer']", True),
        ("name not in ('transformer', 'classifier')", True),
        ("replacement", False),
        ("depth == None", True),
        ("False or 2 > 1", True),
    ],
)
def test_conditions_are_known(text: str, truth: bool) -> None:
    assert holds(text) is truth


def test_what_decides_comes_first() -> None:
    """`depth` is null unless it is set: the second part may not be looked at."""
    assert holds("depth == None or depth > 2")
    with pytest.raises(UsageError, match=r"`depth > 2` with depth = None has no result: None is not a number"):
        holds("depth > 2")


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('x')",
        "().__class__",
        "grammar.num_features.__class__",
        "train_size.__class__",
        "[x for x in (1, 2)]",
        "lambda: 1",
        "(x := 3)",
        "f'{steps}'",
        "steps[0]",
        "{1: 2}",
        "1 if steps else 2",
        "1j",
        "b'x'",
        "...",
        "steps @ steps",
        "steps << 9",
        "~steps",
        "*steps",
        "eval('1')",
        "pow(2, 3)",
        "max(steps, key=steps)",
        "max(*(1, 2))",
        "min(3)",
        "log(8, 2)",
        "'a' * 9",
        "steps is 3",
        "steps > 3",
        "not steps",
        "True + 1",
        "steps; steps",
        "steps = 3",
        "import os",
        "",
        "1 +",
        "1\x00",
        "min(1, " * 25 + "1" + ")" * 25,
        "-" * 150 + "1",
        "1" + "+1" * 98,
        "1" * 201,
    ],
)
def test_all_else_is_refused_before_anything_is_evaluated(text: str) -> None:
    with pytest.raises(UsageError):
        parse_arithmetic(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / 0", "`1 / 0` has no result: division by zero"),
        ("9 ** 9 ** 9", "exponent 387420489 is larger than 1024"),
        ("9 ** 900", "too large"),
        ("10.0 ** 300 * 10.0 ** 300", "too large"),
        ("10.0 ** 999", "has no result"),
        ("(0 - 8) ** 0.5", "is not a number"),
        ("0 ** (0 - 1)", "has no result"),
        ("sqrt(0 - 1)", "has no result"),
        ("9999999999999999999999", "too large"),
        ("steps + depth", r"with steps = \d+, depth = None has no result: None is not a number"),
        ("name + 1", "'bp_unet' is not a number"),
        ("replacement + 1", "False is not a number"),
    ],
)
def test_what_has_no_result_says_why(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        number(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (3, "is 3, but must be an expression"),
        ("stepz + 1", "there is no field `stepz`; did you mean `training.steps`"),
        ("num_layers + 1 +", "is not an expression"),
        ("steps > 3", "must give a number, but has `steps > 3`"),
        ("pow(2, 3)", "functions are min, max"),
        ("max(1)", "gives `max` 1 argument"),
    ],
)
def test_what_is_wrong_is_said(text: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_arithmetic(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps + 1", "must be true or false"),
        ("name == 'transfomer'", "compares `model.name` with 'transfomer', which it never is"),
        ("name in ['unet', 'transformer']", "with 'unet', which it never"),
        ("steps in steps", "`in` needs a list"),
        ("steps and True", "is neither true nor false"),
        ("name < 'a'", "it never is|is not a number"),
    ],
)
def test_what_is_no_condition_is_said(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        holds(text)
