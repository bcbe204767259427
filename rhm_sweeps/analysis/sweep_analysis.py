"""Everything that the figures and the report say about a sweep, computed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from rhm_sweeps.analysis.curves import curves, setting_table, without_failed
from rhm_sweeps.analysis.groups import Groups, group_trials
from rhm_sweeps.analysis.time_scales import Thresholds
from rhm_sweeps.analysis.trial_table import grammars, trial_table
from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.tracking.results import Results


@dataclass(frozen=True)
class SweepAnalysis:
    """A sweep's results with what follows from them.

    `trials` is the `trial_table` of all trials; `groups`, `settings` (`setting_table`) and `curves` leave failed
    trials out. `grammars` and `timesteps` are those of each group; its grammars differ in `seed_rules` at most.
    """

    results: Results
    thresholds: Thresholds
    trials: pd.DataFrame
    groups: Groups
    settings: pd.DataFrame
    curves: pd.DataFrame
    grammars: Mapping[int, GrammarConfig]
    timesteps: Mapping[int, int]
    discrete: Mapping[int, bool]
    """Whether a group's loss is the divergence of a discrete denoising process, which has a Bayes floor."""

    @property
    def sampled(self) -> list[int]:
        """The settings whose trials sampled strings; classifiers do not."""
        if ("copies", "mean") not in self.curves:
            return []
        known = self.curves["copies", "mean"].dropna().index.get_level_values("group")
        return [group for group in self.settings.index if group in known]

    @property
    def measured(self) -> pd.DataFrame:
        """The rows of `trials` that have points and did not fail, with their `group`."""
        rows = self.trials[self.trials["last_step"].notna() & (self.trials["state"] != "failed")]
        return rows.assign(group=self.groups.of_trial.reindex(rows.index))

    @property
    def levels(self) -> int:
        """L: the largest depth among the measured settings; 0 without any."""
        return max((self.grammars[group].num_layers for group in self.settings.index), default=0)


def analyze(results: Results, thresholds: Thresholds | None = None) -> SweepAnalysis:
    """Compute the time scales of all trials and the averages of all settings of a sweep."""
    limits = thresholds or Thresholds()
    kept = without_failed(results)
    groups = group_trials(kept)
    trials = trial_table(results, limits)
    first = groups.of_trial.drop_duplicates()
    rows = kept.trials.loc[first.index]
    return SweepAnalysis(
        results=results,
        thresholds=limits,
        trials=trials,
        groups=groups,
        settings=setting_table(trials.loc[kept.trials.index], groups),
        curves=curves(kept, groups),
        grammars=dict(zip(first, grammars(rows), strict=True)),
        timesteps=dict(zip(first, rows.reindex(columns=["diffusion.timesteps"]).squeeze(axis=1), strict=True)),
        discrete=dict(zip(first, _discrete(rows), strict=True)),
    )


def _discrete(rows: pd.DataFrame) -> list[bool]:
    fields = rows.reindex(columns=["diffusion.process", "model.name"])
    return list((fields["diffusion.process"] != "gaussian") & (fields["model.name"] != "classifier"))
