"""A search space with more in it: further values of its axes, more draws, replicas or steps."""

from __future__ import annotations

from collections.abc import Sequence

from rhm_sweeps.config import flatten
from rhm_sweeps.errors import UsageError
from rhm_sweeps.spaces.distributions import Choice, Grid, Range, Scalar
from rhm_sweeps.spaces.expansion import DEFAULTS
from rhm_sweeps.spaces.fields import resolve_field
from rhm_sweeps.spaces.overrides import apply_overrides
from rhm_sweeps.spaces.search_space import SearchSpace

REPLACED = ("name", "replicas", "training.steps")
"""What is set anew: the others are added to."""


def extend_space(space: SearchSpace, changes: Sequence[str]) -> SearchSpace:
    """Return the space with values added by changes such as `train_size=grid:2048`; written as those of `apply_overrides`.

    A value of a field that is fixed makes it an axis of both; steps, replicas and numbers of draws take the new value.

    Raises:
        ConfigError: listing every change that cannot be read or leaves the space wrong.
        UsageError: if values cannot be added to the axis.
    """
    after = apply_overrides(space, changes)
    document = after.to_dict()
    document["trial"] = dict(flatten(document["trial"]))
    for name in dict.fromkeys(map(_field, changes)):
        if name is not None:
            word = "choice" if isinstance(space.axes.get(name), Choice) else "grid"
            values = dict.fromkeys([*_values(space, name), *_values(after, name)])
            document["trial"].pop(name, None)
            document["space"][name] = {word: list(values)}
    return SearchSpace.build(**document)


def _field(change: str) -> str | None:
    """The field to which a change adds values."""
    name = change.partition("=")[0]
    if name in REPLACED or name.startswith("search.") or name.startswith("scheduler."):
        return None
    field = resolve_field(name)
    return None if field in REPLACED else field


def _values(space: SearchSpace, name: str) -> Sequence[Scalar]:
    axis = space.axes.get(name)
    if isinstance(axis, Grid | Choice):
        return axis.options
    if isinstance(axis, Range):
        return axis.values()
    if axis is None and name not in space.derived and not any(name in settings for settings in space.zipped):
        fixed: Scalar = dict(flatten(space.trial)).get(name, DEFAULTS[name])
        return [fixed]
    raise UsageError(
        f"{name} does not list its values, so that none can be added; set search.num_samples for more draws"
    )
