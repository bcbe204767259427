"""The tables of a report, with what they are of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rhm_sweeps.analysis.report.sweep_design import SweepDesign
from rhm_sweeps.analysis.report.tables import Cell, Table, grammar_view, setting_view, stopping_view, trial_view
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis

MOST_ROWS = 2000
"""Rows of a table in the page; the files beside it hold all."""


@dataclass(frozen=True)
class ReportTable:
    """A table under its title: `rows_in_all` of which it shows the first, `folded` when it only opens on demand."""

    name: str
    title: str
    note: str
    table: Table
    rows_in_all: int
    folded: bool = False


def report_tables(analysis: SweepAnalysis, plan: SweepDesign) -> Iterator[ReportTable]:
    """Yield the tables that have rows: swept fields, time scales per setting, early stopping, all trials, grammars."""
    found = (_swept(plan), _settings(analysis), _stopping(analysis), _trials(analysis), _grammars(analysis))
    yield from (table for table in found if table.table.rows)


def _swept(plan: SweepDesign) -> ReportTable:
    heads = ["field", "symbol", "how", "values", "which"]
    rows = [
        [
            Cell(one.field, one.field),
            Cell(one.symbol, one.symbol),
            Cell(one.drawn, one.drawn),
            Cell(f"{one.distinct:,}", one.distinct),
            Cell(one.values, one.values),
        ]
        for one in plan.swept
    ]
    return ReportTable("swept", "Swept fields", "", Table(heads, rows), len(rows))


def _settings(analysis: SweepAnalysis) -> ReportTable:
    note = (
        "In optimizer steps; medians over the seeds of a setting, shares are means. “> n”: not reached by half of the seeds by "
        "step n. In brackets their 95 % intervals, by bootstrap over samples and seeds. A column's heading sorts by it."
    )
    return ReportTable("settings", "Time scales", note, setting_view(analysis, MOST_ROWS), len(analysis.settings))


def _stopping(analysis: SweepAnalysis) -> ReportTable:
    note = (
        "Medians over the trials that a rule can be applied to; in brackets the quartiles. A rule that sees the losses part or "
        "copies begin keeps the checkpoint before. The best of a trial's points is above what a new sample of it would give."
    )
    table = stopping_view(analysis)
    return ReportTable("stopping", "Early stopping", note, table, len(table.rows))


def _trials(analysis: SweepAnalysis) -> ReportTable:
    rows = len(analysis.trials)
    return ReportTable("trials", "All trials", "", trial_view(analysis, MOST_ROWS), rows, folded=True)


def _grammars(analysis: SweepAnalysis) -> ReportTable:
    table = grammar_view(analysis)
    return ReportTable("grammars", "Grammars", "", table, len(table.rows))
