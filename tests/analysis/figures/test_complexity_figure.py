"""The collapse of validity over P / (v m^(l+1))."""

from __future__ import annotations

import numpy as np
import pytest

from rhm_sweeps.analysis.figures.axes import level_colour
from rhm_sweeps.analysis.figures.complexity_figure import complexity_figure
from rhm_sweeps.analysis.sweep_analysis import analyze
from rhm_sweeps.grammar.theory import chance_validity, sample_complexity

from ..law_sweeps import SIZES, with_complexities


def curve(axis, level: int):
    (line,) = [line for line in axis.lines if line.get_color() == level_colour(level)]
    return line


def test_each_level_is_drawn_in_units_of_its_sample_complexity(make_sweep, grid) -> None:
    sizes = (64, 128, 256)
    analysis = analyze(make_sweep(grid(sizes=sizes, seeds=2)))
    plain, collapsed = complexity_figure(analysis).figure.axes
    grammar = analysis.grammars[0]
    for level, (size, chance) in enumerate(zip(sample_complexity(grammar), chance_validity(grammar), strict=True), 1):
        assert list(curve(plain, level).get_xdata()) == list(sizes)
        assert curve(collapsed, level).get_xdata() == pytest.approx(np.array(sizes) / size)
        learned = analysis.measured.groupby("group")[f"clean_validity_{level}"].mean()
        for axis in (plain, collapsed):
            assert curve(axis, level).get_ydata() == pytest.approx(((learned - chance) / (1 - chance)).to_numpy())


def test_what_is_known_by_heart_does_not_count(make_sweep, grid) -> None:
    """For P = 64 copies begin before level 3 is learned."""
    plain, _ = complexity_figure(analyze(make_sweep(grid(sizes=(64, 128, 256), seeds=1)))).figure.axes
    assert curve(plain, 3).get_ydata() == pytest.approx([0, 1, 1])


def test_curves_that_follow_the_theory_collapse(make_sweep, grid) -> None:
    """Interpolated at common places, all levels and grammars agree; against P they do not."""
    analysis = analyze(make_sweep(grid(sizes=SIZES, seeds=1, grammar__num_synonyms=(3, 4))))
    with_complexities(analysis, lambda m, level: 8 * m ** (level + 1))
    plain, collapsed = complexity_figure(analysis).figure.axes
    spreads = []
    for axis, places in ((plain, (128, 512)), (collapsed, (0.5, 1, 2))):
        lines = [line for line in axis.lines if line.get_marker() in ("o", "s")]
        assert len(lines) == 6
        heights = [np.interp(np.log(places), np.log(line.get_xdata()), line.get_ydata()) for line in lines]
        spreads.append(np.ptp(heights, axis=0).max())
    assert spreads[0] > 0.9
    assert spreads[1] < 0.25


def test_grammars_have_their_own_markers_and_names(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=(64, 128, 256), seeds=1, grammar__num_synonyms=(3, 4))))
    figure = complexity_figure(analysis).figure
    assert len([line for line in figure.axes[0].lines if line.get_color() == level_colour(1)]) == 2
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["level 1", "level 2", "level 3", "$m$ = 3", "$m$ = 4"]


def test_two_sizes_are_no_curve(make_sweep, grid) -> None:
    assert complexity_figure(analyze(make_sweep(grid(sizes=(64, 128))))) is None
    assert complexity_figure(analyze(make_sweep([{}]))) is None
