"""Validity, novelty and copies against each swept parameter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rhm_sweeps.analysis.parameters.swept_parameters import swept_parameters
from rhm_sweeps.analysis.parameters.value_bins import ValueBins, value_bins
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.config import is_seed

SHARES = ("best_novel_valid", "last_novel_valid", "last_validity", "last_copies")


@dataclass(frozen=True)
class ParameterCurve:
    """The shares of a sweep's trials by the values of one parameter.

    `table` has a row per value, or per bin of a number with more than 16 values, in ascending order; columns (share, `median` |
    `low` | `high` | `seeds`): median and quartiles over all trials with the value, whatever their other parameters, and the
    standard deviation between seeds of one setting, pooled over the settings (NaN with one seed each).
    """

    bins: ValueBins
    trials: tuple[int, ...]
    """How many trials each row rests on."""
    table: pd.DataFrame


def parameter_curves(analysis: SweepAnalysis) -> tuple[ParameterCurve, ...]:
    """The curves of each swept parameter in the order of the plan; none if seeds alone vary.

    Fields that only follow from others, as `derived` ones do, have no curve.
    """
    trials = analysis.measured
    fields = [field for field in analysis.results.varied if not is_seed(field)]
    if trials.empty or not fields:
        return ()
    names = swept_parameters(trials, fields).names
    return tuple(_curve(trials, field) for field in fields if field in names)


def _curve(trials: pd.DataFrame, field: str) -> ParameterCurve:
    bins = value_bins(trials[field])
    code = bins.of_trial
    by_value = trials.groupby(code)
    columns: dict[tuple[str, str], pd.Series] = {}
    for share in SHARES:
        quantiles = by_value[share].quantile([0.25, 0.5, 0.75]).unstack()
        columns |= {(share, name): quantiles[q] for name, q in (("low", 0.25), ("median", 0.5), ("high", 0.75))}
        columns[share, "seeds"] = _between_seeds(trials[share], trials["group"], code)
    table = pd.DataFrame(columns)
    table.index = pd.Index(bins.values if bins.numeric else bins.labels, name=field)
    return ParameterCurve(bins, tuple(int(number) for number in by_value.size()), table)


def _between_seeds(values: pd.Series, group: pd.Series, code: pd.Series) -> pd.Series:
    """Standard deviation within the settings, pooled over those of each value."""
    squares = (values - values.groupby(group).transform("mean")) ** 2
    known = values.notna()
    settings = group[known].groupby(code[known]).nunique()
    freedom = known.groupby(code).sum().sub(settings, fill_value=0)
    return np.sqrt(squares.groupby(code).sum() / freedom.where(freedom > 0))
