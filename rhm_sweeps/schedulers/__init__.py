"""Schedulers: which trials end early, by comparison with others or with what is left to learn."""

from rhm_sweeps.schedulers.making import make_scheduler
from rhm_sweeps.schedulers.scheduler import LastStep, Scheduler

__all__ = ["LastStep", "Scheduler", "make_scheduler"]
