"""The values of a swept parameter, or bins of them, by which trials are gathered."""

from __future__ import annotations

import dataclasses
from typing import Any

import pandas as pd

from rhm_sweeps.analysis.groups import is_numeric, sorted_values, value_label

MOST_VALUES, BINS = 16, 8


@dataclasses.dataclass(frozen=True)
class ValueBins:
    """The distinct values of a field in ascending order; of a number with more than 16, the medians of bins of as many trials.

    `labels` are the values in words, `of_trial` the place of each trial's value among them.
    """

    field: str
    numeric: bool
    binned: bool
    values: tuple[Any, ...]
    labels: tuple[str, ...]
    of_trial: pd.Series = dataclasses.field(repr=False, compare=False)


def value_bins(values: pd.Series) -> ValueBins:
    """Gather trials by their values of a field, the name of the series; shape (N,)."""
    numeric = is_numeric(values)
    binned = numeric and values.nunique() > MOST_VALUES
    if binned:
        values = values.groupby(pd.qcut(values, BINS, duplicates="drop"), observed=True).transform("median")
    ordered = sorted_values(values)
    labels = [value_label(value) for value in ordered]
    keys = values if numeric else values.map(value_label, na_action=None)
    places = {key: place for place, key in enumerate(ordered if numeric else labels)}
    return ValueBins(str(values.name), numeric, binned, tuple(ordered), tuple(labels), keys.map(places, na_action=None))
