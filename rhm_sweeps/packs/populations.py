"""Populations of a plan: trials that differ in their rates and training seed alone train together and copy each other."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence

from rhm_sweeps.config import FIELDS, PERTURBED, PopulationConfig, TrialConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.spaces.scheduler_settings import PbtSettings

LEAST_MEMBERS = 4

_OWN = ("training.seed", *(f"training.{name}" for name in PERTURBED))
"""The fields in which the members of a population may differ."""


def form_populations(trials: Sequence[TrialConfig], settings: PbtSettings) -> list[TrialConfig]:
    """Return the trials, in their order, each with the population that it trains in.

    Raises:
        UsageError: if a population would have fewer than 4 members.
    """
    groups: dict[tuple[Hashable, ...], list[TrialConfig]] = {}
    for trial in trials:
        groups.setdefault(_shared(trial), []).append(trial)
    smallest = min(groups.values(), key=len, default=())
    if smallest and len(smallest) < LEAST_MEMBERS:
        raise UsageError(
            f"a population of scheduler `pbt` has {len(smallest)} members, but needs >= {LEAST_MEMBERS}: "
            f"trials that differ in {', '.join(_OWN[:-1])} or {_OWN[-1]} alone; give these more values in the space"
        )
    formed = {key: _population(members, settings) for key, members in groups.items()}
    return [_member(trial, formed[_shared(trial)]) for trial in trials]


def _shared(trial: TrialConfig) -> tuple[Hashable, ...]:
    flat = trial.flat()
    return tuple(flat[name] for name in FIELDS if name not in _OWN)


def _population(trials: Sequence[TrialConfig], settings: PbtSettings) -> PopulationConfig:
    members = hashlib.sha256(" ".join(sorted(trial.signature for trial in trials)).encode()).hexdigest()[:12]
    perturbed = [name.removeprefix("training.") for name in settings.fields]
    same = ("metric", "mode", "interval", "quantile", "perturb")
    return PopulationConfig.model_validate(
        {
            **{name: getattr(settings, name) for name in same},
            "members": members,
            "perturbs": "both" if len(perturbed) > 1 else perturbed[0],
        }
    )


def _member(trial: TrialConfig, population: PopulationConfig) -> TrialConfig:
    sections = {name: getattr(trial, name) for name in type(trial).model_fields}
    return TrialConfig(**{**sections, "population": population})
