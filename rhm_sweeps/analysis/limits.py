"""What a sweep cannot answer, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from rhm_sweeps.analysis.groups import TRAIN_SIZE
from rhm_sweeps.analysis.laws.law_limits import complexity_limits, power_law_limits
from rhm_sweeps.analysis.laws.scaling import FEWEST_SIZES
from rhm_sweeps.analysis.parameters.comparison_findings import comparison_limits
from rhm_sweeps.analysis.parameters.sensitivity_findings import sensitivity_limits
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.analysis.trials.ceiling_limits import ceiling_limits
from rhm_sweeps.analysis.trials.coverage_limits import coverage_limits
from rhm_sweeps.printable import count


def limits(analysis: SweepAnalysis) -> list[str]:
    """What is missing from a sweep, and which questions it leaves open."""
    of_samples = (_sizes, _too_short, _losses, _exhausted, ceiling_limits, power_law_limits, complexity_limits)
    makers = (coverage_limits, _seeds, *(of_samples if analysis.settings.empty or analysis.sampled else (_no_samples,)))
    makers = (*makers, sensitivity_limits, comparison_limits)
    return [sentence for make in makers for sentence in make(analysis)]


def _seeds(analysis: SweepAnalysis) -> Iterator[str]:
    settings = analysis.settings
    if not settings.empty and (settings["trials"] == 1).all():
        yield "One seed per setting: the spread between seeds is unknown, and no difference can be called significant."


def _sizes(analysis: SweepAnalysis) -> Iterator[str]:
    if analysis.settings.empty:
        return
    if analysis.groups.axis != TRAIN_SIZE:
        yield "The training-set size P is not varied: the sweep cannot say how τ_mem grows with P, nor P*_l."
        return
    reached = analysis.settings[analysis.settings["tau_mem_copies"].notna()]
    sizes = reached.groupby("facet")[TRAIN_SIZE].nunique().max() if len(reached) else 0
    if sizes < FEWEST_SIZES:
        yield f"Copies begin at {count(int(sizes), 'training-set size')} at most; a power law needs {FEWEST_SIZES}."


def _no_samples(analysis: SweepAnalysis) -> Iterator[str]:  # noqa: ARG001 - like the others
    yield "Classifiers sample no strings: nothing is said of validity, copies and their time scales."


def _too_short(analysis: SweepAnalysis) -> Iterator[str]:
    """Time scales beyond the last step are only bounded."""
    trials = analysis.measured
    missed = int(trials["tau_mem_copies"].isna().sum())
    if missed:
        share = f"{missed:,} of {count(len(trials), 'trial')}"
        yield f"In {share} copies do not begin by the last step: there τ_mem is only bounded from below."


def _losses(analysis: SweepAnalysis) -> Iterator[str]:
    trials = analysis.measured
    if len(trials) and trials["last_test_loss"].isna().all():
        yield "No test loss was measured (test_size is 0): memorization is dated by copies alone."


def _exhausted(analysis: SweepAnalysis) -> Iterator[str]:
    """Where P is nearly P_max, copies cannot exceed chance by the threshold: they are bounded by 1 - P / P_max."""
    if TRAIN_SIZE not in analysis.settings:
        return
    settings, bound = analysis.settings, analysis.thresholds.copied
    full = [
        group
        for group in settings.index
        if 1 - settings.at[group, TRAIN_SIZE] / analysis.grammars[group].p_max <= bound
    ]
    if full:
        yield (
            f"In {count(len(full), 'setting')} the training set holds nearly all P_max strings, and copies cannot exceed chance "
            f"by {bound:g}: τ_mem by copies does not exist there."
        )
