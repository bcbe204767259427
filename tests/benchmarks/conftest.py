"""Benchmarks run in this process, at their smallest settings."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.append(str(BENCHMARKS))  # as a script's own folder is; after all else, so that it hides nothing

Record = dict[str, Any]


@pytest.fixture(scope="session")
def load() -> Callable[[str], ModuleType]:
    """Imports a benchmark by its name."""
    return importlib.import_module


@pytest.fixture(scope="module", autouse=True)
def _no_process_stays() -> Iterator[None]:
    yield
    importlib.import_module("sides").stop_plain_processes()


@pytest.fixture
def measure(capsys: pytest.CaptureFixture[str]) -> Callable[..., Record]:
    """Runs a benchmark with these words and returns its record; its table has a row for each row of the record."""

    def run(name: str, *words: str) -> Record:
        importlib.import_module(name).main([*words, "--json"])
        said = capsys.readouterr()
        record: Record = json.loads(said.out)
        table = [line for line in said.err.splitlines() if line.startswith("|")]
        assert len(table) == 2 + len(record["rows"])
        assert len({line.count("|") for line in table}) == 1
        assert record["machine"]["versions"]["torch"] in said.err
        return record

    return run
