"""Titles and legends."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from rhm_sweeps.analysis.figures.axes import panels, style
from rhm_sweeps.analysis.figures.legends import legend_above, line, outside_legend, titled


def test_titles_set_symbols_as_formulas_and_break_between_fields() -> None:
    assert titled("P = 64, learning rate = 0.01", 20) == "$P$ = 64,\nlearning\u00a0rate\u00a0=\u00a00.01"
    assert titled("") == ""


def test_a_dollar_in_a_title_starts_no_formula() -> None:
    figure, (axis,) = panels(1)
    axis.set_title(titled(r"$\undefined$ = 1"))
    figure.draw_without_rendering()  # a formula that is none would raise
    assert axis.title.get_text() == "\\$\\undefined\\$\u00a0=\u00a01"
    assert axis.title.get_window_extent().width > 0


@pytest.mark.parametrize("count", [1, 4])
def test_a_legend_covers_no_panel(count: int) -> None:
    with style():
        figure, axes = panels(count)
        outside_legend(figure, [line(f"entry {i}", color="k") for i in range(9)], "title")
        figure.draw_without_rendering()
    legend = figure.legends[0].get_window_extent()
    assert not any(legend.overlaps(axis.get_window_extent()) for axis in axes)
    assert legend.x1 <= figure.bbox.x1


def test_a_legend_moves_above_with_its_entries_and_title() -> None:
    figure = Figure(figsize=(3.4, 2.5), layout="constrained")
    axis = figure.subplots()
    outside_legend(figure, [line(f"entry {number}") for number in range(4)], "title")
    assert legend_above(figure) > 0
    figure.draw_without_rendering()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["entry 0", "entry 1", "entry 2", "entry 3"]
    assert legend.get_title().get_text() == "title"
    assert legend.get_window_extent().y0 >= axis.get_window_extent().y1
    assert legend_above(Figure()) == 0
