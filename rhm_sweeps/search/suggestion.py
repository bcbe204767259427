"""A suggestion of an adaptive search, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.spaces.distributions import Scalar


@dataclass(frozen=True)
class Suggestion:
    """Values of the searched fields, by dotted name, and the trials that evaluate them; `reasons` say which make none, and why."""

    number: int
    params: Mapping[str, Scalar]
    trials: tuple[TrialConfig, ...]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evaluated:
    """Values of the searched fields with those of the objectives; `number` is None for what a search started from."""

    number: int | None
    params: Mapping[str, Scalar]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Tried:
    """What a sampler knows of one suggestion: `values` is None while it has no result, and () if it never will have one."""

    params: Mapping[str, Scalar]
    values: tuple[float, ...] | None = None

    @property
    def has_result(self) -> bool:
        """Whether there are values to learn from."""
        return bool(self.values)
