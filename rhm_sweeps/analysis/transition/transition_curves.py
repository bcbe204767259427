"""Forward-backward curves as arrays over trials and resamples: what is averaged, and what the marks are read off."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from rhm_sweeps.analysis.transition.estimates import Estimate, Floats, estimate, means_and_errors
from rhm_sweeps.analysis.transition.transition_marks import half_crossings, peaks, values_at
from rhm_sweeps.errors import UsageError

CURVES = ("class_flip", "overlap", "tokens_changed", "susceptibility", "correlation_length")


@dataclass(frozen=True)
class Marks:
    """Where a transition is, and how sharp."""

    threshold: Estimate
    """Noise at which the overlap falls to one half."""
    peak_noise: Estimate
    """Noise of the peak of the susceptibility."""
    peak: Estimate
    """Height of that peak."""
    length: Estimate
    """Correlation length there, in tokens."""

    def __sub__(self, other: Marks) -> Marks:
        """The differences of independent marks."""
        return Marks(*(getattr(self, name) - getattr(other, name) for name in MARKS))


MARKS = tuple(field.name for field in fields(Marks))


@dataclass(frozen=True, eq=False)
class Curves:
    """The curves of one source, each (trials, 1 + R, noise): of all strings, then of R resamples of them; `noise` ascends."""

    noise: Floats
    values: dict[str, Floats]

    @cached_property
    def marks(self) -> dict[str, Floats]:
        """Each mark of each trial and resample, (trials, 1 + R)."""
        where, height = peaks(self.noise, self.values["susceptibility"])
        length = values_at(self.noise, self.values["correlation_length"], where)
        threshold = half_crossings(self.noise, self.values["overlap"])
        return {"threshold": threshold, "peak_noise": where, "peak": height, "length": length}


def stacked(rows: pd.DataFrame, levels: int) -> Curves | None:
    """The curves of a table's rows, of one source and setting; None without rows.

    Raises:
        UsageError: if the trials were not all measured at the same noise.
    """
    if rows.empty:
        return None
    rows = rows.sort_values(["signature", "resample", "noise"], kind="stable")
    noise = np.unique(rows["noise"].to_numpy(dtype=np.float64))
    trials, resamples = rows["signature"].nunique(), rows["resample"].nunique()
    if len(rows) != trials * resamples * len(noise):
        raise UsageError(
            f"{trials} trials that differ in their seeds only have {len(rows):,} rows, but must have one for each of {resamples} "
            f"resamples and {len(noise)} strengths of noise; measure them at the same noise, each once"
        )
    names = [*CURVES, *(f"unchanged_{level}" for level in range(1, levels + 1))]
    shape = (trials, resamples, len(noise))
    return Curves(noise, {name: rows[name].to_numpy(dtype=np.float64).reshape(shape) for name in names})


def estimated_marks(marks: dict[str, Floats]) -> Marks:
    """The mean of each mark over trials, with its error."""
    return Marks(*(estimate(marks[name]) for name in MARKS))


def differences(model: Curves, exact: Curves) -> Marks:
    """Marks of a model less those of exact inference: the errors are those of pairs, which share strings and resamples."""
    of_model, of_exact = model.marks, exact.marks
    return estimated_marks({name: of_model[name] - of_exact[name] for name in MARKS})


def curve_table(model: Curves | None, exact: Curves) -> pd.DataFrame:
    """One row per curve and noise: curve, noise, and of model, exact and difference the mean over trials and its error."""
    tables = []
    for name, values in exact.values.items():
        columns: dict[str, Any] = {"curve": name, "noise": exact.noise}
        sources = {"exact": values}
        if model is not None:
            sources = {"model": model.values[name], "exact": values, "difference": model.values[name] - values}
        for source, of_source in sources.items():
            columns[source], columns[f"{source}_error"] = means_and_errors(of_source)
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)
