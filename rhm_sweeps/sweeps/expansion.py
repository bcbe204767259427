"""The settings of a search space, one by one: axes crossed, drawn and repeated, then what is derived from them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from rhm_sweeps.config import TrialConfig, flatten
from rhm_sweeps.errors import UsageError
from rhm_sweeps.sweeps.expressions import Expression
from rhm_sweeps.sweeps.fields import takes_integers
from rhm_sweeps.sweeps.search_space import SearchSpace
from rhm_sweeps.sweeps.space_header import SEED_FIELDS

DEFAULTS: Mapping[str, Any] = TrialConfig().flat()
"""The fields of the trial of which nothing is set."""


def expand(space: SearchSpace) -> Iterator[dict[str, Any]]:
    """Yield the settings of a space by dotted field: `zip` and listed axes crossed (the last fastest), then draws, then replicas.

    Draw i of a field depends on the search seed, the values of the listed axes, i and the field alone, so a larger
    `num_samples` keeps earlier draws. Where the condition of an axis does not hold, its field stays as fixed. Replica r
    adds r to each seed that is not varied. Derived fields are for `derive`.

    Raises:
        UsageError: if the condition of an axis is neither true nor false.
    """
    fixed = dict(flatten(space.trial))
    values = {**DEFAULTS, **fixed}
    for cell in _cells(space, values):
        for draw in _draws(space, cell, values):
            varied = cell | draw
            seeds = [name for name in SEED_FIELDS if name not in varied and name not in space.derived]
            for replica in range(space.replicas):
                yield fixed | varied | {name: fixed.get(name, DEFAULTS[name]) + replica for name in seeds}


def derive(derived: Mapping[str, Expression], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with the derived fields, each worked out after those that it depends on.

    Raises:
        UsageError: if one has no result, or one that its field does not take, with the expression and its values.
    """
    values = {**DEFAULTS, **settings} if derived else {}
    for name, expression in derived.items():
        result: int | float = expression.number(values)
        if takes_integers(name):
            if result != int(result):
                raise UsageError(
                    f"{name} is {expression.said(values)}, which gives {result}, but must be a whole number"
                )
            result = int(result)
        values[name] = result
    return {**settings, **{name: values[name] for name in derived}}


def unmet(require: Sequence[Expression], settings: Mapping[str, Any]) -> Expression | None:
    """Return the first of the conditions that settings do not meet, or None.

    Raises:
        UsageError: if a condition is neither true nor false for them.
    """
    values = {**DEFAULTS, **settings} if require else {}
    return next((condition for condition in require if not condition.holds(values)), None)


def _cells(space: SearchSpace, values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    listed = space.listed_axes
    everywhere = {name: axis.values() for name, axis in listed.items() if name not in space.conditions}
    conditional = [name for name in space.conditions if name in listed]
    for together in space.zipped or ({},):
        for crossed in itertools.product(*everywhere.values()):
            cell = {**together, **dict(zip(everywhere, crossed, strict=True))}
            yield from _cross(space, conditional, cell, values)


def _cross(
    space: SearchSpace, names: Sequence[str], cell: dict[str, Any], values: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield the cell with each value of the axes whose conditions hold in it."""
    if not names:
        yield cell
    elif space.conditions[names[0]].holds({**values, **cell}):
        for value in space.listed_axes[names[0]].values():
            yield from _cross(space, names[1:], {**cell, names[0]: value}, values)
    else:
        yield from _cross(space, names[1:], cell, values)


def _draws(space: SearchSpace, cell: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    axes, conditions = space.random_axes, space.conditions
    order = [*(name for name in axes if name not in conditions), *(name for name in conditions if name in axes)]
    prefix = f"{space.search.seed}/{json.dumps(cell, sort_keys=True)}"
    for index in range(space.num_draws):
        draw: dict[str, Any] = {}
        for name in order:
            if name not in conditions or conditions[name].holds({**values, **cell, **draw}):
                draw[name] = axes[name].sample(Random(f"{prefix}/{index}/{name}"))
        yield draw
        if not draw:  # nothing is drawn here, so that all further draws would be this one
            return
