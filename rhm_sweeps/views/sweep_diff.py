"""What differs between two sweeps, or between a sweep and a search space: their spaces, their trials, what these became."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rhm_sweeps.errors import UsageError
from rhm_sweeps.ledger import FILE_NAME, Ledger, MetricPoint
from rhm_sweeps.spaces.header import NAME_PATTERN
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.folder import sweep_folder
from rhm_sweeps.sweeps.plan import make_plan
from rhm_sweeps.views.space_diff import SpaceDiff, diff_spaces

MOST_SETTINGS = 100_000
"""A larger space that was never launched is not expanded into its trials."""
CLOCK = ("steps_per_second", "wall_time_s")
"""Metrics that measure the machine."""


@dataclass(frozen=True)
class Side:
    """One of the two: `trials` are the signatures in the order of the plan, None if there are too many to list; `finals` the
    last points of those that are done."""

    kind: str
    name: str
    space: Mapping[str, Any]
    trials: tuple[str, ...] | None
    finals: Mapping[str, MetricPoint] = field(default_factory=dict)


@dataclass(frozen=True)
class SweepDiff:
    """What differs. Of `compared` trials that are done in both, `equal` have equal last points; `largest` is the largest
    difference of each metric that differs, None where it cannot be said, with the trial that has it."""

    a: Side
    b: Side
    space: SpaceDiff
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    common: tuple[str, ...]
    compared: int
    equal: int
    largest: Mapping[str, tuple[float | None, str]]

    @property
    def is_empty(self) -> bool:
        return self.space.is_empty and not self.only_a and not self.only_b and self.equal == self.compared


def diff_sweeps(a: Side, b: Side) -> SweepDiff:
    """Compare two sides; trials are the same if their signatures are."""
    trials_a, trials_b = a.trials or (), b.trials or ()
    in_a, in_b = set(trials_a), set(trials_b)
    common = tuple(signature for signature in trials_a if signature in in_b)
    both = [signature for signature in common if signature in a.finals and signature in b.finals]
    largest: dict[str, tuple[float | None, str]] = {}
    unequal = 0
    for signature in both:
        found = _differences(a.finals[signature], b.finals[signature])
        unequal += bool(found)
        for name, size in found.items():
            known = largest.get(name)
            if known is None or (known[0] is not None and (size is None or size > known[0])):
                largest[name] = (size, signature)
    listed = a.trials is not None and b.trials is not None
    return SweepDiff(
        a,
        b,
        diff_spaces(a.space, b.space),
        only_a=tuple(signature for signature in trials_a if signature not in in_b) if listed else (),
        only_b=tuple(signature for signature in trials_b if signature not in in_a) if listed else (),
        common=common,
        compared=len(both),
        equal=len(both) - unequal,
        largest=largest,
    )


def read_side(name: str, results: Path) -> Side:
    """Return the sweep of this name, else the shipped search space; NAME.yaml is a file, else the shipped space of that name.

    Raises:
        UsageError: if there is none of them.
    """
    if re.fullmatch(NAME_PATTERN, name) and (results / name / FILE_NAME).is_file():
        return _sweep(name, results)
    path = Path(name)
    try:
        space = SearchSpace.load(path.stem if path.name == f"{path.stem}.yaml" == name and not path.exists() else name)
    except UsageError as error:
        if path.suffix == ".yaml" or path.is_file():
            raise
        raise UsageError(f"{error}; there is no sweep of that name in {results} either") from None
    trials = tuple(trial.signature for trial in make_plan(space).trials) if space.size <= MOST_SETTINGS else None
    return Side("space", name, space.to_dict(), trials)


def _sweep(name: str, results: Path) -> Side:
    with Ledger(sweep_folder(results, name).path) as ledger:
        states, points = ledger.states(), ledger.last_points()
        space = ledger.meta("space", {})
    done = {
        signature: points[signature] for signature, state in states.items() if state == "done" and signature in points
    }
    return Side("sweep", name, space, tuple(states), done)


def _differences(a: MetricPoint, b: MetricPoint) -> dict[str, float | None]:
    """By how much metrics differ, None where one is lacking or not finite; also `step`."""
    values_a, values_b = ({"step": point.step, **point.metrics} for point in (a, b))
    found: dict[str, float | None] = {}
    for name in dict.fromkeys([*values_a, *values_b]):
        one, other = values_a.get(name), values_b.get(name)
        if name not in CLOCK and repr(one) != repr(other) and one != other:  # by text: NaN equals NaN here
            size = abs(one - other) if one is not None and other is not None else float("nan")
            found[name] = size if size - size == 0 else None
    return found
