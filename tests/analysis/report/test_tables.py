"""Cells for people and keys for sorting."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from rhm_sweeps.analysis.report.tables import grammar_view, setting_view, step_text, stopping_view, trial_view, whole
from rhm_sweeps.analysis.sweep_analysis import analyze


def column(table, name: str) -> list:
    place = table.columns.index(name)
    return [row[place] for row in table.rows]


def test_settings_show_their_median_time_scales(make_sweep, grid) -> None:
    table = setting_view(analyze(make_sweep(grid(sizes=(64, 512), seeds=2))), 10)
    assert [cell.text for cell in column(table, "P")] == ["64", "512"]
    assert [cell.text for cell in column(table, "seeds")] == ["2", "2"]
    assert [cell.text for cell in column(table, "τ_mem copies")] == ["294 (292–296)", "2,353 (2,328–2,377)"]
    assert [cell.text for cell in column(table, "regime, last")] == ["memorizing", "memorizing"]
    assert [cell.key for cell in column(table, "τ_mem copies")] == pytest.approx([256 * 2**0.2, 2048 * 2**0.2])


def test_what_was_not_reached_is_bounded_by_the_last_step(make_sweep, grid) -> None:
    (cell,) = column(setting_view(analyze(make_sweep(grid(sizes=(64,), seeds=1), length={0: 8})), 10), "τ_mem copies")
    assert cell.text == ">\u00a0128"
    assert math.isnan(cell.key)


def test_an_end_beyond_the_last_step_is_open_and_regimes_are_in_words(make_sweep, grid) -> None:
    settings = analyze(make_sweep(grid(sizes=(64,), seeds=3), length={0: 6, 1: 6}))
    table = setting_view(settings, 10)
    assert [cell.text for cell in column(table, "τ_rule(1)")] == ["30 (30–30)"]
    assert [cell.text for cell in column(table, "regime, last")] == ["1 memorizing, 2 partial (level 1)"]
    row = settings.settings.assign(tau_rule_1_high=math.nan)
    assert column(setting_view(replace(settings, settings=row), 10), "τ_rule(1)")[0].text == "30 (30–)"


def test_trials_are_in_the_order_of_the_plan_and_bounded(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(512, 64), seeds=2))
    table = trial_view(analyze(results), 3)
    assert [cell.text for cell in column(table, "trial")] == list(results.trials.index[:3])
    assert [cell.text for cell in column(table, "seed rules")] == ["0", "1", "0"]
    assert all(len(row) == len(table.columns) for row in table.rows)


def test_grammars_are_listed_once_per_size(make_sweep, grid) -> None:
    table = grammar_view(analyze(make_sweep(grid(seeds=3, training__test_size=50, grammar__num_layers=(3, 4)))))
    assert [cell.text for cell in column(table, "P_max")] == ["17,496", "114,791,256"]
    assert [cell.text for cell in column(table, "P*_1")] == ["72", "72"]
    assert [cell.text for cell in column(table, "P*_4")] == ["–", "1,944"]
    assert [cell.text for cell in column(table, "Bayes floor")] == ["0.0061", "0.0058"]
    assert all(len(row) == len(table.columns) for row in table.rows)


def test_integers_of_any_length_are_written() -> None:
    """P_max = 8 * 3**16383 has more digits than Python prints."""
    numbers = (1, 17_496, 3_100_000_000, 8 * 3**16383)
    exponent = math.floor(16383 * math.log10(3) + math.log10(8))
    raised = str(exponent).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    *short, long = map(whole, numbers)
    assert short == ["1", "17,496", "3.1 × 10⁹"]
    assert long.endswith(f" × 10{raised}")


def test_a_trial_without_points_has_dashes() -> None:
    assert step_text(math.nan, math.nan) == "–"
    assert step_text(1234.5, 4096) == "1,234"


def test_early_stopping_is_told_rule_by_rule(make_sweep, grid) -> None:
    """Training on to the end costs all novel strings; stopping where copies begin, only what the last checkpoint before had not."""
    table = stopping_view(analyze(make_sweep(grid(sizes=(64, 128), seeds=2))))
    rules = {cell.key: place for place, cell in enumerate(column(table, "ends training"))}
    assert {cell.text for cell in column(table, "trials")} == {"4"}
    costs = [cell.key for cell in column(table, "below the best")]
    assert costs[rules["at the last step"]] == max(costs) > 0.5
    assert 0 <= costs[rules["where copies begin"]] < 0.3
    saved = [cell.key for cell in column(table, "steps saved")]
    assert saved[rules["at the last step"]] == 0 < saved[rules["where copies begin"]] < 1
