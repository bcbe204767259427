"""What becomes of the settings of a space: trials, each once, and those that make none, with the reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rhm_sweeps.config import TrialConfig, flatten
from rhm_sweeps.errors import ConfigError, Problem
from rhm_sweeps.spaces.expansion import DEFAULTS
from rhm_sweeps.spaces.metric_findings import metric_findings
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.spaces.setting import NoTrial, trial_of
from rhm_sweeps.spaces.trial_builder import TrialBuilder


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


@dataclass
class SortedSettings:
    """What became of the settings of a space so far; `without_effect` says of each field set what would give it an effect."""

    without_effect: dict[str, str]
    trials: dict[str, TrialConfig] = field(default_factory=dict)
    invalid: list[InvalidSetting] = field(default_factory=list)
    not_required: list[InvalidSetting] = field(default_factory=list)
    duplicates: int = 0

    def add(self, trial: TrialConfig) -> None:
        """Add the trial of a setting."""
        self.duplicates += trial.signature in self.trials
        self.trials.setdefault(trial.signature, trial)
        if self.without_effect:
            unused = trial.unused()
            self.without_effect = {name: unused[name] for name in self.without_effect if name in unused}

    def leave_out(self, setting: NoTrial, told_apart_by: Sequence[str]) -> None:
        """Add a setting that makes no trial, of which only what tells it apart is kept."""
        kept = {name: setting.settings[name] for name in told_apart_by if name in setting.settings}
        (self.not_required if setting.unwanted else self.invalid).append(InvalidSetting(kept, setting.reason))


def sort_settings(space: SearchSpace, settings: Iterable[Mapping[str, Any]]) -> SortedSettings:
    """Return what becomes of the settings of a space, as `expand` yields them."""
    found, builder, told_apart_by = SortedSettings(_set_fields(space)), TrialBuilder(), space.told_apart_by
    for one in settings:
        made = trial_of(space, one, builder)
        if isinstance(made, NoTrial):
            found.leave_out(made, told_apart_by)
        else:
            found.add(made)
    return found


def count_reasons(invalid: Sequence[InvalidSetting], most: int = 5) -> tuple[Reason, ...]:
    """Return the distinct reasons, the most frequent first, and no more than `most` of them."""
    counts = Counter(setting.reason for setting in invalid)
    first = {setting.reason: setting.settings for setting in reversed(invalid)}
    return tuple(Reason(sentence, count, first[sentence]) for sentence, count in counts.most_common(most))


def check_settings(space: SearchSpace, found: SortedSettings) -> None:
    """Refuse a space that makes no trial, that sets what has no effect, or that compares trials by what they do not report.

    Raises:
        ConfigError: with each reason once, or with each field without effect and the line that sets it.
    """
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
    if unreported := list(metric_findings(space, list(found.trials.values()))):
        raise ConfigError(unreported, f"search space {space.name}")


def _set_fields(space: SearchSpace) -> dict[str, str]:
    """The fields that a space varies, or fixes to another value than the default, in its order."""
    fixed = [name for name, value in flatten(space.trial) if value != DEFAULTS[name]]
    return dict.fromkeys([*fixed, *space.varied], "")


def _place(space: SearchSpace, field: str) -> str:
    """Where a field was set: its line, if it came from a file, and its key."""
    tops = {
        "space.zip": any(field in settings for settings in space.zipped),
        "space": field in space.axes or field in space.derived,
        "trial": field in dict(flatten(space.trial)),
    }
    top = next((top for top, is_there in tops.items() if is_there), "trials")
    own = (place for key, place in space.places.items() if key.startswith(f"{top}.") and key.endswith(f".{field}"))
    return f"{next(own, space.places.get(field, ''))} {top}.{field}".strip()
