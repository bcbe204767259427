"""The regimes of a sweep over training-set size and optimizer step (arXiv 2505.16959, 2505.17638)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rhm_sweeps.analysis.groups import TRAIN_SIZE, is_numeric, spread
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.analysis.trials.regimes import regime_names
from rhm_sweeps.tracking.trial_summary import rule_scales

FEWEST_SIZES = 2


@dataclass(frozen=True)
class PhaseDiagram:
    """What the models of one facet are, by step and size: all but the two follow from seeds of a setting.

    `regimes`: name of the regime that most seeds are in; rows are steps, columns train sizes P, both ascending; missing
    where fewer than half of a setting's trials got. At a tie the regime that comes first in training counts.
    `shares`: share of the seeds that are in it, same shape. `boundaries`: row per P, columns tau_rule_1.., tau_mem_copies:
    medians over the seeds, NaN where not reached.
    """

    facet: int
    label: str
    levels: int
    regimes: pd.DataFrame
    shares: pd.DataFrame
    boundaries: pd.DataFrame


def phase_diagrams(analysis: SweepAnalysis, most: int | None = None) -> list[PhaseDiagram]:
    """One diagram per facet that has two training-set sizes or more, or `most` of them, evenly spaced.

    None unless train_size varies.
    """
    settings = analysis.settings
    if analysis.groups.axis != TRAIN_SIZE or settings.empty or not is_numeric(settings[TRAIN_SIZE]):
        return []
    counts = _counts(analysis)
    sampled = settings[settings.index.isin(counts.index.get_level_values("group"))]
    sizes = sampled.groupby("facet")[TRAIN_SIZE].nunique()
    facets = sizes.index[sizes >= FEWEST_SIZES].tolist()
    return [_diagram(analysis, facet, counts) for facet in spread(facets, most or len(facets))]


def _counts(analysis: SweepAnalysis) -> pd.DataFrame:
    """Trials in each regime, a column per regime; index (group, step)."""
    dated = analysis.dated
    names, steps = dated.regimes(), dated.grid.steps
    group = analysis.measured["group"].reindex(dated.results.trials.index).to_numpy(dtype=np.float64)
    known = np.isfinite(steps) & np.isfinite(group)[:, None] & (names != None)  # noqa: E711 - an array of names
    cells = pd.DataFrame({
        "group": np.broadcast_to(group[:, None], steps.shape)[known].astype(np.int64),
        "step": steps[known],
        "regime": names[known],
    })  # fmt: skip
    table = cells.groupby(["group", "step", "regime"]).size().unstack("regime", fill_value=0)
    return table.reindex(columns=regime_names(dated.bounds.shape[1]), fill_value=0)


def _diagram(analysis: SweepAnalysis, facet: int, counts: pd.DataFrame) -> PhaseDiagram:
    settings = analysis.settings[analysis.settings["facet"] == facet]
    cells = counts[counts.index.get_level_values("group").isin(settings.index)]
    group = cells.index.get_level_values("group")
    there = cells.sum(axis=1)
    cells = cells[(2 * there >= there.groupby(group).transform("max")).to_numpy()]
    group, step = (cells.index.get_level_values(name) for name in ("group", "step"))
    flat = pd.DataFrame({
        "step": step,
        "size": settings[TRAIN_SIZE].reindex(group).to_numpy(),
        "regime": cells.columns.to_numpy()[cells.to_numpy().argmax(1)],
        "share": (cells.max(axis=1) / cells.sum(axis=1)).to_numpy(),
    })  # fmt: skip
    levels = max(analysis.grammars[number].num_layers for number in settings.index)
    scales = [*rule_scales(levels), "tau_mem_copies"]
    return PhaseDiagram(
        facet=facet,
        label=analysis.groups.facet_label(facet),
        levels=levels,
        regimes=flat.pivot(index="step", columns="size", values="regime"),
        shares=flat.pivot(index="step", columns="size", values="share"),
        boundaries=settings.set_index(TRAIN_SIZE)[scales].sort_index(),
    )
