"""How groups differ, and what a sweep cannot say of it, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from rhm_sweeps.analysis.groups import symbol, value_label
from rhm_sweeps.analysis.parameters.comparison import BY_SEEDS, BY_SETTINGS, SIGNIFICANT
from rhm_sweeps.analysis.phrases import interval, listed
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.analysis.trials.outcomes import OUTCOMES, outcome_of
from rhm_sweeps.printable import count

MOST_SENTENCES = 4
MATCHED = {BY_SEEDS: "pair of equal settings and seeds", BY_SETTINGS: "pair of equal settings, means over seeds"}


def comparison_findings(analysis: SweepAnalysis) -> Iterator[str]:
    """The differences that are told from chance, in the order of `OUTCOMES`; without any, what is known of the first outcome."""
    table = analysis.comparison.table
    order = table["outcome"].map({outcome.name: place for place, outcome in enumerate(OUTCOMES)})
    table = table.assign(order=order).sort_values(["order", "p_value"], kind="stable")
    told = table[table["p_holm"] < SIGNIFICANT]
    for row in told.head(MOST_SENTENCES).to_dict("records"):
        yield (
            f"{_difference(row)}: significant after Holm's correction for {count(len(table), 'comparison')} "
            f"(p = {row['p_holm']:.2g}, {row['test']})."
        )
    if len(told) > MOST_SENTENCES:
        yield f"{count(len(told) - MOST_SENTENCES, 'more difference')} between values of a parameter hold after Holm's correction."
    if told.empty:
        for row in table.head(1).to_dict("records"):
            yield f"{_difference(row)}: {_not_told(row, len(table))}."


def _difference(row: dict[Any, Any]) -> str:
    """`Constraint tuples against none: the best novel-valid share differs by +0.15 (95 % interval ...; 18 pairs ...)`."""
    outcome = outcome_of(row["outcome"])
    unit = " doublings" if outcome.is_step else ""
    a, b = value_label(row["a"]), value_label(row["b"])
    known = f"{interval(row['low'], row['high'], '.2g')}; " if pd.notna(row["low"]) else ""
    size = f", Hedges g {row['hedges_g']:.1f}" if pd.notna(row["hedges_g"]) else ""
    also = f" ({listed([symbol(field) for field in row['along'].split(', ')])} changes with it)" if row["along"] else ""
    return (
        f"{_capital(symbol(row['parameter']))} {b} against {a}{also}: {outcome.words} differs by "
        f"{row['difference']:+.2g}{unit} ({known}{_numbers(row)}{size})"
    )


def _numbers(row: dict[Any, Any]) -> str:
    if not row["pairs"]:
        return f"{row['n_b']} against {row['n_a']} unmatched trials"
    noun, _, rest = MATCHED[row["matching"]].partition(" ")
    return f"{count(row['pairs'], noun)} {rest}"


def _not_told(row: dict[Any, Any], comparisons: int) -> str:
    """Why a difference is not told from chance: too few values, or none to see."""
    if row["least_p"] * comparisons >= SIGNIFICANT:
        return (
            f"too few to tell it from chance, since the smallest p-value that they can give is {row['least_p']:.2g}, before "
            f"Holm's correction for {count(comparisons, 'comparison')}"
        )
    return (
        f"not told from chance (p = {row['p_holm']:.2g} after Holm's correction for {count(comparisons, 'comparison')})"
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] if len(text) > 1 else text


def comparison_limits(analysis: SweepAnalysis) -> Iterator[str]:
    """Comparisons that are confounded, unmatched, without enough values, or left out."""
    found = analysis.comparison
    table = found.table
    short = table[table["least_p"] * len(table) >= SIGNIFICANT]
    if len(short):
        yield (
            f"{len(short):,} of {count(len(table), 'comparison')} between values of a parameter have too few pairs or trials to be "
            "told from chance, however large the difference."
        )
    unmatched = table[table["matching"] == ""]
    if len(unmatched):
        names = listed([symbol(name) for name in unmatched["parameter"].unique()])
        yield f"The values of {names} share no settings: all trials of each are compared, whatever else differs between them."
    if found.skipped:
        names = listed([symbol(name) for name in found.skipped])
        yield f"{names} has too many values to compare each with each."
