"""Puts the records of a run of the fault tests into the table of docs/faults.md: `python tests/faults/fault_table.py records.jsonl`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
BEGIN, END = "<!-- table: made by tests/faults/fault_table.py -->\n", "<!-- end of table -->"
HEAD = (
    "| fault | what happened | trials lost | duplicates (runs, points) | points missing | steps redone | recovery "
    "| exit codes | test |\n|---|---|---|---|---|---|---|---|---|\n"
)


def row(record: dict[str, Any]) -> str:
    """One fault as a row of the table."""
    recovery = "" if record["recovery_s"] is None else f"{record['recovery_s']:.1f} s"
    cells = [
        record["fault"],
        record["happened"],
        f"{record['lost']} of {record['planned']}",
        f"{record['duplicate_runs']}, {record['points_duplicated']}",
        f"{record['points_missing']} of {record['points_expected']}",
        f"{record['steps_redone']} of {record['steps_executed'] - record['steps_redone']}",
        recovery,
        ", ".join(map(str, record["exit_codes"])),
        f"`{record['test'].removeprefix('tests/faults/')}`",
    ]
    return "| " + " | ".join(cells) + " |\n"


def table(lines: list[str]) -> str:
    """The table of the records, the last of each fault, in the order in which they were made."""
    records = {record["fault"]: record for record in map(json.loads, lines)}
    return HEAD + "".join(map(row, records.values()))


def with_table(page: str, made: str) -> str:
    """The page with this table in the place of the one that it has."""
    before, rest = page.split(BEGIN)
    return before + BEGIN + made + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(), table(Path(sys.argv[1]).read_text().splitlines())))
