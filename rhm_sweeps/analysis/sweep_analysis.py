"""Everything that the figures and the report say about a sweep, computed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from rhm_sweeps.analysis.curves import curves, scale_names, setting_table, without_failed
from rhm_sweeps.analysis.groups import RULES, Groups, group_trials
from rhm_sweeps.analysis.parameters.comparison import Comparison, compare
from rhm_sweeps.analysis.parameters.sensitivity import Sensitivity, sensitivity
from rhm_sweeps.analysis.parameters.swept_parameters import swept_parameters
from rhm_sweeps.analysis.trials.ceilings import Ceilings, sampler_ceilings
from rhm_sweeps.analysis.trials.outcomes import outcome_table
from rhm_sweeps.analysis.trials.resampling import setting_intervals
from rhm_sweeps.analysis.trials.thresholds import Thresholds
from rhm_sweeps.analysis.trials.trial_table import DatedTrials, date_trials, grammars, with_intervals
from rhm_sweeps.config import GrammarConfig, is_seed
from rhm_sweeps.tracking.results import Results


@dataclass(frozen=True)
class SweepAnalysis:
    """A sweep's results with what follows from them.

    `trials` is the `trial_table` of all trials; `groups`, `settings` (`setting_table`, with `setting_intervals`) and
    `curves` leave failed trials out. `grammars` and `timesteps` are those of each group; its grammars differ in `seed_rules` at most.
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
    dated: DatedTrials
    """The points of all trials, and from which validity a level counts as learned."""
    ceilings: Ceilings
    """The validity that the sampler allows, by trial."""

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

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """The `outcome_table` of the measured trials."""
        measured = self.measured
        return outcome_table(measured, [self.grammars[group].num_layers for group in measured["group"]])

    @cached_property
    def sensitivity(self) -> Sensitivity:
        """Which parameter moves which outcome; of the seeds, those of the rules count as one where the groups are grammars."""
        fields = [field for field in self.results.varied if not is_seed(field)]
        fields = fields or ([RULES] if self.groups.axis == RULES else [])
        return sensitivity(self.outcomes, swept_parameters(self.results.trials.loc[self.outcomes.index], fields))

    @cached_property
    def comparison(self) -> Comparison:
        """The values of categorical and two-valued parameters against each other."""
        trials, parameters = self.results.trials.loc[self.outcomes.index], self.sensitivity.parameters.names
        return compare(trials, self.results.varied, self.outcomes, parameters)


def analyze(results: Results, thresholds: Thresholds | None = None, ceilings: Ceilings | None = None) -> SweepAnalysis:
    """Compute the time scales of all trials and the averages of all settings of a sweep.

    Args:
        ceilings: validity that the samplers allow; None: computed by `sampler_ceilings`, which takes seconds for a sampler
            that is new to this process and is bounded; `Ceilings.none(results.trials)` takes 1 everywhere.
    """
    kept = without_failed(results)
    groups = group_trials(kept)
    most = ceilings or sampler_ceilings(results.trials)
    dated = date_trials(results, thresholds, most)
    trials, settings = _tables(dated, groups)
    first = groups.of_trial.drop_duplicates()
    rows = kept.trials.loc[first.index]
    return SweepAnalysis(
        results=results,
        thresholds=dated.thresholds,
        trials=trials,
        groups=groups,
        settings=settings,
        curves=curves(kept, groups),
        grammars=dict(zip(first, grammars(rows), strict=True)),
        timesteps=dict(zip(first, rows.reindex(columns=["diffusion.timesteps"]).squeeze(axis=1), strict=True)),
        discrete=dict(zip(first, _discrete(rows), strict=True)),
        dated=dated,
        ceilings=most,
    )


def _tables(dated: DatedTrials, groups: Groups) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table of trials and that of settings, both with intervals."""
    table, resampled = dated.table(), dated.resampled()
    measured = (table.index.isin(groups.of_trial.index) & table["last_step"].notna()).to_numpy()
    intervals = setting_intervals(table.loc[measured, scale_names(table)], resampled.rows(measured), groups)
    settings = setting_table(table.loc[groups.of_trial.index], groups).join(intervals)
    return with_intervals(table, resampled), settings


def _discrete(rows: pd.DataFrame) -> list[bool]:
    fields = rows.reindex(columns=["diffusion.process", "model.name"])
    return list((fields["diffusion.process"] != "gaussian") & (fields["model.name"] != "classifier"))
