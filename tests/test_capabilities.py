"""Every place and every test that docs/capabilities.md names exists, and every test that docs/comparison.md names."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from rhm_sweeps.cli.app import app
from rhm_sweeps.config import FIELDS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "capabilities.md").read_text()
ORIGINAL_FLAGS = [
    "num_features", "num_classes", "num_synonyms", "tuple_size", "num_layers", "train_size", "seed_rules",
    "seed_sample", "model", "width", "depth", "filter_size", "process", "nT", "beta1", "beta2", "model_type",
    "model_output", "n_epoch", "batch_size", "lr", "optim", "warmup_steps", "scheduler", "n_trajectories",
    "output", "print_period", "save_freq",
]  # fmt: skip


def rows() -> Iterator[list[str]]:
    """The cells of each row, without headings and rules."""
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("|") and not line.startswith("|-") and cells[-1] != "held by":
            yield cells


ROWS = list(rows())


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


PLACES = sorted({place for row in ROWS for place in code(row[1])})
COMPARISON = (ROOT / "docs" / "comparison.md").read_text()
HELD_BY = dict(re.findall(r"^- (\d[a-z]): (.*::.*)$", COMPARISON, flags=re.MULTILINE))
TESTS = sorted({test for cell in (*(row[2] for row in ROWS), *HELD_BY.values()) for test in code(cell) if "::" in test})
COMMANDS: Any = typer.main.get_command(app)


def is_python(name: str) -> bool:
    """Whether a dotted name is a module, or something in one; fields of a class without a default count."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            if not hasattr(found, part):
                return part in getattr(found, "__annotations__", {})
            found = getattr(found, part)
        return True
    return False


def is_command(words: list[str]) -> bool:
    command = COMMANDS
    for word in words:
        command = getattr(command, "commands", {}).get(word)
    return command is not None


def flags_of_train() -> set[str]:
    return {name for option in COMMANDS.commands["train"].params for name in option.opts}


@cache
def functions_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def exists(place: str) -> bool:
    if place.startswith("--"):
        return place in flags_of_train()
    if place.startswith("rhm-sweep "):
        return is_command(place.split()[1:])
    if "/" in place:
        return (ROOT / place).is_file()
    return place in FIELDS or is_python(place)


def test_the_page_has_three_tables_of_three_columns() -> None:
    assert PAGE.count("|---|---|---|") == 3
    assert len(ROWS) > 60
    assert {len(row) for row in ROWS} == {3}
    assert all(code(row[1]) and code(row[2]) for row in ROWS)


@pytest.mark.parametrize("place", PLACES)
def test_a_place_exists(place: str) -> None:
    assert exists(place)


@pytest.mark.parametrize("test", TESTS)
def test_a_test_exists(test: str) -> None:
    path, name = test.split("::")
    assert name in functions_in(path)
    assert name.startswith("test_")


@pytest.mark.parametrize(
    "place",
    [
        "--no-such-flag",
        "rhm-sweep nothing",
        "grammar.nothing",
        "docs/nothing.md",
        "rhm_sweeps.grammar.nothing",
        "nothing",
    ],
)
def test_what_is_not_there_is_noticed(place: str) -> None:
    assert not exists(place)


def test_every_flag_of_the_original_code_is_there_and_accepted() -> None:
    named = {flag.split()[0] for row in ROWS for flag in code(row[0]) if flag.startswith("--")}
    assert {f"--{flag}" for flag in ORIGINAL_FLAGS} <= named
    normalized = {flag.replace("_", "-") for flag in flags_of_train()}
    assert {f"--{flag.replace('_', '-')}" for flag in ORIGINAL_FLAGS} <= normalized


def test_each_yes_of_the_comparison_is_held_by_tests() -> None:
    ours = dict(re.findall(r"^\| (\d[a-z]) \| .*? \| (yes|partly|no|by hand)\b", COMPARISON, flags=re.MULTILINE))
    assert len(ours) > 40
    assert {row for row, word in ours.items() if word == "yes"} <= HELD_BY.keys()


def test_linked_files_exist() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", PAGE)
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
