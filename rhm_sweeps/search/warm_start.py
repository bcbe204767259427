"""Results of other sweeps that a search can start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from rhm_sweeps.config import TrialConfig, nest
from rhm_sweeps.search.suggested_trials import trials_of
from rhm_sweeps.search.suggestion import Evaluated
from rhm_sweeps.spaces.distributions import Scalar
from rhm_sweeps.spaces.expansion import DEFAULTS, drawing_order, holds_somewhere
from rhm_sweeps.spaces.header import SEED_FIELDS
from rhm_sweeps.spaces.quantiles import at_quantile, contains
from rhm_sweeps.spaces.search_space import SearchSpace

Result = tuple[Mapping[str, Any], tuple[float, ...]]


@dataclass(frozen=True)
class StartingPoint:
    """Results by values of the searched fields, and the number of trials that they are from."""

    evaluated: tuple[Evaluated, ...]
    num_trials: int


def evaluated_params(space: SearchSpace, results: Sequence[Result]) -> StartingPoint:
    """The results of trials that the space could have, seeds of replicas apart, in their order."""
    found: dict[tuple[tuple[str, Scalar], ...], list[tuple[float, ...]]] = {}
    for settings, values in results:
        fields = {**DEFAULTS, **settings}
        params = _params(space, fields)
        if params is not None and len(values) == len(space.search.goals) and _is_in(space, params, fields):
            found.setdefault(tuple(params.items()), []).append(tuple(values))
    evaluated = [
        Evaluated(None, dict(params), tuple(map(fmean, zip(*values, strict=True)))) for params, values in found.items()
    ]
    return StartingPoint(tuple(evaluated), sum(map(len, found.values())))


def _params(space: SearchSpace, fields: Mapping[str, Any]) -> dict[str, Scalar] | None:
    """The values of the random axes, None if one is outside; an axis that does not hold has no value in TPE, else its median."""
    params: dict[str, Scalar] = {}
    for name in drawing_order(space):
        axis = space.random_axes[name]
        if holds_somewhere(space, name, params):
            if not contains(axis, fields[name]):
                return None
            params[name] = fields[name]
        elif space.search.algorithm != "tpe":
            params[name] = at_quantile(axis, 0.5)
    return params


def _is_in(space: SearchSpace, params: Mapping[str, Scalar], fields: Mapping[str, Any]) -> bool:
    """Whether one of the trials of these values is that of the fields, seeds of replicas apart."""
    chosen = {*space.axes, *space.derived, *(space.zipped[0] if space.zipped else ())}
    seeds = {name: fields[name] for name in SEED_FIELDS if name not in chosen}
    wanted = _signature(fields)
    return any(_signature(trial.flat() | seeds) == wanted for trial in trials_of(space, params).trials)


def _signature(fields: Mapping[str, Any]) -> str:
    return TrialConfig.model_validate(nest(fields)).signature
