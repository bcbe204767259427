"""docs/faults.md names tests that exist, and its table is that of the script."""

from __future__ import annotations

import re
from pathlib import Path

from .fault_record import FaultRecord
from .fault_table import BEGIN, END, HEAD, PAGE, table, with_table

ROOT = Path(__file__).parents[2]
TESTS = re.compile(r"`((?:[\w/]+/)?test_\w+\.py)::(\w+)")


def test_every_test_that_is_named_exists() -> None:
    named = TESTS.findall(PAGE.read_text())
    assert len(named) > 20
    for file, name in named:
        path = ROOT / file if file.startswith("tests/") else ROOT / "tests" / "faults" / file
        assert f"def {name}(" in path.read_text(), f"{file}::{name}"


def test_the_page_holds_the_table_of_the_script() -> None:
    text = PAGE.read_text()
    rows = text.split(BEGIN)[1].split(END)[0]
    assert rows.startswith(HEAD)
    assert with_table(text, rows) == text
    assert all(line.count(" | ") == HEAD.splitlines()[0].count(" | ") for line in rows.splitlines()[2:])


def test_the_last_record_of_a_fault_counts() -> None:
    record = FaultRecord(
        "kill", "it went on", 4, 4, 0, 0, 0, 0, 16, 0, 0, 70, 0, 6, 0, 0, 2.5, (-9, 0), "tests/faults/a.py::b"
    )
    older = FaultRecord("kill", "?", 4, 0, 0, 4, 0, 0, 16, 16, 0, 0, 0, 0, 0, 0)
    assert FaultRecord.from_json(record.to_json()) == record
    assert record.flaws == {}
    assert older.flaws == {"lost": 4, "points_missing": 16}
    made = table([older.to_json(), record.to_json()])
    assert made == HEAD + "| kill | it went on | 0 of 4 | 0, 0 | 0 of 16 | 6 of 64 | 2.5 s | -9, 0 | `a.py::b` |\n"
