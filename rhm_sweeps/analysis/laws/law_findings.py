"""What a sweep shows of power laws, sample complexity and early stopping, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from rhm_sweeps.analysis.groups import MOST_FACETS
from rhm_sweeps.analysis.laws.early_stopping import LOSS_GAP, NEVER, RULES, early_stopping
from rhm_sweeps.analysis.laws.power_laws import FLAT, LINEAR, TimeScaleLaw, time_scale_laws
from rhm_sweeps.analysis.laws.sample_complexity import LevelComplexity, level_complexities
from rhm_sweeps.analysis.laws.scaling import PowerLaw
from rhm_sweeps.analysis.laws.synonym_laws import synonym_laws
from rhm_sweeps.analysis.phrases import interval, listed, span
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.printable import count
from rhm_sweeps.tracking.trial_summary import MEMORIZATION

SIGNS = {"tau_mem_copies": "", "tau_mem_loss": " by the losses"}


def power_law_findings(analysis: SweepAnalysis) -> Iterator[str]:
    """The exponents of tau_mem and of tau_rule(l) against P, per facet; none with more than six facets."""
    laws = time_scale_laws(analysis)
    if len({entry.facet for entry in laws}) > MOST_FACETS:
        return
    for entry in laws:
        if entry.law is not None:
            label = analysis.groups.facet_label(entry.facet)
            yield _grows(entry, entry.law, f" with {label}" if label else "")


def _grows(entry: TimeScaleLaw, law: PowerLaw, where: str) -> str:
    sure = f"({interval(law.low, law.high)}, bootstrap over {count(law.trials, 'trial')})"
    if entry.time_scale in MEMORIZATION:
        return (
            f"The memorization time τ_mem{SIGNS[entry.time_scale]} grows{where} as P^{law.exponent:z.2f} {sure}; linear growth, as in "
            "arXiv 2505.16959, is exponent 1."
        )
    level = entry.time_scale.rpartition("_")[2]
    return (
        f"The time τ_rule to learn level {level}{where} has exponent {law.exponent:z.2f} in P {sure}: {_flatness(law)}."
    )


def _flatness(law: PowerLaw) -> str:
    if law.covers(FLAT):
        return "too wide to tell flat from linear" if law.covers(LINEAR) else "0 is inside, no dependence on P is seen"
    if law.high < FLAT:
        return "0 is outside, the level is learned sooner from more strings, as may be near P*_l"
    return "0 is outside, the level is learned later from more strings"


def complexity_findings(analysis: SweepAnalysis) -> Iterator[str]:
    """P*_l of each level beside v m^(l+1), and the exponent of m."""
    found = level_complexities(analysis)
    for level in sorted({item.level for item in found}):
        inside = [item for item in found if item.level == level and item.place == "inside"]
        if len(inside) == 1:
            yield _one(inside[0])
        elif inside:
            ratios = span(pd.Series([item.ratio for item in inside]), ".2f")
            yield (
                f"Level {level} comes half-way before copies begin from {ratios} times v m^{level + 1} strings on "
                f"({count(len(inside), 'setting')})."
            )
    every = [item.ratio for item in found if item.place == "inside"]
    if len(every) > 1:
        yield f"In units of v m^(l+1) all P*_l that lie inside the sizes agree within a factor of {max(every) / min(every):.1f}."
    for law in synonym_laws(analysis, found):
        sure = "" if np.isnan(law.low) else f" ({interval(law.low, law.high)}, bootstrap over seeds)"
        values = listed([str(m) for m in law.synonyms])
        yield f"P*_{law.level} grows as m to the power {law.exponent:.2f}{sure} over m = {values}; theory: l + 1 = {law.expected}."


def _one(item: LevelComplexity) -> str:
    if np.isnan(item.low):
        sure = ""
    elif item.low == 0 or np.isinf(item.high):
        sure = "; the 95 % interval leaves the sizes of the sweep"
    else:
        sure = f"; {interval(item.low, item.high, ',.0f')}, bootstrap over seeds"
    size = f"P*_{item.level} = {item.size:,.0f} (theory: v m^{item.level + 1} = {item.theory:,}{sure})"
    return f"Level {item.level} comes half-way from chance before copies begin from {size} on."


def stopping_findings(analysis: SweepAnalysis) -> Iterator[str]:
    """What each rule of early stopping costs and saves; none where no rule would have ended a trial early."""
    found = early_stopping(analysis)
    if found.trials.empty or found.trials["saved"].max() <= 0:
        return
    yield (
        "Against each trial's best share of novel valid strings, stopping "
        + "; ".join(_rule(str(rule), row) for rule, row in found.sweep.iterrows())
        + f" ({'medians and quartiles over ' if len(analysis.measured) > 1 else ''}{count(len(analysis.measured), 'trial')})."
    )


def _rule(rule: str, row: pd.Series) -> str:
    source = " (arXiv 2505.16959)" if rule == LOSS_GAP else ""
    spread = f" ({row['cost_low']:.2f} to {row['cost_high']:.2f})" if row["trials"] > 1 else ""
    saved = "" if rule == NEVER else f" and saves {100 * row['saved']:.0f} % of the steps"
    return f"{RULES[rule]}{source} costs {row['cost']:.2f}{spread}{saved}"
