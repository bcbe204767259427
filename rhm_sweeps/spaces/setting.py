"""One setting of a search space, and the trial that it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from rhm_sweeps.config import TrialConfig, trial_problems
from rhm_sweeps.errors import UsageError
from rhm_sweeps.spaces.expansion import derive, unmet
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.spaces.trial_builder import TrialBuilder


@dataclass(frozen=True)
class NoTrial:
    """A setting, by dotted field, that makes no trial, and why; `unwanted` if only because it does not meet `require`."""

    settings: Mapping[str, Any]
    reason: str
    unwanted: bool = False


def trial_of(
    space: SearchSpace, expanded: Mapping[str, Any], builder: TrialBuilder | None = None
) -> TrialConfig | NoTrial:
    """The trial of a setting that `expand` yields, with its derived fields; a builder of many makes them share their sections."""
    settings = expanded
    try:
        settings = derive(space.derived, expanded)
        if condition := unmet(space.require, settings):
            return NoTrial(settings, f"does not meet `require`: {condition.text}", unwanted=True)
        return (builder or TrialBuilder()).build(settings)
    except UsageError as error:
        return NoTrial(settings, str(error))
    except ValidationError as error:
        return NoTrial(settings, "; ".join(map(str, trial_problems(error))))
