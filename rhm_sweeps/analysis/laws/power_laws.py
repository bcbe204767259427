"""How each time scale of a sweep grows with the training-set size P."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from rhm_sweeps.analysis.groups import TRAIN_SIZE, spread
from rhm_sweeps.analysis.laws.scaling import PowerLaw, fit_power_law
from rhm_sweeps.analysis.once import once
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.tracking.trial_summary import MEMORIZATION, rule_scales

MOST_FITTED = 24
LINEAR, FLAT = 1.0, 0.0


@dataclass(frozen=True)
class TimeScaleLaw:
    """The power law of one time scale against P in one facet of a sweep; `law` is None with fewer than three usable sizes."""

    time_scale: str
    """A column of `SweepAnalysis.trials`: tau_mem_copies, tau_mem_loss, tau_rule_1, ..."""
    facet: int
    law: PowerLaw | None

    @property
    def expected(self) -> float:
        """Exponent 1 of tau_mem (arXiv 2505.16959), exponent 0 of tau_rule: rules are learned at a pace that P does not set."""
        return LINEAR if self.time_scale in MEMORIZATION else FLAT


@once
def time_scale_laws(analysis: SweepAnalysis) -> tuple[TimeScaleLaw, ...]:
    """Fit tau_mem (by copies and by losses) and tau_rule(l) against P, per facet (24 at most, evenly spaced).

    tau_rule(l) counts only where the level is learned before copies begin: strings known by heart are valid as well. Sizes at
    which a trial did not get there are left out (`fit_power_law`). Empty unless train_size varies.
    """
    if analysis.groups.axis != TRAIN_SIZE or analysis.settings.empty:
        return ()
    trials = analysis.measured
    facet_of = trials["group"].map(analysis.settings["facet"])
    columns = law_columns(analysis.levels)
    return tuple(
        TimeScaleLaw(name, int(facet), fit_power_law(rows[TRAIN_SIZE], by_rule(rows, name)))
        for facet in spread(sorted(facet_of.unique()), MOST_FITTED)
        for rows in [trials[facet_of == facet]]
        for name in columns
    )


def law_columns(levels: int) -> list[str]:
    """The time scales of L levels by their columns, memorization first."""
    return [*MEMORIZATION, *rule_scales(levels)]


def by_rule(trials: pd.DataFrame, time_scale: str) -> pd.Series:
    """The time scale of each trial, shape (N,); tau_rule is NaN where copies begin before it."""
    taus = trials[time_scale]
    return taus if time_scale in MEMORIZATION else taus.mask(taus > trials["tau_mem_copies"])
