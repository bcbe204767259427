"""Which trials of a sweep are meant: by conditions such as `state == 'done' and novel_valid > 0.5`, and by signature."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from rhm_sweeps.config import FIELDS
from rhm_sweeps.errors import UsageError
from rhm_sweeps.ledger import STATES, Ledger, TrialRecord
from rhm_sweeps.spaces.distributions import MAX_REAL
from rhm_sweeps.spaces.expression_tree import LACKING
from rhm_sweeps.spaces.expressions import Expression, parse_condition
from rhm_sweeps.spaces.fields import resolve_field, value_problem
from rhm_sweeps.sweeps.trial_values import COLUMNS, TrialValues, current_trials, metric_names, trial_values

MAX_LISTED = 8


@dataclass(frozen=True)
class Filter:
    """A condition on what is known of a trial: its columns, its fields, its latest metrics."""

    condition: Expression

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether it holds for these values by full name.

        A comparison with what is not there (a name without a value, null, NaN) is false, but for `== None`.

        Raises:
            UsageError: if it is neither true nor false, with the condition and the values in it.
        """
        return self.condition.holds({name: _comparable(values.get(name)) for name in self.condition.fields})


def parse_filter(text: str, metrics: Sequence[str] = ()) -> Filter:
    """Return the filter of a text; its names are those of columns, of fields (dotted, or the last part) and of `metrics`.

    Raises:
        UsageError: if it is no condition, or names what no trial has: with the nearest name.
    """
    return Filter(parse_condition(text, partial(resolve_name, metrics=metrics), _text_problem))


def resolve_name(name: str, metrics: Sequence[str] = ()) -> str:
    """Return the full name that a person means by a name: of a column, a metric or a field.

    Raises:
        UsageError: if there is none, with the nearest and where all are listed.
    """
    try:
        return resolve_field(name, (*COLUMNS, *metrics, *FIELDS))
    except UsageError as error:
        raise UsageError(
            f"{error}\nA trial has {', '.join(COLUMNS)}, the fields that `rhm-sweep spaces fields` lists, "
            "and the metrics that `rhm-sweep show SWEEP TRIAL` lists"
        ) from None


def select_trials(ledger: Ledger, where: str | None, trials: Sequence[str] = ()) -> list[TrialRecord]:
    """Return the trials for which `where` holds, of all or of those whose signatures start as said, in the order of the plan.

    Raises:
        UsageError: if the condition is wrong, or a start of a signature is that of no trial or of several.
    """
    return [trial.record for trial in choose_trials(trial_values(ledger), where, trials)]


def choose_trials(known: Sequence[TrialValues], where: str | None, trials: Sequence[str] = ()) -> list[TrialValues]:
    """As `select_trials`, from all trials of a sweep with what is known of them."""
    filtered = None if where is None else parse_filter(where, metric_names(known))
    signatures = [trial.record.signature for trial in known]
    chosen = {find_signature(start, signatures) for start in trials} if trials else set(signatures)
    found = [trial for trial in known if trial.record.signature in chosen]
    return found if filtered is None else [trial for trial in found if filtered.holds(trial.by_name())]


def find_trial(ledger: Ledger, start: str) -> TrialRecord:
    """Return the one trial whose signature starts so.

    Raises:
        UsageError: if there is none, or more than one.
    """
    trials = {trial.signature: trial for trial in current_trials(ledger)}
    return trials[find_signature(start, list(trials))]


def find_signature(start: str, signatures: Sequence[str]) -> str:
    """Return the one signature that starts so.

    Raises:
        UsageError: if there is none, or more than one: with the first of them.
    """
    found = [start] if start in signatures else [signature for signature in signatures if signature.startswith(start)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(f"no trial has a signature that starts with `{start}`; `rhm-sweep trials SWEEP` lists them")
    more = f" and {len(found) - MAX_LISTED:,} more" if len(found) > MAX_LISTED else ""
    raise UsageError(
        f"`{start}` is the start of {len(found):,} signatures; write more of it: {', '.join(found[:MAX_LISTED])}{more}"
    )


def _comparable(value: Any) -> Any:
    """A value as conditions take it: there, and if it is a number, a finite one."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return LACKING
    return math.copysign(MAX_REAL, value) if isinstance(value, float) and math.isinf(value) else value


def _text_problem(name: str, text: str) -> str | None:
    if name in FIELDS:
        return value_problem(name, text)
    if name == "state":
        return None if text in STATES else f"is; there are {', '.join(STATES)}"
    return None if name in COLUMNS and name != "step" else "is: it is a number"
