"""Which swept parameter moves which outcome: shares of the variance over the trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rhm_sweeps.analysis.parameters.forest_shares import forest_shares
from rhm_sweeps.analysis.parameters.swept_parameters import SweptParameters
from rhm_sweeps.analysis.parameters.variance_shares import variance_shares

GRID, FOREST = "grid", "forest"
SHARES = ["outcome", "parameter", "main", "total", "p_value"]
SUMMARIES = ["outcome", "method", "trials", "missing", "settings", "cells", "noise", "explained", "replicated", "note"]


@dataclass(frozen=True)
class Sensitivity:
    """Shares of the variance of each outcome, time scales as log2(step).

    `shares`, a row per outcome and parameter: `main` of the parameter alone and the `p_value` of its F test (NaN by a
    forest), `total` with all interactions that it takes part in. `outcomes`, a row per outcome: `method` (`grid`, exact;
    `forest`, estimated; empty where neither can tell, which `note` explains), `trials` used, `missing` ones without a value,
    `settings` used of the `cells` that have trials, `noise` (share between replicas), `explained` (1 - noise on a grid; out-of-bag R2
    of a forest) and `replicated`: without replicas the noise of a grid is its highest interaction.
    """

    parameters: SweptParameters
    shares: pd.DataFrame
    outcomes: pd.DataFrame

    @property
    def known(self) -> pd.DataFrame:
        """The rows of `outcomes` for which there are shares."""
        return self.outcomes[self.outcomes["method"] != ""]


def sensitivity(outcomes: pd.DataFrame, parameters: SweptParameters) -> Sensitivity:
    """Share the variance of each outcome out among the parameters and the noise.

    On a grid by the exact decomposition over the settings (`variance_shares`); where settings lack the outcome, over a part
    of the grid that has all (`complete_part`) and at least half of them. Else by a random forest (`forest_shares`).

    Args:
        outcomes: a column per outcome, NaN where a trial has none; index as that of `parameters.codes`.
    """
    rows, summaries = [], []
    for name in outcomes.columns:
        shares, summary = _of_outcome(outcomes[name], parameters)
        rows += [{"outcome": name, "parameter": field} | shares[field] for field in shares]
        summaries.append({"outcome": name} | summary)
    return Sensitivity(parameters, pd.DataFrame(rows, columns=SHARES), pd.DataFrame(summaries, columns=SUMMARIES))


def _of_outcome(values: pd.Series, parameters: SweptParameters) -> tuple[dict[str, dict[str, float]], dict[str, Any]]:
    """The shares by parameter, none where they are unknown, and the summary."""
    known = values.dropna()
    codes = parameters.codes.loc[known.index]
    cells = len(parameters.codes.drop_duplicates())
    summary: dict[str, Any] = {"missing": len(values) - len(known), "cells": cells, "method": "", "note": ""}
    summary |= {"noise": np.nan, "explained": np.nan, "replicated": False, "trials": len(known), "settings": 0}
    if not parameters.names or known.empty:
        return {}, summary | {"note": "nothing but seeds varies" if len(known) else "not measured"}
    summary["settings"] = len(codes.drop_duplicates())
    if known.max() - known.min() <= 1e-12 * max(1.0, float(known.abs().max())):
        return {}, summary | {"note": "the same in all trials"}
    if summary["settings"] < 2:
        return {}, summary | {"note": "known in one setting only"}
    found = _by_grid(known, codes, summary) if parameters.crossed else None
    return found or _by_forest(known, codes, summary)


def _by_grid(
    values: pd.Series, codes: pd.DataFrame, summary: dict[str, Any]
) -> tuple[dict[str, dict[str, float]], dict[str, Any]] | None:
    part = complete_part(codes)
    kept = [field for field in codes.columns if part[field].nunique() > 1]
    if not kept or 2 * len(part.drop_duplicates()) < summary["settings"]:
        return None
    ranks = part[kept].rank(method="dense").astype("int64") - 1
    found = variance_shares(values[part.index], ranks)
    if found is None or np.isnan(found.main).any():
        return None
    numbers = zip(kept, found.main, found.total, found.p_value, strict=True)
    shares = {field: {"main": main, "total": total, "p_value": p_value} for field, main, total, p_value in numbers}
    summary = summary | {"method": GRID, "trials": len(part), "settings": len(ranks.drop_duplicates())}
    return shares, summary | {"noise": found.noise, "explained": 1 - found.noise, "replicated": found.replicated}


def _by_forest(
    values: pd.Series, codes: pd.DataFrame, summary: dict[str, Any]
) -> tuple[dict[str, dict[str, float]], dict[str, Any]]:
    found = forest_shares(values, codes)
    noise, replicated = replica_share(values, codes)
    summary = summary | {"noise": noise, "replicated": replicated}
    if found is None:
        return {}, summary | {"note": "too few trials"}
    summary["explained"] = found.explained
    if found.explained <= 0:
        return {}, summary | {"note": "the forest predicts it no better than its mean"}
    shares = {
        field: {"main": np.nan, "total": total, "p_value": np.nan}
        for field, total in zip(codes.columns, found.total, strict=True)
    }
    return shares, summary | {"method": FOREST, "trials": found.rows}


def replica_share(values: pd.Series, codes: pd.DataFrame) -> tuple[float, bool]:
    """The variance between the replicas of a setting over that of all trials, at most 1; NaN and False without replicas."""
    groups = values.groupby([codes[field] for field in codes.columns])
    freedom = len(values) - groups.ngroups
    if freedom == 0:
        return float("nan"), False
    within = float(((values - groups.transform("mean")) ** 2).sum()) / freedom
    return min(1.0, within / float(values.var())), True


def complete_part(codes: pd.DataFrame) -> pd.DataFrame:
    """The rows of a grid's part in which each combination of values has a trial, shape (N, p) -> (K, p).

    Greedy: while a cell is empty, the value with the largest share of empty cells is left out, of equals the last one of the
    parameter with the most values.
    """
    while True:
        sizes = codes.nunique()
        settings = codes.drop_duplicates()
        if len(settings) == sizes.prod():
            return codes
        filled = {
            (field, value): number * sizes[field] / sizes.prod()
            for field in codes.columns
            for value, number in settings[field].value_counts().items()
        }
        field, value = min(filled, key=lambda place: (filled[place], -sizes[place[0]], -place[1]))
        codes = codes[codes[field] != value]
