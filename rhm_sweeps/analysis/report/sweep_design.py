"""What a sweep was to try: its swept fields with their values, replicas, search, scheduler and pools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rhm_sweeps.analysis.groups import sorted_values, spread, symbol, value_label
from rhm_sweeps.config import flatten, is_seed
from rhm_sweeps.printable import count
from rhm_sweeps.tracking.results import Results

MOST_VALUES = 12
NAMES = ("algorithm", "name")


@dataclass(frozen=True)
class SweptField:
    """A swept field: how the search space names its values, how many there are among the trials, and which."""

    field: str
    symbol: str
    drawn: str
    distinct: int
    values: str


@dataclass(frozen=True)
class SweepDesign:
    """The swept fields, the seeds that vary, the fixed fields of the search space, and how it was searched and run."""

    swept: tuple[SweptField, ...]
    seeds: Mapping[str, str]
    fixed: Mapping[str, str]
    facts: Mapping[str, str]


def sweep_design(results: Results) -> SweepDesign:
    """Read off what a sweep was to try, from its trials and, where it is recorded, its search space."""
    space: Mapping[str, Any] = results.meta.get("space") or {}
    axes: Mapping[str, Any] = space.get("space") or {}
    fields = [name for name in dict.fromkeys([*results.varied, *axes]) if name in results.trials]
    return SweepDesign(
        swept=tuple(_swept(name, results.trials[name], axes.get(name)) for name in fields if not is_seed(name)),
        seeds={name: values_text(results.trials[name]) for name in fields if is_seed(name)},
        fixed={name: value_label(value) for name, value in flatten(space.get("trial") or {}) if name not in fields},
        facts=_facts(results, space),
    )


def values_text(values: pd.Series) -> str:
    """The distinct values of a field; the ends and evenly spaced ones between when there are many; a dash without any."""
    distinct = sorted_values(values)
    shown = [value_label(value) for value in spread(distinct, MOST_VALUES)]
    return (", ".join(shown) or "–") + (f" (of {len(distinct):,})" if len(distinct) > len(shown) else "")


def _swept(name: str, values: pd.Series, axis: Any) -> SweptField:
    return SweptField(name, symbol(name), _drawn(axis), int(values.nunique(dropna=False)), values_text(values))


def _drawn(axis: Any) -> str:
    """The word of the search space and, but for listed values, what it was given."""
    if not isinstance(axis, Mapping) or not axis:
        return "listed"
    word, what = next(iter(axis.items()))
    when = f", when {axis['when']}" if "when" in axis else ""
    return f"{word}{'' if word in ('grid', 'choice') else f' {_words(what)}'}{when}"


def _facts(results: Results, space: Mapping[str, Any]) -> dict[str, str]:
    facts = {}
    if space:
        facts["replicas"] = f"{space.get('replicas') or 1} per setting"
        facts["search"] = _words(space.get("search") or {"algorithm": "grid"})
        facts["scheduler"] = _words(space.get("scheduler") or {"name": "none"})
    if space.get("require"):
        facts["required"] = "; ".join(map(str, space["require"]))
    packs = int(results.trials["pack"].replace("", pd.NA).nunique())
    pools: Mapping[str, int] = results.meta.get("pools") or {}
    if packs:
        facts["packs"] = f"{packs:,}"
    if pools:
        facts["pools"] = ", ".join(f"{name} ({count(number, 'pack')})" for name, number in pools.items())
    return facts


def _words(value: Any) -> str:
    """Nested settings in one line: the name first, then `key value`."""
    if isinstance(value, Mapping):
        first = [str(value[key]) for key in NAMES if key in value]
        return ", ".join([*first, *(f"{key} {_words(item)}" for key, item in value.items() if key not in NAMES)])
    if isinstance(value, list | tuple):
        return ("; " if any(isinstance(item, Mapping) for item in value) else ", ").join(map(_words, value))
    return str(value)
