"""What of a sweep ran: trials by state, points that are missing, and why trials failed or stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rhm_sweeps.tracking.results import Results

STATES = ("done", "stopped", "extended", "failed", "running", "pending")
MOST_REASONS, MOST_SIGNATURES = 20, 5
SCHEDULE = ["training.steps", "evaluation.points_per_doubling"]
"""The fields that set at which steps a trial is evaluated."""


@dataclass(frozen=True)
class Reason:
    """Trials that ended for one reason; the first of their signatures."""

    state: str
    reason: str
    trials: int
    signatures: tuple[str, ...]


@dataclass(frozen=True)
class Coverage:
    """What was planned, and what there is of it.

    `states` counts trials, in the order of `STATES` and without zeros; extended ones go on as trials of more steps and are not
    among the `planned`. `without_points` are trials of other states than pending that have no point. `missing_points` are
    evaluations that most of the trials with the same steps of evaluation have and a trial that got further has not; `gaps` counts
    the trials that miss some.
    """

    planned: int
    states: Mapping[str, int]
    without_points: int
    missing_points: int
    gaps: int
    reasons: tuple[Reason, ...]


def coverage(results: Results) -> Coverage:
    """Count what a sweep planned, what ran of it, and what is missing."""
    trials = results.trials
    counts = {**trials["state"].value_counts(), "extended": int(results.meta.get("extended") or 0)}
    begun = trials.index[trials["state"] != "pending"]
    missing = missing_points(results)
    return Coverage(
        planned=len(trials),
        states={state: int(counts[state]) for state in STATES if counts.get(state)},
        without_points=int((~begun.isin(missing.index)).sum()),
        missing_points=int(missing.sum()),
        gaps=int((missing > 0).sum()),
        reasons=tuple(reason for state in ("failed", "stopped") for reason in reasons(trials, state)),
    )


def missing_points(results: Results) -> pd.Series:
    """How many evaluations each trial with points misses, by signature.

    A step counts as an evaluation when at least half of the trials of equal `SCHEDULE` that got as far have it.
    """
    points = results.points[["signature", "step"]]
    by_trial = points.groupby("signature")["step"].agg(["max", "size"])
    schedule = results.trials.reindex(columns=SCHEDULE).groupby(SCHEDULE, dropna=False).ngroup()
    missing = pd.Series(0, index=by_trial.index)
    for _, steps in points.groupby(points["signature"].map(schedule)):
        members = by_trial.loc[steps["signature"].unique()]
        last = members["max"].to_numpy()
        expected = np.searchsorted(_common_steps(steps["step"], last), last, side="right")
        missing[members.index] = np.maximum(0, expected - members["size"].to_numpy())
    return missing


def _common_steps(steps: pd.Series, last: NDArray[np.int64]) -> NDArray[np.int64]:
    """The steps, ascending, that at least half of the trials have that got as far."""
    counts = steps.value_counts().sort_index()
    got_there = len(last) - np.searchsorted(np.sort(last), counts.index, side="left")
    common: NDArray[np.int64] = counts.index[counts.to_numpy() * 2 >= got_there].to_numpy()
    return common


def reasons(trials: pd.DataFrame, state: str) -> list[Reason]:
    """Why trials of a state ended there, the most frequent reason first."""
    ended = trials[trials["state"] == state]
    found = ended["reason"].value_counts().head(MOST_REASONS)
    return [
        Reason(
            state,
            str(reason) or "no reason given",
            int(number),
            tuple(map(str, ended.index[ended["reason"] == reason][:MOST_SIGNATURES])),
        )
        for reason, number in found.items()
    ]
