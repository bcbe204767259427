"""The YAML that is read, the YAML that is refused, and the places that are kept."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhm_sweeps.errors import ConfigError, UsageError
from rhm_sweeps.yaml_loader import MAX_DEPTH, LocatedTree, load_yaml, parse_scalar

names = st.text("abcdefgXYZ_.", min_size=1, max_size=8)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text("abc xyz:-#", max_size=8)
trees = st.dictionaries(
    names, st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=6), max_size=4
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1.0e-3", 0.001),
        ("017", 17),
        ("0o17", 15),
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("null", None),
        ("~", None),
        ("2001-01-01", "2001-01-01"),
        ("12:30:45", "12:30:45"),
        ("-5", -5),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    for read in (parse_scalar(text), load_yaml(f"a: {text}", "f.yaml").tree["a"]):
        assert read == value
        assert type(read) is type(value)


@given(trees)
def test_json_is_read_as_json(tree: dict[str, Any]) -> None:
    assert load_yaml(json.dumps(tree), "f.yaml").tree == tree


def test_places_are_lines_of_keys_and_items() -> None:
    located = load_yaml("# question\nname: x\nspace:\n  a.b:\n    grid:\n      - 1\n      - 2\n", "f.yaml")
    assert located.where("name") == "f.yaml:2 name"
    assert located.where("space", "a.b") == "f.yaml:4 space.a.b"
    assert located.where("space", "a.b", "grid", 1) == "f.yaml:7 space.a.b.grid[1]"
    assert located.where("space", "missing") == "f.yaml:3 space.missing"
    assert located.position(("space", "a.b")) > located.position(("name",))
    assert LocatedTree({}).where("space", "a.b") == "space.a.b"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", r"f\.yaml:3 a: is written twice, first at f\.yaml:1"),
        ("x:\n  a: 1\n  a: 1", r"f\.yaml:3 x\.a: is written twice"),
        ("a: &k 1", r"f\.yaml:1: anchor &k"),
        ("a: 1\nb: *k", r"f\.yaml:2: alias \*k"),
        ("a: !!python/object:os.system 1", r"f\.yaml:1: tag .*python/object"),
        ("a: ! 1", r"f\.yaml:1: tag !"),
        ("%YAML 1.1\n---\na: no", r"% directive"),
        ("a: [1,\nb: 2", r"f\.yaml:2: is not valid YAML"),
        ("\ta: 1", r"f\.yaml:1: is not valid YAML"),
        ("a: 1\n---\nb: 2", r"f\.yaml:2: is not valid YAML"),
        ("a: \x00", r"f\.yaml: is not valid YAML"),
        ("", r"f\.yaml: must be a mapping"),
        ("- 1", r"f\.yaml: must be a mapping"),
        ("3: x", r"f\.yaml:1: a key must be a name"),
        ("? [1]\n: x", r"f\.yaml:1: a key must be a name"),
        ("a: " + "9" * 5000, r"f\.yaml:1 a: is 9{20}\.\.\., a number too long"),
        ("a: " + "x" * 70_000, r"f\.yaml: is longer than 64 kB"),
        ("a: " + "[" * 1000, rf"f\.yaml:1: is nested deeper than {MAX_DEPTH}"),
    ],
)
def test_what_is_refused_says_where_and_why(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_yaml(text, "f.yaml")


def test_all_duplicates_are_listed_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        load_yaml("a: 1\na: 2\nb: {c: 1, c: 2}", "f.yaml")
    assert [problem.where for problem in caught.value.problems] == ["f.yaml:2 a", "f.yaml:3 b.c"]


def test_nesting_is_read_to_the_limit() -> None:
    text = "a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert load_yaml(text, "f.yaml").tree["a"] is not None


def test_an_alias_bomb_costs_nothing() -> None:
    text = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30))
    started = time.perf_counter()
    with pytest.raises(ConfigError, match="alias"):
        load_yaml(text, "f.yaml")
    assert time.perf_counter() - started < 1


def test_a_number_too_long_is_refused() -> None:
    with pytest.raises(UsageError, match="too long"):
        parse_scalar("9" * 5000)


def test_keys_may_be_whole_numbers_where_that_is_wanted() -> None:
    assert load_yaml("1: x\n007: y", "f.yaml", number_keys=True).tree == {"1": "x", "007": "y"}
    for key in ("1.5", "true", "null"):
        with pytest.raises(ConfigError, match="a key must be a name"):
            load_yaml(f"{key}: x", "f.yaml", number_keys=True)
