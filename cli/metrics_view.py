"""Metrics of a trained model, as tables and as JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table


def as_lists(metrics: Mapping[str, float]) -> dict[str, Any]:
    """Metrics with those of levels or time windows as lists: validity_1, validity_2, ... become `validity`."""
    found: dict[str, Any] = {}
    for name, value in metrics.items():
        match = re.fullmatch(r"(.+)_\d+", name)
        if match is None:
            found[name] = value
        else:
            found.setdefault(match[1], []).append(value)
    return found


def metric_tables(metrics: Mapping[str, float]) -> Group:
    """A table of single numbers, one by level of the rules, and one by part of the times."""
    found = as_lists(metrics)
    single = Table("metric", box=box.SIMPLE_HEAD)
    single.add_column("value", justify="right")
    for name, value in found.items():
        if not isinstance(value, list):
            single.add_row(_words(name), _number(value))
    lists = {name: values for name, values in found.items() if isinstance(values, list)}
    by_time = {name.removesuffix("_time"): values for name, values in lists.items() if name.endswith("_time")}
    by_level = {name: values for name, values in lists.items() if not name.endswith("_time")}
    tables = [_indexed(head, part) for head, part in (("level", by_level), ("part of 1..T", by_time)) if part]
    return Group(single, *tables)


def _indexed(head: str, lists: Mapping[str, list[float]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for name in (head, *map(_words, lists)):
        table.add_column(name, justify="right")
    length = max(map(len, lists.values()))
    for index in range(length):
        cells = (_number(values[index]) if index < len(values) else "" for values in lists.values())
        table.add_row(str(index + 1), *cells)
    return table


def _words(name: str) -> str:
    return name.replace("_", " ")


def _number(value: float) -> str:
    return f"{value:.5f}" if value == value else "-"  # noqa: PLR0124 - only NaN differs from itself
