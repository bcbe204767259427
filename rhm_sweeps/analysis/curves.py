"""Metrics against steps, and time scales, per setting of a sweep: averages over the seeds with their spread."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rhm_sweeps.analysis.groups import Groups
from rhm_sweeps.tracking.results import Results

NOT_METRICS = ("signature", "step", "timestamp_ms")
AVERAGED = ("best_novel_valid", "last_validity", "last_copies", "last_novel_valid", "last_train_loss", "last_test_loss")


def without_failed(results: Results) -> Results:
    """The results without the failed trials: a diverged loss must not bend an average."""
    trials = results.trials[results.trials["state"] != "failed"]
    points = results.points[results.points["signature"].isin(trials.index)]
    return Results(results.name, trials, points, results.meta)


def metric_names(results: Results) -> list[str]:
    """The metric columns of the points."""
    return [name for name in results.points.columns if name not in NOT_METRICS]


def curves(results: Results, groups: Groups) -> pd.DataFrame:
    """Mean, min and max over the seeds of a setting, per step.

    Returns a row per (group, step), with columns (metric, `mean` | `min` | `max`). Steps that fewer than half of a
    setting's measured trials reached are left out: trials that stopped early would otherwise bend the average.
    """
    metrics = metric_names(results)
    if not metrics:
        return pd.DataFrame(index=pd.MultiIndex.from_arrays([[], []], names=["group", "step"]))
    points = results.points.assign(group=results.points["signature"].map(groups.of_trial))
    by_step = points.groupby(["group", "step"])
    table = by_step[metrics].agg(["mean", "min", "max"])
    measured = points.groupby("group")["signature"].nunique().reindex(table.index.get_level_values("group"))
    return table[by_step.size().to_numpy() * 2 >= measured.to_numpy()]


def setting_table(table: pd.DataFrame, groups: Groups) -> pd.DataFrame:
    """One row per setting with measured trials: median time scales, mean last values, the regimes.

    A time scale that a trial did not reach counts as longer than all others, so the median is NaN when half of the
    trials did not reach it; `<time scale>_reached` counts those that did. `last_step` is that of the longest trial.

    Args:
        table: of `time_scale_table`, for the trials that `groups` holds.
    """
    measured = table[table["last_step"].notna()]
    group = groups.of_trial.reindex(measured.index).rename("group")
    scales = scale_names(table)
    median = measured[scales].fillna(np.inf).groupby(group).median().replace(np.inf, np.nan)
    reached = measured[scales].notna().groupby(group).sum().add_suffix("_reached")
    means = measured[list(AVERAGED)].groupby(group).mean()
    best = measured.groupby(group).agg({"best_step": "median", "last_step": "max"})
    regimes = _count_regimes(measured["regime"], group)
    settings = groups.settings.drop(columns="trials").assign(trials=group.value_counts())
    return settings.join([median, reached, best, means, regimes], how="right").sort_index()


def scale_names(table: pd.DataFrame) -> list[str]:
    """The columns of a `trial_table` that are time scales, without those of their intervals."""
    return [name for name in table.columns if name.startswith("tau_") and not name.endswith(("_low", "_high"))]


def _count_regimes(regimes: pd.Series, group: pd.Series) -> pd.Series:
    """`memorizing` when all trials of a setting agree, else `2 memorizing, 1 generalizing`; classifiers are `not sampled`."""
    counts = pd.crosstab(group, regimes.fillna("not sampled"))
    words = [
        next((name for name, count in row.items() if count == sum(row.values())), None)
        or ", ".join(f"{count} {name}" for name, count in row.items() if count)
        for row in counts.to_dict("records")
    ]
    return pd.Series(words, index=counts.index, name="regime", dtype="object")
