"""A plan: the trials of a search space that are still to be trained, in packs, and what was left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from rhm_sweeps.config import TrialConfig, flatten, nest, trial_problems
from rhm_sweeps.errors import ConfigError, Problem, UsageError
from rhm_sweeps.sweeps.expansion import DEFAULTS, derive, expand, unmet
from rhm_sweeps.sweeps.packing import Pack, make_packs
from rhm_sweeps.sweeps.search_space import SearchSpace
from rhm_sweeps.sweeps.space_header import SEED_FIELDS

MAX_SETTINGS = 1_000_000


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
    not_required: tuple[InvalidSetting, ...] = ()
    """Settings that do not meet `require`: left out because that was asked for."""

    @property
    def num_settings(self) -> int:
        """All settings of the space, replicas included, whatever became of them."""
        kept = len(self.trials) + len(self.finished) + self.duplicates
        return kept + len(self.invalid) + len(self.not_required)


@dataclass
class _Sorted:
    """What became of the settings of a space so far; `without_effect` says of each field set what would give it an effect."""

    without_effect: dict[str, str]
    trials: dict[str, TrialConfig] = field(default_factory=dict)
    invalid: list[InvalidSetting] = field(default_factory=list)
    not_required: list[InvalidSetting] = field(default_factory=list)
    duplicates: int = 0

    def add(self, trial: TrialConfig) -> None:
        self.duplicates += trial.signature in self.trials
        self.trials.setdefault(trial.signature, trial)
        if self.without_effect:
            unused = trial.unused()
            self.without_effect = {name: unused[name] for name in self.without_effect if name in unused}


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
    found = _sort(space)
    _check(space, found)
    trials = found.trials
    done = trials.keys() & set(finished)
    todo = tuple(trial for signature, trial in trials.items() if signature not in done)
    return Plan(
        space=space,
        trials=todo,
        finished=tuple(trial for signature, trial in trials.items() if signature in done),
        invalid=tuple(found.invalid),
        duplicates=found.duplicates,
        packs=make_packs(todo, max_members, min_packs),
        not_required=tuple(found.not_required),
    )


def count_reasons(invalid: Sequence[InvalidSetting], most: int = 5) -> tuple[Reason, ...]:
    """Return the distinct reasons, the most frequent first, and no more than `most` of them."""
    counts = Counter(setting.reason for setting in invalid)
    first = {setting.reason: setting.settings for setting in reversed(invalid)}
    return tuple(Reason(sentence, count, first[sentence]) for sentence, count in counts.most_common(most))


def _sort(space: SearchSpace) -> _Sorted:
    found = _Sorted(_set_fields(space))
    for expanded in expand(space):
        settings = expanded
        try:
            settings = derive(space.derived, expanded)
            if condition := unmet(space.require, settings):
                found.not_required.append(_left_out(space, settings, f"does not meet `require`: {condition.text}"))
                continue
            trial = TrialConfig.model_validate(nest(settings))
        except UsageError as error:
            found.invalid.append(_left_out(space, settings, str(error)))
        except ValidationError as error:
            found.invalid.append(_left_out(space, settings, "; ".join(map(str, trial_problems(error)))))
        else:
            found.add(trial)
    return found


def _check(space: SearchSpace, found: _Sorted) -> None:
    if not found.trials:
        reasons = [*count_reasons(found.invalid), *count_reasons(found.not_required)]
        problems = [Problem(f"{reason.count} settings", reason.sentence) for reason in reasons]
        raise ConfigError(problems, f"search space {space.name}: none of its settings makes a trial")
    if found.without_effect:
        problems = [
            Problem(_place(space, name), f"has no effect in any trial: it needs {needed}; leave it out or set that")
            for name, needed in found.without_effect.items()
        ]
        raise ConfigError(problems, f"search space {space.name}")


def _set_fields(space: SearchSpace) -> dict[str, str]:
    """The fields that a space varies, or fixes to another value than the default, in its order."""
    fixed = [name for name, value in flatten(space.trial) if value != DEFAULTS[name]]
    return dict.fromkeys([*fixed, *_varied(space)], "")


def _varied(space: SearchSpace) -> tuple[str, ...]:
    return (*(space.zipped[0] if space.zipped else ()), *space.axes, *space.derived)


def _place(space: SearchSpace, field: str) -> str:
    if space.zipped and field in space.zipped[0]:
        return f"space.zip.{field}"
    return f"space.{field}" if field in _varied(space) else f"trial.{field}"


def _left_out(space: SearchSpace, settings: Mapping[str, Any], reason: str) -> InvalidSetting:
    varied = dict.fromkeys((*_varied(space), *(SEED_FIELDS if space.replicas > 1 else ())))
    return InvalidSetting({name: settings[name] for name in varied if name in settings}, reason)
