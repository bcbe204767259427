"""Whether the trials of a space report the metrics by which they are compared."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.errors import Problem
from rhm_sweeps.evaluation.metric_names import metric_names
from rhm_sweeps.nearest_name import cure_and_names
from rhm_sweeps.spaces.goal import COSTS, Goal
from rhm_sweeps.spaces.scheduler_settings import RegimeSettings
from rhm_sweeps.spaces.search_space import SearchSpace


def metric_findings(space: SearchSpace, trials: Sequence[TrialConfig]) -> Iterator[Problem]:
    """Yield a problem for each metric of an objective that not all trials report, and of a scheduler that none reports."""
    for index, goal in enumerate(space.search.goals):
        key = f"search.objectives[{index}].metric" if space.search.objectives else "search.metric"
        if goal.metric not in COSTS:
            lacking = next((trial for trial in trials if goal.metric not in metric_names(trial)), None)
            if lacking is not None:
                yield Problem(key, _unreported(goal.metric, metric_names(lacking), COSTS))
    for metric in _of_scheduler(space):
        if trials and not any(metric in metric_names(trial) for trial in trials):
            where = "scheduler.metric" if isinstance(space.scheduler, Goal) else "scheduler"
            yield Problem(where, _unreported(metric, metric_names(trials[0]), ()))


def _of_scheduler(space: SearchSpace) -> Iterator[str]:
    scheduler = space.scheduler
    if isinstance(scheduler, Goal):
        yield scheduler.metric
    elif isinstance(scheduler, RegimeSettings):
        wanted = {
            "excess_copies": scheduler.max_excess_copies,
            "validity_1": scheduler.learned_validity,
            "test_loss": scheduler.flat_doublings,
        }
        yield from (metric for metric, bound in wanted.items() if bound is not None)


def _unreported(metric: str, names: Collection[str], costs: Collection[str]) -> str:
    known = [*names, *costs]
    return f"is {metric}, which trials of this space do not report; {cure_and_names(metric, known)}"
