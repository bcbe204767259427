"""What differs between two search spaces: fixed fields, axes and their values, and how they are searched and repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rhm_sweeps.config import FIELDS, TrialConfig, flatten
from rhm_sweeps.spaces.distributions import ListedDistribution, parse_distribution

_DEFAULTS = TrialConfig().flat()
_IDENTITY = ("name", "question", "trial", "space")


@dataclass(frozen=True)
class FieldDiff:
    """How a field is set in each space: a fixed value, an axis, an expression. `removed` and `added` are the values that only
    the first or the second has, where both list theirs."""

    field: str
    a: Mapping[str, Any]
    b: Mapping[str, Any]
    removed: tuple[Any, ...] = ()
    added: tuple[Any, ...] = ()


@dataclass(frozen=True)
class SettingDiff:
    """A setting of the space as a whole, such as `replicas` or `search.algorithm`; None where a space does not have it."""

    name: str
    a: Any
    b: Any


@dataclass(frozen=True)
class SpaceDiff:
    """All that differs; names and questions may."""

    fields: tuple[FieldDiff, ...]
    settings: tuple[SettingDiff, ...]

    @property
    def is_empty(self) -> bool:
        return not self.fields and not self.settings


def diff_spaces(a: Mapping[str, Any], b: Mapping[str, Any]) -> SpaceDiff:
    """Compare two spaces as their `to_dict` gives them; a field that one does not set has its default there."""
    fields = [_diff_field(name, _setting(a, name), _setting(b, name)) for name in FIELDS]
    whole_a, whole_b = (dict(flatten({k: v for k, v in side.items() if k not in _IDENTITY})) for side in (a, b))
    settings = [
        SettingDiff(name, whole_a.get(name), whole_b.get(name))
        for name in dict.fromkeys([*whole_a, *whole_b])
        if whole_a.get(name) != whole_b.get(name)
    ]
    return SpaceDiff(tuple(found for found in fields if found), tuple(settings))


def _setting(space: Mapping[str, Any], field: str) -> dict[str, Any]:
    axes = space.get("space", {})
    if field in axes:
        return dict(axes[field])
    zipped = axes.get("zip", [])
    if zipped and field in zipped[0]:
        return {"zip": [settings[field] for settings in zipped]}
    return {"fixed": dict(flatten(space.get("trial", {}))).get(field, _DEFAULTS[field])}


def _diff_field(field: str, a: dict[str, Any], b: dict[str, Any]) -> FieldDiff | None:
    if a == b:
        return None
    values_a, values_b = _values(a), _values(b)
    if values_a is None or values_b is None:
        return FieldDiff(field, a, b)
    if values_a == values_b and a.get("when") == b.get("when"):
        return None
    removed = tuple(value for value in values_a if value not in values_b)
    return FieldDiff(field, a, b, removed, tuple(value for value in values_b if value not in values_a))


def _values(setting: dict[str, Any]) -> list[Any] | None:
    """The values of what lists them."""
    if "fixed" in setting or "derived" in setting:
        return None
    if "zip" in setting:
        return list(setting["zip"])
    axis = parse_distribution({key: value for key, value in setting.items() if key != "when"})
    return list(axis.values()) if isinstance(axis, ListedDistribution) else None
