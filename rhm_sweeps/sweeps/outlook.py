"""What a launch would do: its plan, in packs on pools, and what these cost."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.search.study import Study
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.calibration import estimate_packs
from rhm_sweeps.sweeps.cost import Estimate
from rhm_sweeps.sweeps.plan import MAX_SETTINGS, Plan, make_plan
from rhm_sweeps.sweeps.pool_packs import PoolPacks, pool_packs
from rhm_sweeps.sweeps.pools import Pools

PREVIEWED = 16
"""Suggestions of an adaptive search that are taken for all of them."""


@dataclass(frozen=True)
class Outlook:
    """A plan on pools. Of an adaptive search, whose plan is empty, `trials` are those of its first suggestions, a `share` of all."""

    plan: Plan
    pools: Pools
    trials: tuple[TrialConfig, ...]
    share: float = 1.0

    @cached_property
    def packs(self) -> PoolPacks:
        """The packs of each pool."""
        return pool_packs(self.trials, self.pools)

    @cached_property
    def estimate(self) -> Estimate:
        """FLOPs, memory and seconds of what is still to be trained."""
        return estimate_packs(self.packs, self.pools).times(1 / self.share)


def look_ahead(
    space: SearchSpace, pools: Pools, finished: Collection[str] = (), max_settings: int = MAX_SETTINGS
) -> Outlook:
    """Return the outlook for a space, less what is finished.

    Raises:
        UsageError, ConfigError: as `make_plan`.
    """
    plan = make_plan(space, finished, max_settings=max_settings)
    if not space.search.is_adaptive:
        return Outlook(plan, pools, plan.trials)
    study, count = Study(space), space.search.num_samples or 1
    suggestions = [study.ask() for _ in range(min(PREVIEWED, count))]
    trials = {trial.signature: trial for suggestion in suggestions for trial in suggestion.trials}
    return Outlook(plan, pools, tuple(trials.values()), len(suggestions) / count)
