"""Which parameter matters, and what a sweep cannot say of it, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from rhm_sweeps.analysis.groups import symbol
from rhm_sweeps.analysis.parameters.effect_sizes import holm
from rhm_sweeps.analysis.parameters.sensitivity import FOREST, Sensitivity
from rhm_sweeps.analysis.phrases import listed, share_text, span
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.analysis.trials.outcomes import outcome_of
from rhm_sweeps.printable import count

NAMED = ("best_novel_valid", "tau_rule_L", "tau_mem_copies")
"""Outcomes that a sentence is said of; the figure has all."""
MOST_NAMED, LEAST_NAMED = 3, 0.01
SIGNIFICANT = 0.05


def sensitivity_findings(analysis: SweepAnalysis) -> Iterator[str]:
    """One sentence per outcome: what its variance goes with."""
    found = analysis.sensitivity
    p_values = pd.Series(holm(found.shares["p_value"].to_numpy(dtype="float64")), index=found.shares.index)
    known = found.known[found.known["outcome"].isin(NAMED)]
    for row in known.to_dict("records"):
        shares = found.shares[found.shares["outcome"] == row["outcome"]]
        shares = shares.assign(p_holm=p_values[shares.index]).sort_values("total", ascending=False)
        yield _sentence(row, shares)


def _sentence(row: dict[Any, Any], shares: pd.DataFrame) -> str:
    large = shares[shares["total"] >= LEAST_NAMED].head(MOST_NAMED)
    parts = [f"{share_text(one['total'])} with {symbol(one['parameter'])}" for one in large.to_dict("records")]
    if len(large) < len(shares):
        rest = shares.iloc[len(large) :]
        parts.append(f"at most {share_text(max(rest['total'].max(), LEAST_NAMED))} with {_others(rest)}")
    if row["replicated"]:
        parts.append(f"{share_text(row['noise'])} with the seeds")
    words = outcome_of(row["outcome"]).words
    said = listed(parts).replace(" with ", " goes with ", 1)
    crossed = "; interactions count for each" if (shares["total"] - shares["main"]).max() >= LEAST_NAMED else ""
    return f"Of the variance of {words}, {said} ({_how(row)}{crossed}){_doubt(shares)}."


def _how(row: dict[Any, Any]) -> str:
    trials = count(row["trials"], "trial")
    if row["method"] == FOREST:
        return f"a random forest on {trials}, which explains {row['explained']:.2f} of the variance of unseen ones"
    noise = "" if row["replicated"] else "; without replicas, the highest interaction counts as noise"
    return f"{count(row['settings'], 'setting')}, {trials}{noise}"


def _others(shares: pd.DataFrame) -> str:
    if len(shares) > MOST_NAMED:
        return f"each of {len(shares)} others"
    return listed([symbol(field) for field in shares["parameter"]])


def _doubt(shares: pd.DataFrame) -> str:
    """Which main effects cannot be told from noise."""
    unclear = [symbol(field) for field in shares[shares["p_holm"] >= SIGNIFICANT]["parameter"]]
    if not unclear:
        return ""
    return f"; the effect of {listed(unclear[:MOST_NAMED])} alone is not told from noise (F test, Holm-corrected)"


def sensitivity_limits(analysis: SweepAnalysis) -> Iterator[str]:
    """What keeps the sweep from saying which parameter matters."""
    if analysis.settings.empty:
        return
    found = analysis.sensitivity
    if found.parameters.names:
        yield from _unknown(found)
        yield from _following(found)
        yield from _cut(found)
        yield from _lengths(analysis)


def _unknown(found: Sensitivity) -> Iterator[str]:
    """Outcomes without shares for want of trials, by reason."""
    unknown = found.outcomes[
        (found.outcomes["method"] == "") & found.outcomes["note"].str.contains("few|forest|one setting")
    ]
    for note, rows in unknown.groupby("note"):
        titles = listed([outcome_of(name).words for name in rows["outcome"]])
        yield f"Which parameter moves {titles} cannot be said: {note}."


def _following(found: Sensitivity) -> Iterator[str]:
    following = [symbol(field) for field in found.parameters.following]
    if following:
        kept = listed([symbol(field) for field in found.parameters.names])
        yield f"Not varied on its own: {listed(following)}, whose effect cannot be told from that of {kept}."


def _cut(found: Sensitivity) -> Iterator[str]:
    """Outcomes that many trials lack."""
    known = found.known
    cut = known[known["missing"] > 0]
    if len(cut):
        parts = [f"{outcome_of(row['outcome']).words} in {row['missing']:,}" for row in cut.to_dict("records")]
        yield f"Trials that did not reach a time scale are left out of its shares of variance: {listed(parts)}."


def _lengths(analysis: SweepAnalysis) -> Iterator[str]:
    """Trials that a rule, a scheduler or an end of the sweep stopped at different steps."""
    steps = analysis.measured["last_step"]
    if "training.steps" not in analysis.results.varied and steps.nunique() > 1:
        yield (
            f"Trials end at different steps ({span(steps, ',.0f')}): what goes with a parameter includes what goes with the length "
            "of training."
        )
