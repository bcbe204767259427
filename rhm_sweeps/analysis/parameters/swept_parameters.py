"""Which fields of a sweep vary on their own, and which only follow others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod

import pandas as pd

from rhm_sweeps.analysis.groups import is_numeric, sorted_values

MOST_CROSSED = 10
"""Varied fields up to which a complete grid is looked for among them."""


@dataclass(frozen=True)
class SweptParameters:
    """The parameters of a sweep, and the fields whose values follow from theirs.

    `names` are the dotted fields; `codes` has a column for each: the place of a trial's value among the sorted ones, shape
    (N, parameters). `crossed` says that at least half of the combinations of values are there, as in a grid.
    """

    names: tuple[str, ...]
    following: tuple[str, ...]
    codes: pd.DataFrame
    crossed: bool


def swept_parameters(trials: pd.DataFrame, fields: Sequence[str]) -> SweptParameters:
    """Tell the parameters of the trials from the fields that they determine, such as `derived` and zipped ones.

    The largest complete grid that determines all other fields is taken; without one, each field that follows an
    earlier one is left out.

    Args:
        trials: a column per field, shape (N, ...).
        fields: the fields that differ between settings, no seeds that replicas share.
    """
    varied = [field for field in fields if trials[field].nunique(dropna=False) > 1]
    codes = pd.DataFrame({field: value_codes(trials[field]) for field in varied}, index=trials.index)
    settings = codes.drop_duplicates()
    words = {field for field in varied if not is_numeric(trials[field])}
    kept = _grid(settings, words) or _leaders(settings, words)
    crossed = bool(kept) and 2 * len(settings[kept].drop_duplicates()) >= prod(settings[kept].nunique().tolist())
    return SweptParameters(tuple(kept), tuple(field for field in varied if field not in kept), codes[kept], crossed)


def value_codes(values: pd.Series) -> pd.Series:
    """The place 0, 1, ... of each value among the sorted distinct ones, missing values last."""
    places = {_key(value): place for place, value in enumerate(sorted_values(values))}
    return values.map(lambda value: places[_key(value)], na_action=None).astype("int64")


def _key(value: object) -> object:
    return None if pd.isna(value) else value


def _grid(settings: pd.DataFrame, words: set[str]) -> list[str]:
    """The largest set of fields of which the settings are all combinations, each once, and that all others follow."""
    fields = list(settings.columns)
    sizes = {field: int(settings[field].nunique()) for field in fields}
    if len(fields) > MOST_CROSSED:
        return []
    for number in range(len(fields), 0, -1):
        for kept in combinations(fields, number):
            if prod(sizes[field] for field in kept) != len(settings) or settings.duplicated(list(kept)).any():
                continue
            if all(_determined(settings, kept, field, words) for field in fields if field not in kept):
                return list(kept)
    return []


def _determined(settings: pd.DataFrame, kept: Sequence[str], field: str, words: set[str]) -> bool:
    """Whether a field follows one of the parameters, or several at once but none alone."""
    return any(_follows(settings, leader, field, words) for leader in kept) or not any(
        _is_function(settings, leader, field) for leader in kept
    )


def _leaders(settings: pd.DataFrame, words: set[str]) -> list[str]:
    kept: list[str] = []
    for field in settings.columns:
        if not any(_follows(settings, leader, field, words) for leader in kept):
            kept.append(field)
    return kept


def _is_function(settings: pd.DataFrame, leader: str, field: str) -> bool:
    return bool((settings.groupby(leader)[field].nunique() == 1).all())


def _follows(settings: pd.DataFrame, leader: str, field: str, words: set[str]) -> bool:
    """Whether a field is a function of another one: of a name, or monotonic in a number.

    Independent draws of two numbers are a function too, since no value comes twice, but hardly a monotonic one.
    """
    if not _is_function(settings, leader, field):
        return False
    values = settings.groupby(leader)[field].first()
    return leader in words or bool(values.is_monotonic_increasing or values.is_monotonic_decreasing)
