"""The collapse of validity over P / P*_l."""

from __future__ import annotations

import numpy as np
import pytest

from rhm_sweeps.analysis.axes import level_colour
from rhm_sweeps.analysis.complexity_figure import complexity_figure
from rhm_sweeps.analysis.sweep_analysis import analyze
from rhm_sweeps.grammar.theory import chance_validity, sample_complexity


def test_each_level_is_drawn_in_units_of_its_sample_complexity(make_sweep, grid) -> None:
    sizes = (64, 128, 256)
    analysis = analyze(make_sweep(grid(sizes=sizes, seeds=2)))
    (axis,) = complexity_figure(analysis).figure.axes
    grammar = analysis.grammars[0]
    for level, (size, chance) in enumerate(zip(sample_complexity(grammar), chance_validity(grammar), strict=True), 1):
        (line,) = [line for line in axis.lines if line.get_color() == level_colour(level)]
        assert line.get_xdata() == pytest.approx(np.array(sizes) / size)
        learned = analysis.settings.join(analysis.measured.groupby("group")[f"clean_validity_{level}"].median())
        expected = (learned[f"clean_validity_{level}"] - chance) / (1 - chance)
        assert line.get_ydata() == pytest.approx(expected.to_numpy())


def test_what_is_known_by_heart_does_not_count(make_sweep, grid) -> None:
    """For P = 64 copies begin before level 3 is learned."""
    (axis,) = complexity_figure(analyze(make_sweep(grid(sizes=(64, 128, 256), seeds=1)))).figure.axes
    (line,) = [line for line in axis.lines if line.get_color() == level_colour(3)]
    assert line.get_ydata() == pytest.approx([0, 1, 1])


def test_grammars_have_their_own_markers_and_names(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=(64, 128, 256), seeds=1, grammar__num_synonyms=(3, 4))))
    figure = complexity_figure(analysis).figure
    (axis,) = figure.axes
    assert len([line for line in axis.lines if line.get_color() == level_colour(1)]) == 2
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["level 1", "level 2", "level 3", "$m$ = 3", "$m$ = 4"]


def test_two_sizes_are_no_curve(make_sweep, grid) -> None:
    assert complexity_figure(analyze(make_sweep(grid(sizes=(64, 128))))) is None
    assert complexity_figure(analyze(make_sweep([{}]))) is None
