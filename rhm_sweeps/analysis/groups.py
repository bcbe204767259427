"""Settings of a sweep: groups of trials that differ in their seeds only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rhm_sweeps.config import is_seed
from rhm_sweeps.tracking.results import Results

TRAIN_SIZE = "training.train_size"
RULES = "grammar.seed_rules"
MOST_FACETS = 6
"""Facets that are shown one by one, as panels of a figure or in sentences."""
SYMBOLS = {
    TRAIN_SIZE: "P",
    "diffusion.timesteps": "T",
    "grammar.num_classes": "n",
    "grammar.num_features": "v",
    "grammar.num_layers": "L",
    "grammar.num_synonyms": "m",
    "grammar.tuple_size": "s",
}


@dataclass(frozen=True)
class Groups:
    """The trials of a sweep by setting.

    `axis` is the field that figures are drawn against (train_size when it varies), `facets` the other varied fields,
    but those that it determines. `settings` has a row per group: the varied fields, `facet` (a number per combination
    of the facets) and `trials` (how many). `of_trial` maps signatures to rows of `settings`.
    """

    axis: str | None
    facets: tuple[str, ...]
    settings: pd.DataFrame
    of_trial: pd.Series

    def facet_label(self, facet: int) -> str:
        """Name a combination of facet values: `width = 128, T = 200`; empty when nothing but the axis varies."""
        return self._describe(int((self.settings["facet"] == facet).idxmax()), self.facets)

    def label(self, group: int) -> str:
        """Name a group by its axis and its facets; `all trials` when only seeds vary."""
        return self._describe(group, ((self.axis,) if self.axis else ()) + self.facets) or "all trials"

    def _describe(self, group: int, fields: tuple[str, ...]) -> str:
        return ", ".join(f"{symbol(field)} = {value_label(self.settings.at[group, field])}" for field in fields)


def group_trials(results: Results) -> Groups:
    """Group the trials that agree in every varied field but the seeds, in the order of the axis, then of the facets.

    When seeds alone vary, and several trials share each grammar, the grammars are the groups.
    """
    fields = [field for field in results.varied if not is_seed(field)]
    axis = TRAIN_SIZE if TRAIN_SIZE in fields else next(iter(fields), None)
    if axis is None and _has_replicas(results.trials[RULES]):
        fields, axis = [RULES], RULES
    trials = results.trials
    others = [field for field in fields if field != axis]
    distinct = trials[fields].drop_duplicates()
    facets = [field for field in others if not _determined(distinct, axis, field)]
    order = ([axis] if axis else []) + facets + [field for field in others if field not in facets]
    rank = pd.Series(_ranks(trials, order), index=trials.index)
    first = rank.drop_duplicates().sort_values()
    settings = trials.loc[first.index, order].set_axis(first.to_numpy())
    settings["facet"] = _ranks(settings, facets)
    settings["trials"] = rank.value_counts().reindex(settings.index)
    return Groups(axis, tuple(facets), settings, rank)


def _has_replicas(values: pd.Series) -> bool:
    return bool(1 < values.nunique() < len(values))


def is_numeric(values: pd.Series) -> bool:
    """Whether a field is drawn on a numeric axis; flags, seeds and missing values are categories."""
    if is_seed(str(values.name)):
        return False
    return bool(
        pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values) and values.notna().all()
    )


def _words(field: str) -> str:
    """The last part of a field's name in words; that of its section where the part alone says nothing."""
    section, _, leaf = field.rpartition(".")
    return section if leaf in ("name", "explicit") else leaf.replace("_", " ")


def symbol(field: str) -> str:
    """The symbol of a field where the literature has one (P, v, m, ...), else its name in words."""
    return SYMBOLS.get(field) or _words(field)


def axis_title(field: str) -> str:
    """Name a field on an axis of a figure, with its symbol as a formula."""
    words = "training-set size" if field == TRAIN_SIZE else _words(field)
    return f"{words} ${SYMBOLS[field]}$" if field in SYMBOLS else words


def value_label(value: Any) -> str:
    """Write a field's value the short way: 1e-3 as 0.001, None and NaN as `default`."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "default"
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if value.is_integer() else f"{value:.3g}"


def sorted_values(values: pd.Series) -> list[Any]:
    """The distinct values of a field in ascending order, also where numbers, names and None are mixed."""
    distinct = values.drop_duplicates()
    return [distinct.iloc[place] for place in _sort_codes(distinct).argsort()]


def spread(items: list[Any], limit: int) -> list[Any]:
    """At most `limit` of the items, evenly spaced, first and last included."""
    if len(items) <= limit:
        return items
    return [items[round(i * (len(items) - 1) / (limit - 1))] for i in range(limit)]


def _determined(settings: pd.DataFrame, axis: str | None, field: str) -> bool:
    """Whether each value of the axis goes with one value of the field, as for a `derived` one; `settings` has none twice.

    Where no value of the axis comes twice, as in a random search, that says nothing: the field must also be monotonic.
    """
    values = settings.groupby(axis, dropna=False)[field]
    if not (values.nunique(dropna=False) == 1).all():
        return False
    by_axis = values.first()
    return len(by_axis) < len(settings) or by_axis.is_monotonic_increasing or by_axis.is_monotonic_decreasing


def _ranks(table: pd.DataFrame, fields: list[str]) -> Any:
    """Number the rows' combinations of fields 0, 1, ... in ascending order; all 0 without fields."""
    if not fields:
        return [0] * len(table)
    keys = pd.DataFrame({field: _sort_codes(table[field]) for field in fields})
    return keys.groupby(fields).ngroup().to_numpy()


def _sort_codes(values: pd.Series) -> Any:
    keys = values if is_numeric(values) else values.map(_mixed_key)
    return pd.factorize(keys, sort=True)[0]


def _mixed_key(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)
    return f"0{value:030.10f}" if number else f"1{value}"
