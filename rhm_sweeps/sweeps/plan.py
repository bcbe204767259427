"""A plan: the trials of a search space that are still to be trained, and what was left out and why."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.ledger import FILE_NAME, Ledger
from rhm_sweeps.packs.populations import form_populations
from rhm_sweeps.spaces.expansion import expand
from rhm_sweeps.spaces.scheduler_settings import PbtSettings
from rhm_sweeps.spaces.search_settings import SearchSettings
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.sorted_settings import InvalidSetting, SortedSettings, check_settings, sort_settings

MAX_SETTINGS = 1_000_000
PROBES = 1000
"""Settings that are drawn of an adaptive search, whose own are not known before, to see whether they make trials."""


@dataclass(frozen=True)
class Plan:
    """What to train: `trials`; `duplicates` counts settings that repeat a trial, or differ from it in nothing
    that has an effect."""

    space: SearchSpace
    trials: tuple[TrialConfig, ...]
    finished: tuple[TrialConfig, ...]
    invalid: tuple[InvalidSetting, ...]
    duplicates: int
    not_required: tuple[InvalidSetting, ...] = ()
    """Settings that do not meet `require`: left out because that was asked for."""

    @property
    def num_settings(self) -> int:
        """All settings of the space, replicas included, whatever became of them."""
        kept = len(self.trials) + len(self.finished) + self.duplicates
        return kept + len(self.invalid) + len(self.not_required)


def make_plan(
    space: SearchSpace,
    finished: Collection[str] = (),
    max_settings: int = MAX_SETTINGS,
) -> Plan:
    """Return the plan of a space; of an adaptive search, whose trials are suggested one by one, it has none.

    Args:
        finished: signatures of trials that are already trained.
        max_settings: refuse a space that has more settings, before any is made.

    Raises:
        UsageError: if the space has more than `max_settings` settings.
        ConfigError: if no setting makes a trial, or a field that the space sets has no effect in any trial.
    """
    check_size(space, max_settings)
    found = sort_settings(space, expand(space))
    check_settings(space, _probe(space) if space.search.is_adaptive else found)
    trials = found.trials
    if isinstance(space.scheduler, PbtSettings) and trials:
        trials = {trial.signature: trial for trial in form_populations(list(trials.values()), space.scheduler)}
    done = trials.keys() & set(finished)
    todo = tuple(trial for signature, trial in trials.items() if signature not in done)
    return Plan(
        space=space,
        trials=todo,
        finished=tuple(trial for signature, trial in trials.items() if signature in done),
        invalid=tuple(found.invalid),
        duplicates=found.duplicates,
        not_required=tuple(found.not_required),
    )


def check_size(space: SearchSpace, max_settings: int = MAX_SETTINGS) -> None:
    """Refuse a space that is too large to be expanded, which its axes tell.

    Raises:
        UsageError: if it has more than `max_settings` settings.
    """
    if space.size > max_settings:
        count = f"{'up to ' if space.conditions else ''}{space.size:,}"
        raise UsageError(
            f"search space {space.name} has {count} settings, but must have <= {max_settings:,}; coarsen an axis, or "
            f"accept as many with --max-settings {space.size}"
        )


def finished_trials(folder: Path) -> list[str]:
    """Return the signatures of the trials that the sweep in a folder has trained; none if there is no sweep yet."""
    if not (folder / FILE_NAME).is_file():
        return []
    with Ledger(folder) as ledger:
        return [signature for signature, state in ledger.states().items() if state == "done"]


def _probe(space: SearchSpace) -> SortedSettings:
    """What becomes of random settings of an adaptive search."""
    draws = SearchSettings(algorithm="random", num_samples=PROBES, seed=space.search.seed)
    drawn = replace(space, search=draws, replicas=1)
    return sort_settings(drawn, islice(expand(drawn), PROBES))
