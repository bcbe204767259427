"""The sections of the trials' configurations, read back from a table of results."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

import pandas as pd
from pydantic.fields import FieldInfo

from rhm_sweeps.config import DiffusionConfig, GrammarConfig

Config = TypeVar("Config", GrammarConfig, DiffusionConfig)


def sections(trials: pd.DataFrame, section: str, kind: type[Config]) -> list[Config]:
    """A section of each row of `Results.trials`, such as (`grammar`, GrammarConfig); trials with equal fields share one object."""
    fields = kind.model_fields
    rows = trials.reindex(columns=[f"{section}.{name}" for name in fields]).itertuples(index=False)
    return [_made(kind, *map(plain_value, fields.values(), values)) for values in rows]


def plain_value(field: FieldInfo, value: Any) -> Any:
    """The value of a field as it was before pandas made floats of a column with gaps; the default in a gap."""
    if pd.isna(value):
        return field.default
    return int(value) if isinstance(value, float) and field.annotation is not float else value


@lru_cache(maxsize=4096)
def _made(kind: type[Config], *values: Any) -> Config:
    return kind(**dict(zip(kind.model_fields, values, strict=True)))


def optional_int(value: Any) -> int | None:
    """A whole number that pandas may have made a float of, or None."""
    return None if pd.isna(value) else int(value)
