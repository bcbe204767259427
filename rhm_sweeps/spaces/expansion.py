"""The settings of a search space, one by one: axes crossed, drawn and repeated, then what is derived from them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from rhm_sweeps.config import TrialConfig, flatten
from rhm_sweeps.errors import UsageError
from rhm_sweeps.spaces.expressions import Expression
from rhm_sweeps.spaces.fields import takes_integers
from rhm_sweeps.spaces.header import SEED_FIELDS
from rhm_sweeps.spaces.quantiles import at_quantile
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.spaces.sobol import sobol_points

DEFAULTS: Mapping[str, Any] = TrialConfig().flat()
"""The fields of the trial of which nothing is set."""


def expand(space: SearchSpace) -> Iterator[dict[str, Any]]:
    """Yield the settings of a space by dotted field: `zip` and listed axes crossed (the last fastest), then draws, then replicas;
    after them the single `trials`, each in its replicas. The cells of an adaptive search are for `expand_suggestion`.

    Draw i of a field depends on the search seed, the values of the listed axes, i and the field alone, so a larger
    `num_samples` keeps earlier draws. Where the condition of an axis does not hold, its field stays as fixed. Replica r
    adds r to each seed that is not varied. Derived fields are for `derive`.

    Raises:
        UsageError: if the condition of an axis is neither true nor false.
    """
    fixed = dict(flatten(space.trial))
    values = {**DEFAULTS, **fixed}
    for cell in _cells(space, values) if space.num_cells and not space.search.is_adaptive else ():
        for draw in _draws(space, cell, values):
            yield from _replicas(space, fixed, cell | draw)
    for settings in space.trials:
        yield from _replicas(space, {**fixed, **settings}, {})


def expand_suggestion(space: SearchSpace, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the settings in which random axes have given values: those of each cell of the listed axes, in their replicas.

    Raises:
        UsageError: if the condition of an axis is neither true nor false.
    """
    fixed = dict(flatten(space.trial))
    values = {**DEFAULTS, **fixed}
    for cell in _cells(space, values):
        varied = dict(cell)
        for name in drawing_order(space):
            if name in params and _holds(space, name, {**values, **varied}):
                varied[name] = params[name]
        yield from _replicas(space, fixed, varied)


def drawing_order(space: SearchSpace) -> list[str]:
    """The random axes, each after those that its condition depends on."""
    axes, conditions = space.random_axes, space.conditions
    return [*(name for name in axes if name not in conditions), *(name for name in conditions if name in axes)]


def holds_somewhere(space: SearchSpace, name: str, drawn: Mapping[str, Any]) -> bool:
    """Whether a random axis holds in any cell of the listed axes, given the values of those drawn before it.

    Raises:
        UsageError: if its condition is neither true nor false.
    """
    values = {**DEFAULTS, **dict(flatten(space.trial))}
    cells = _cells(space, values) if name in space.conditions else iter([{}])
    return any(_holds(space, name, {**values, **cell, **drawn}) for cell in cells)


def _holds(space: SearchSpace, name: str, values: Mapping[str, Any]) -> bool:
    return name not in space.conditions or space.conditions[name].holds(values)


def _replicas(space: SearchSpace, fixed: dict[str, Any], varied: dict[str, Any]) -> Iterator[dict[str, Any]]:
    seeds = {
        name: fixed.get(name, DEFAULTS[name])
        for name in SEED_FIELDS
        if name not in varied and name not in space.derived
    }
    for replica in range(space.replicas):
        yield fixed | varied | {name: seed + replica for name, seed in seeds.items()}


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
    axes, order = space.random_axes, drawing_order(space)
    if not order:
        yield {}
        return
    prefix = f"{space.search.seed}/{json.dumps(cell, sort_keys=True)}"
    points = sobol_points(len(order), space.num_draws, prefix) if space.search.algorithm == "qmc" else None
    for index in range(space.num_draws):
        draw: dict[str, Any] = {}
        for dimension, name in enumerate(order):
            if not _holds(space, name, {**values, **cell, **draw}):
                continue
            if points is None:
                draw[name] = axes[name].sample(Random(f"{prefix}/{index}/{name}"))
            else:
                draw[name] = at_quantile(axes[name], float(points[index, dimension]))
        yield draw
        if not draw:  # nothing is drawn here, so that all further draws would be this one
            return
