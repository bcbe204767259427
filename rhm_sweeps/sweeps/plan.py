"""A plan: the trials of a search space that are still to be trained, in packs, and what was left out and why."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from pydantic import ValidationError

from rhm_sweeps.config import TrialConfig, flatten, nest, trial_problems
from rhm_sweeps.errors import ConfigError, Problem, UsageError
from rhm_sweeps.sweeps.packing import Pack, make_packs
from rhm_sweeps.sweeps.search_space import SEED_FIELDS, SearchSpace

MAX_SETTINGS = 1_000_000
_DEFAULTS = TrialConfig().flat()


@dataclass(frozen=True)
class InvalidSetting:
    """A combination of axis values that makes no trial, and why."""

    settings: Mapping[str, Any]
    reason: str


@dataclass(frozen=True)
class Reason:
    """Why settings make no trial: the sentence, how many it holds for, and the first of them."""

    sentence: str
    count: int
    first: Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """What to train: `trials`, grouped in `packs`; `duplicates` counts settings that repeat a trial, or differ from it in nothing
    that has an effect."""

    space: SearchSpace
    trials: tuple[TrialConfig, ...]
    finished: tuple[TrialConfig, ...]
    invalid: tuple[InvalidSetting, ...]
    duplicates: int
    packs: tuple[Pack, ...]


def expand(space: SearchSpace) -> Iterator[dict[str, Any]]:
    """Yield the settings of a space by dotted field: listed axes crossed (the last fastest), then draws, then replicas.

    Draw i of a field depends on the search seed, the values of the listed axes, i and the field alone, so a larger
    `num_samples` keeps earlier draws. Replica r adds r to each seed that is not an axis.
    """
    fixed = dict(flatten(space.trial))
    listed = space.listed_axes
    seeds = {name: fixed.get(name, _DEFAULTS[name]) for name in SEED_FIELDS if name not in space.axes}
    for values in itertools.product(*(axis.values() for axis in listed.values())):
        cell = dict(zip(listed, values, strict=True))
        for draw in _draws(space, cell):
            for replica in range(space.replicas):
                yield fixed | cell | draw | {name: seed + replica for name, seed in seeds.items()}


def make_plan(
    space: SearchSpace,
    finished: Collection[str] = (),
    max_members: int | Callable[[TrialConfig], int] = 16,
    min_packs: int = 1,
) -> Plan:
    """Return the plan of a space.

    Args:
        finished: signatures of trials that are already trained.
        max_members: the most trials per pack, or a function of a trial that says so.
        min_packs: split the trials of one shape over at least this many packs, if there are as many.

    Raises:
        UsageError: if the space has more than a million settings.
        ConfigError: if no setting makes a trial, or a field that the space sets has no effect in any trial.
    """
    if space.size > MAX_SETTINGS:
        raise UsageError(
            f"search space {space.name} has {space.size:,} settings, but must have <= {MAX_SETTINGS:,}; coarsen an axis"
        )
    trials: dict[str, TrialConfig] = {}
    invalid: list[InvalidSetting] = []
    without_effect = _set_fields(space)
    for settings in expand(space):
        try:
            trial = TrialConfig.model_validate(nest(settings))
        except ValidationError as error:
            invalid.append(_invalid_setting(space, settings, error))
        else:
            trials.setdefault(trial.signature, trial)
            if without_effect:
                unused = trial.unused()
                without_effect = {name: unused[name] for name in without_effect if name in unused}
    if not trials:
        problems = [Problem(f"{reason.count} settings", reason.sentence) for reason in count_reasons(invalid)]
        raise ConfigError(problems, f"search space {space.name}: none of its settings makes a trial")
    if without_effect:
        problems = [
            Problem(_place(space, name), f"has no effect in any trial: it needs {needed}; leave it out or set that")
            for name, needed in without_effect.items()
        ]
        raise ConfigError(problems, f"search space {space.name}")
    done = trials.keys() & set(finished)
    todo = tuple(trial for signature, trial in trials.items() if signature not in done)
    return Plan(
        space=space,
        trials=todo,
        finished=tuple(trial for signature, trial in trials.items() if signature in done),
        invalid=tuple(invalid),
        duplicates=space.size - len(trials) - len(invalid),
        packs=make_packs(todo, max_members, min_packs),
    )


def count_reasons(invalid: Sequence[InvalidSetting], most: int = 5) -> tuple[Reason, ...]:
    """Return the distinct reasons, the most frequent first, and no more than `most` of them."""
    counts = Counter(setting.reason for setting in invalid)
    first = {setting.reason: setting.settings for setting in reversed(invalid)}
    return tuple(Reason(sentence, count, first[sentence]) for sentence, count in counts.most_common(most))


def _set_fields(space: SearchSpace) -> dict[str, str]:
    """The fields that a space varies, or fixes to another value than the default, in its order."""
    fixed = [name for name, value in flatten(space.trial) if value != _DEFAULTS[name]]
    return dict.fromkeys([*fixed, *space.axes], "")


def _place(space: SearchSpace, field: str) -> str:
    return f"space.{field}" if field in space.axes else f"trial.{field}"


def _draws(space: SearchSpace, cell: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    axes = space.random_axes
    prefix = f"{space.search.seed}/{json.dumps(cell, sort_keys=True)}"
    for index in range(space.num_draws):
        yield {name: axis.sample(Random(f"{prefix}/{index}/{name}")) for name, axis in axes.items()}


def _invalid_setting(space: SearchSpace, settings: Mapping[str, Any], error: ValidationError) -> InvalidSetting:
    varied = (*space.axes, *SEED_FIELDS) if space.replicas > 1 else tuple(space.axes)
    return InvalidSetting(
        {name: settings[name] for name in varied if name in settings}, "; ".join(map(str, trial_problems(error)))
    )
