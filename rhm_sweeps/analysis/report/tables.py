"""Tables of a sweep for people: what stands in each cell, and by what it is sorted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from rhm_sweeps.analysis.groups import symbol, value_label
from rhm_sweeps.analysis.laws.early_stopping import RULES, early_stopping
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.analysis.trials.regimes import regime_words
from rhm_sweeps.config import GrammarConfig, is_seed
from rhm_sweeps.grammar.theory import bayes_floor, chance_validity, sample_complexity

LARGEST_PLAIN = 10**9
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Cell:
    """`key` sorts the column: a number where there is one, NaN last, else the text."""

    text: str
    key: float | str


@dataclass(frozen=True)
class Table:
    """Column headings and rows of cells."""

    columns: list[str]
    rows: list[list[Cell]]


def setting_view(analysis: SweepAnalysis, most: int) -> Table:
    """A row per setting, `most` at most: fields, seeds, median time scales with intervals, the best and last states."""
    fields = _fields(analysis, seeds=False)
    return _table(
        analysis.settings.head(most), [*fields, ("seeds", "trials", _number), *_measures(analysis.levels, ranges=True)]
    )


def trial_view(analysis: SweepAnalysis, most: int) -> Table:
    """A row per trial, `most` at most: signature, state, varied fields, time scales, best and last states."""
    trials = analysis.trials.head(most).reset_index()
    names = [("trial", "signature", _text), ("state", "state", _text)]
    return _table(trials, [*names, *_fields(analysis, seeds=True), *_measures(analysis.levels)])


def grammar_view(analysis: SweepAnalysis) -> Table:
    """A row per size of grammar and T: P_max, the Bayes floor, then chance validity and sample complexity per level."""
    shapes = {
        (grammar.model_copy(update={"seed_rules": 0}), int(analysis.timesteps[group])): None
        for group, grammar in analysis.grammars.items()
    }
    levels = max((grammar.num_layers for grammar, _ in shapes), default=0)
    heads = ["v", "n", "m", "s", "L", "d", "T", "P_max", "Bayes floor"]
    heads += [f"chance, l\u00a0=\u00a0{level}" for level in range(1, levels + 1)]
    heads += [f"P*_{level}" for level in range(1, levels + 1)]
    return Table(heads, [_grammar_row(grammar, timesteps, levels) for grammar, timesteps in shapes])


def stopping_view(analysis: SweepAnalysis) -> Table:
    """A row per rule of early stopping: how often it ends a trial early, what it keeps, and what it costs and saves."""
    rules = early_stopping(analysis).sweep.reset_index()
    columns: list[Column] = [
        ("ends training", "rule", lambda rule, _: Cell(RULES[rule], RULES[rule])),
        ("trials", "trials", _number),
        ("ends early", "early", _share),
        ("at step", "stop_step", _number),
        ("novel valid, kept", "novel_valid", _share),
        ("below the best", "cost", _cost),
        ("steps saved", "saved", _share),
    ]
    return _table(rules, columns)


def step_text(step: float, last_step: float) -> str:
    """A time scale: `1,234`, or `> 4,096` when it was not reached by then, or a dash without points."""
    if pd.notna(step):
        return f"{step:,.0f}"
    return f">\u00a0{last_step:,.0f}" if pd.notna(last_step) else "–"


Format = Callable[[Any, Mapping[str, Any]], Cell]
Column = tuple[str, str, Format]


def _table(rows: pd.DataFrame, columns: Sequence[Column]) -> Table:
    cells = [[form(row.get(name), row) for _, name, form in columns] for row in rows.to_dict("records")]
    return Table([head for head, _, _ in columns], cells)


def _fields(analysis: SweepAnalysis, *, seeds: bool) -> list[Column]:
    groups = analysis.groups
    fields = [*([groups.axis] if groups.axis else []), *groups.facets]
    if seeds:
        fields += [name for name in analysis.results.varied if is_seed(name) and name not in fields]
    return [(symbol(name), name, _value) for name in fields]


def _measures(levels: int, *, ranges: bool = False) -> list[Column]:
    heads = {f"tau_rule_{level}": f"τ_rule({level})" for level in range(1, levels + 1)}
    heads |= {"tau_mem_copies": "τ_mem copies", "tau_mem_loss": "τ_mem losses"}
    scales: list[Column] = [(head, name, partial(_ranged, name) if ranges else _step) for name, head in heads.items()]
    return [
        *scales,
        ("best step", "best_step", _number),
        ("novel valid, best", "best_novel_valid", _share),
        ("novel valid, last", "last_novel_valid", _share),
        ("valid, last", "last_validity", _share),
        ("copies, last", "last_copies", _share),
        ("regime, last", "regime", _regime),
    ]


def _text(value: Any, _: Mapping[str, Any]) -> Cell:
    text = str(value) if isinstance(value, str) else "–"
    return Cell(text, text)


def _regime(value: Any, row: Mapping[str, Any]) -> Cell:
    return _text(regime_words(value) if isinstance(value, str) else value, row)


def _value(value: Any, _: Mapping[str, Any]) -> Cell:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return Cell(value_label(value), float(value) if number else str(value))


def _number(value: Any, _: Mapping[str, Any]) -> Cell:
    return Cell("–" if pd.isna(value) else f"{value:,.0f}", float(value))


def _share(value: Any, _: Mapping[str, Any]) -> Cell:
    return Cell("–" if pd.isna(value) else f"{value:.3f}", float(value))


def _cost(value: Any, row: Mapping[str, Any]) -> Cell:
    return Cell(f"{value:.3f} ({row['cost_low']:.3f}–{row['cost_high']:.3f})", float(value))


def _step(value: Any, row: Mapping[str, Any]) -> Cell:
    """A time scale that was not reached sorts after those that were."""
    step = float("nan") if value is None else float(value)
    return Cell(step_text(step, row["last_step"]), step)


def _ranged(name: str, value: Any, row: Mapping[str, Any]) -> Cell:
    """A time scale with its interval: `478 (450–520)`, `478 (450–)` where the end is beyond the last step."""
    cell, low, high = _step(value, row), row.get(f"{name}_low", float("nan")), row.get(f"{name}_high", float("nan"))
    if pd.isna(cell.key) or pd.isna(low) or low == high:
        return cell
    end = "" if pd.isna(high) else f"{high:,.0f}"
    return Cell(f"{cell.text} ({low:,.0f}–{end})", cell.key)


def _grammar_row(grammar: GrammarConfig, timesteps: int, levels: int) -> list[Cell]:
    sizes = (grammar.num_features, grammar.num_classes, grammar.num_synonyms, grammar.tuple_size, grammar.num_layers)
    numbers = [*sizes, grammar.string_length, timesteps, grammar.p_max]
    missing = [Cell("–", float("nan"))] * (levels - grammar.num_layers)
    chances = [Cell(f"{chance:.3g}", chance) for chance in chance_validity(grammar)]
    needed = [Cell(whole(size), float(min(size, 10**300))) for size in sample_complexity(grammar)]
    floor = bayes_floor(grammar, timesteps)
    cells = [Cell(whole(number), float(min(number, 10**300))) for number in numbers]
    return [*cells, Cell(f"{floor:.4f}", floor), *chances, *missing, *needed, *missing]


def whole(number: int) -> str:
    """A positive integer: `17,496`, or `3.1 × 10⁵²` when it is long."""
    if number < LARGEST_PLAIN:
        return f"{number:,}"
    exponent = math.floor(math.log10(number))
    return f"{10 ** (math.log10(number) - exponent):.1f} × 10{str(exponent).translate(RAISED)}"
