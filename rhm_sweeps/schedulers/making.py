"""The scheduler of a search space."""

from __future__ import annotations

from rhm_sweeps.schedulers.halving import Halving, Hyperband
from rhm_sweeps.schedulers.median import MedianRule
from rhm_sweeps.schedulers.regime import RegimeRule
from rhm_sweeps.schedulers.scheduler import Judge, LastStep, PointwiseScheduler, Scheduler
from rhm_sweeps.spaces.scheduler_settings import (
    AshaSettings,
    HyperbandSettings,
    MedianSettings,
    RegimeSettings,
    SchedulerSettings,
)


def make_scheduler(settings: SchedulerSettings, last_step: LastStep = lambda _: None) -> Scheduler | None:
    """Return the scheduler of these settings; None for `none`, and for `pbt`, which lives in the pack.

    Args:
        last_step: at which step a trial ends anyway, where it is not stopped.
    """
    rule = _rule(settings)
    return None if rule is None else PointwiseScheduler(rule, last_step)


def _rule(settings: SchedulerSettings) -> Judge | None:
    if isinstance(settings, AshaSettings):
        return Halving(settings, settings.min_steps, settings.reduction_factor)
    if isinstance(settings, HyperbandSettings):
        return Hyperband(settings, settings.min_steps, settings.reduction_factor, settings.brackets)
    if isinstance(settings, MedianSettings):
        return MedianRule(settings)
    return RegimeRule(settings) if isinstance(settings, RegimeSettings) else None
