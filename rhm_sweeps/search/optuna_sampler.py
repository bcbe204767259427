"""TPE, Gaussian processes and NSGA-II by Optuna, whose study is made anew for each suggestion: nothing of Optuna's is kept."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, GPSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from rhm_sweeps.search.optuna_axes import from_optuna, optuna_distribution, to_optuna
from rhm_sweeps.search.suggestion import Tried
from rhm_sweeps.spaces.distributions import Scalar
from rhm_sweeps.spaces.search_space import SearchSpace

optuna.logging.set_verbosity(optuna.logging.ERROR)

_GENERATION = "NSGAIISampler:generation"

Holds = Callable[[str, dict[str, Scalar]], bool]
"""Whether an axis holds, given the values of those before it."""


def suggest_by_optuna(
    space: SearchSpace,
    tried: Sequence[Tried],
    order: Sequence[str],
    holds: Holds,
    seed: int,
    *,
    at_random: bool = False,
) -> dict[str, Scalar]:
    """Values of the random axes, given what was tried before; a function of its arguments alone.

    Args:
        tried: in order; of those without a result, open ones are not tried again nearby.
        order: the random axes, each after those that its condition depends on.
        holds: whether an axis holds; one that does not is not drawn.
        seed: of the random numbers.
        at_random: draw at random instead.
    """
    goals = space.search.goals
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        study = optuna.create_study(
            directions=["maximize" if goal.maximizes else "minimize" for goal in goals],
            sampler=RandomSampler(seed) if at_random else _sampler(space, seed),
        )
        study.add_trials(list(_trials(space, tried)))
        return _drawn(space, study.ask(), order, holds)


def _drawn(space: SearchSpace, trial: optuna.Trial, order: Sequence[str], holds: Holds) -> dict[str, Scalar]:
    values: dict[str, Scalar] = {}
    for name in order:
        if holds(name, values):
            axis = space.random_axes[name]
            values[name] = from_optuna(axis, _suggested(trial, name, optuna_distribution(axis)))
    return values


def _suggested(
    trial: optuna.Trial, name: str, axis: FloatDistribution | IntDistribution | CategoricalDistribution
) -> Any:
    if isinstance(axis, FloatDistribution):
        return trial.suggest_float(name, axis.low, axis.high, log=axis.log)
    if isinstance(axis, IntDistribution):
        return trial.suggest_int(name, axis.low, axis.high, log=axis.log)
    return trial.suggest_categorical(name, axis.choices)


def _sampler(space: SearchSpace, seed: int) -> BaseSampler:
    startup = space.search.startup
    if space.search.algorithm == "tpe":  # jointly over all axes, if there are always the same
        return TPESampler(seed=seed, n_startup_trials=startup, multivariate=not space.conditions, constant_liar=True)
    if space.search.algorithm == "gp":
        return GPSampler(seed=seed, n_startup_trials=startup)
    return NSGAIISampler(seed=seed, population_size=max(startup, 2))


def _trials(space: SearchSpace, tried: Sequence[Tried]) -> Iterator[FrozenTrial]:
    """Yield Optuna's record of what was tried. NSGA-II's generations are filled in the order of what has results."""
    axes, finished = space.random_axes, 0
    distributions = {name: optuna_distribution(axis) for name, axis in axes.items()}
    for one in tried:
        generation = finished // max(space.search.startup, 2)
        finished += one.has_result
        yield create_trial(
            state=_state(space, one),
            values=one.values if one.has_result else None,
            params={name: to_optuna(axes[name], value) for name, value in one.params.items()},
            distributions={name: distributions[name] for name in one.params},
            system_attrs={_GENERATION: generation} if one.has_result else {},
        )


def _state(space: SearchSpace, one: Tried) -> TrialState:
    """To TPE what has no result is worse than all that have: it failed for what it is."""
    if one.has_result:
        return TrialState.COMPLETE
    if one.values is None:
        return TrialState.RUNNING
    return TrialState.PRUNED if space.search.algorithm == "tpe" else TrialState.FAIL
