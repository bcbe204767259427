"""What a sweep shows, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from rhm_sweeps.analysis.groups import MOST_FACETS, RULES, TRAIN_SIZE
from rhm_sweeps.analysis.laws.law_findings import complexity_findings, power_law_findings, stopping_findings
from rhm_sweeps.analysis.parameters.comparison_findings import comparison_findings
from rhm_sweeps.analysis.parameters.sensitivity_findings import sensitivity_findings
from rhm_sweeps.analysis.phrases import span
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.analysis.trials.regimes import regime_names, regime_words
from rhm_sweeps.printable import count


def findings(analysis: SweepAnalysis) -> list[str]:
    """The numbers that answer a sweep's question, one sentence each; none without measured trials."""
    if analysis.settings.empty:
        return []
    of_laws = (power_law_findings, complexity_findings, stopping_findings)
    makers = (
        _regimes,
        _best,
        _memorization,
        _rules,
        _windows,
        *of_laws,
        _grammar_spread,
        sensitivity_findings,
        comparison_findings,
    )
    return [sentence for make in makers for sentence in make(analysis)]


def _regimes(analysis: SweepAnalysis) -> Iterator[str]:
    counts = analysis.measured["regime"].value_counts()
    names = reversed(regime_names(analysis.levels))
    words = [f"{counts[name]:,} {regime_words(name)}" for name in names if counts.get(name)]
    if words:
        yield f"{count(len(analysis.measured), 'trial')} at the last point: {', '.join(words)}."


def _best(analysis: SweepAnalysis) -> Iterator[str]:
    shares = analysis.settings["best_novel_valid"]
    if shares.isna().all():
        return
    group = int(shares.idxmax())
    row = analysis.settings.loc[group]
    where = f" with {analysis.groups.label(group)}" if len(analysis.settings) > 1 else ""
    yield (
        f"The largest share of novel valid strings is {row['best_novel_valid']:.2f}{where}, at step {row['best_step']:,.0f} "
        f"({_average(int(row['trials']), 'mean')}); at the last step it is {row['last_novel_valid']:.2f}."
    )


def _memorization(analysis: SweepAnalysis) -> Iterator[str]:
    """When copies begin: per facet and training-set size, or over all trials."""
    facets = sorted(analysis.settings["facet"].unique())
    if analysis.groups.axis != TRAIN_SIZE or len(facets) > MOST_FACETS:
        taus = analysis.measured["tau_mem_copies"].dropna()
        when = f", at step {span(taus, ',.0f')}" if len(taus) else ""
        yield f"Copies begin in {len(taus):,} of {count(len(analysis.measured), 'trial')}{when}."
        return
    for facet in facets:
        label = analysis.groups.facet_label(int(facet))
        yield from _onsets(analysis, int(facet), f" with {label}" if label else "")


def _onsets(analysis: SweepAnalysis, facet: int, where: str) -> Iterator[str]:
    """When copies begin at the smallest and the largest P."""
    rows = analysis.settings[analysis.settings["facet"] == facet]
    reached = rows[rows["tau_mem_copies"].notna()]
    if reached.empty:
        yield f"Copies begin at no training-set size{where}."
        return
    first, last = _at(reached.iloc[0]), _at(reached.iloc[-1])
    yield f"Copies begin{where} at step {first}" + (
        f" and at step {last} (medians over seeds)." if len(reached) > 1 else "."
    )


def _rules(analysis: SweepAnalysis) -> Iterator[str]:
    """When each level is learned, in the trials that learned it before copies began."""
    trials = analysis.measured
    for level in range(1, analysis.levels + 1):
        taus = trials[f"tau_rule_{level}"]
        by_rule = taus[taus.notna() & ~(taus > trials["tau_mem_copies"])]
        if by_rule.empty:
            yield f"No trial learns the rules of level {level} before copies begin."
        elif len(by_rule) == 1:
            yield f"The rules of level {level} are learned at step {by_rule.iloc[0]:,.0f}, in 1 trial."
        else:
            yield (
                f"The rules of level {level} are learned at step {by_rule.median():,.0f} (median of {len(by_rule):,} trials "
                f"that learn them before copies begin; {by_rule.min():,.0f} to {by_rule.max():,.0f})."
            )


def _windows(analysis: SweepAnalysis) -> Iterator[str]:
    """In how many settings the innovation window is open."""
    tops = pd.Series({group: f"tau_rule_{grammar.num_layers}" for group, grammar in analysis.grammars.items()})
    settings = analysis.settings
    start = pd.Series({group: settings.at[group, tops[group]] for group in settings.index}, dtype="float64")
    end = settings["tau_mem_copies"]
    opened, closed = start[start.notna() & ~(start >= end)].index, start[end.notna() & ~(start < end)].index
    if len(opened):
        ratios = np.log2(end[opened] / start[opened]).dropna()
        widths = f"; where it closes, it is {span(ratios, '.1f')} doublings of the step wide" if len(ratios) else ""
        yield f"The innovation window opens in {len(opened):,} of {count(len(settings), 'setting')}{widths}."
    if len(closed):
        yield f"In {count(len(closed), 'setting')} copies begin before the class rule is learned: no window."


def _grammar_spread(analysis: SweepAnalysis) -> Iterator[str]:
    """How far grammars differ beyond the spread within one, by a one-way analysis of variance."""
    if analysis.groups.axis != RULES:
        return
    values = analysis.measured["best_novel_valid"].groupby(analysis.measured["group"])
    within = float(values.var().mean())
    between = max(0.0, float(values.mean().var()) - within / float(values.size().mean()))
    yield (
        f"The best novel-valid share has standard deviation {np.sqrt(between):.3f} between grammars and {np.sqrt(within):.3f} "
        "within one (other strings and initialization)."
    )


def _at(row: pd.Series) -> str:
    return f"{row['tau_mem_copies']:,.0f} for P = {row[TRAIN_SIZE]:.0f}"


def _average(trials: int, word: str) -> str:
    return f"{word} over {trials} seeds" if trials > 1 else "one seed"
