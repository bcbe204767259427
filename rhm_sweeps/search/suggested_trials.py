"""The trials that evaluate a suggestion, and what their results make of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.ledger import MetricPoint
from rhm_sweeps.spaces.distributions import Scalar
from rhm_sweeps.spaces.expansion import expand_suggestion
from rhm_sweeps.spaces.goal import COSTS, Goal
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.spaces.setting import NoTrial, trial_of


@dataclass(frozen=True)
class SuggestedTrials:
    """The distinct trials of a suggestion, and why others of its settings make none."""

    trials: tuple[TrialConfig, ...]
    left_out: tuple[NoTrial, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """The distinct reasons."""
        return tuple(dict.fromkeys(setting.reason for setting in self.left_out))


def trials_of(space: SearchSpace, params: Mapping[str, Scalar]) -> SuggestedTrials:
    """The trials in which the random axes have given values: one for each cell of the listed axes and `zip`, times the replicas."""
    try:
        found = [trial_of(space, settings) for settings in expand_suggestion(space, params)]
    except UsageError as error:
        found = [NoTrial(params, str(error))]
    trials = {trial.signature: trial for trial in found if isinstance(trial, TrialConfig)}
    return SuggestedTrials(tuple(trials.values()), tuple(setting for setting in found if isinstance(setting, NoTrial)))


def objective_values(
    space: SearchSpace,
    trials: Sequence[TrialConfig],
    points: Mapping[str, Sequence[MetricPoint]],
    costs: Mapping[str, Mapping[str, float]] | None = None,
) -> tuple[float, ...] | None:
    """The value of each objective of a suggestion, its mean over the trials; None if one has none that is finite.

    Args:
        trials: those that evaluate the suggestion.
        points: of each trial, by signature, in any order; without those of trials that failed.
        costs: `flops` and `seconds` of each trial, by signature.
    """
    goals = space.search.goals
    found = [[_value(space, goal, trial.signature, points, costs or {}) for trial in trials] for goal in goals]
    values = tuple(fmean(one) if one else math.nan for one in found)
    return values if values and all(map(math.isfinite, values)) else None


def _value(
    space: SearchSpace,
    goal: Goal,
    signature: str,
    points: Mapping[str, Sequence[MetricPoint]],
    costs: Mapping[str, Mapping[str, float]],
) -> float:
    if goal.metric in COSTS:
        return costs.get(signature, {}).get(goal.metric, math.nan)
    ordered = sorted(points.get(signature, ()), key=lambda point: point.step)
    values = [point.metrics.get(goal.metric, math.nan) for point in ordered]
    if space.search.value == "last":
        return values[-1] if values else math.nan
    finite = [value for value in values if math.isfinite(value)]
    return (max if goal.maximizes else min)(finite, default=math.nan)
