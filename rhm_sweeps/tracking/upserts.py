"""Statements that write rows into MLflow's tables: insert, or replace what is there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from rhm_sweeps.tracking.run_rows import MetricRow

INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
ROWS_AT_ONCE = 60_000


def replacing(insert: Any, *names: str, where: Any = None) -> Any:
    """Insert, or replace these columns of the row that is there."""
    values = {name: insert.excluded[name] for name in names}
    return insert.on_conflict_do_update(index_elements=["key", "run_uuid"], set_=values, where=where)


def newest(insert: Any, table: sa.Table) -> Any:
    """Insert, or replace what is there by what is more recent."""
    order = ("step", "timestamp", "value")
    is_newer = sa.tuple_(*(insert.excluded[name] for name in order)) > sa.tuple_(*(table.c[name] for name in order))
    return replacing(insert, *order, "is_nan", where=is_newer)


def execute_named(db: sa.Connection, statement: Any, rows: list[dict[str, Any]]) -> None:
    """Execute for each row of values by name, if there are any."""
    if rows:
        db.execute(statement, rows)


def execute(db: sa.Connection, statement: Any, columns: tuple[str, ...], rows: list[Any]) -> None:
    """Insert rows in the order of the tables' keys; a driver that takes them by position gets them as they are, in half the time."""
    if not rows:
        return
    rows.sort(key=itemgetter(0))
    compiled = statement.compile(dialect=db.dialect, column_keys=columns)
    if compiled.positional and tuple(compiled.positiontup) == columns:
        db.exec_driver_sql(str(compiled), rows)
    else:
        db.execute(statement, [dict(zip(columns, row, strict=True)) for row in rows])


def slices(rows: Iterator[MetricRow]) -> Iterator[list[MetricRow]]:
    """Yield the rows in portions that fit into memory."""
    while portion := list(islice(rows, ROWS_AT_ONCE)):
        yield portion
