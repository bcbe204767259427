"""What is drawn against steps is what was averaged."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rhm_sweeps.analysis.figures.axes import COPIES, level_colour
from rhm_sweeps.analysis.figures.curve_figures import loss_figure, novelty_figure, validity_figure
from rhm_sweeps.analysis.sweep_analysis import analyze
from rhm_sweeps.grammar.theory import bayes_floor, chance_validity


def visible(drawing) -> list:
    return [axis for axis in drawing.figure.axes if axis.get_visible()]


def lines_of(axis, colour) -> list:
    return [line for line in axis.lines if line.get_color() == colour and len(line.get_xdata()) > 2]


@pytest.fixture
def analysis(make_sweep, grid):
    return analyze(make_sweep(grid(sizes=(64, 256), seeds=2)))


def test_a_panel_per_setting_shows_validity_and_copies(analysis) -> None:
    drawing = validity_figure(analysis)
    panels = visible(drawing)
    assert [axis.get_title() for axis in panels] == ["$P$ = 64", "$P$ = 256"]
    for group, axis in enumerate(panels):
        for level in (1, 2, 3):
            (line,) = lines_of(axis, level_colour(level))
            assert line.get_ydata() == pytest.approx(
                analysis.curves.loc[group, (f"validity_{level}", "mean")].to_numpy()
            )
        (copies,) = lines_of(axis, COPIES)
        assert copies.get_ydata() == pytest.approx(analysis.curves.loc[group, ("copies", "mean")].to_numpy())


def test_chance_levels_are_marked(analysis) -> None:
    (axis, _) = visible(validity_figure(analysis))
    marks = [line.get_ydata()[0] for line in axis.lines if line.get_linestyle() == ":"]
    assert marks == pytest.approx(chance_validity(analysis.grammars[0]))


def test_the_innovation_window_is_shaded_where_it_is_open(analysis) -> None:
    closed, opened = visible(validity_figure(analysis))
    assert not closed.patches
    (window,) = opened.patches
    assert (window.get_x(), window.get_x() + window.get_width()) == pytest.approx((2**8.9, 1024 * 2**0.2), rel=1e-3)


def test_steps_are_on_a_log2_axis(analysis) -> None:
    for drawing in (validity_figure(analysis), novelty_figure(analysis), loss_figure(analysis)):
        for axis in visible(drawing):
            assert axis.get_xscale() == "log"
            assert set(np.log2(axis.xaxis.get_majorticklocs()) % 1) == {0}


def test_the_best_step_is_marked_on_each_curve(analysis) -> None:
    (axis,) = visible(novelty_figure(analysis))
    dots = [line.get_xydata()[0] for line in axis.lines if len(line.get_xdata()) == 1]
    curves = [line for line in axis.lines if len(line.get_xdata()) > 1]
    assert [tuple(dot) for dot in dots] == [
        (line.get_xdata()[np.argmax(line.get_ydata())], max(line.get_ydata())) for line in curves
    ]


def test_the_loss_figure_has_the_bayes_floor(analysis) -> None:
    (axis,) = visible(loss_figure(analysis))
    floors = {float(line.get_ydata()[0]) for line in axis.lines if line.get_linestyle() == ":"}
    assert floors == {bayes_floor(analysis.grammars[0], 200)}
    assert axis.get_yscale() == "log"


def test_without_test_strings_the_train_loss_is_drawn_alone(make_sweep) -> None:
    results = make_sweep([{"training.train_size": 64}])
    results.points["test_loss"] = math.nan
    (axis,) = visible(loss_figure(analyze(results)))
    assert len([line for line in axis.lines if len(line.get_xdata()) > 2]) == 1


def test_bands_span_the_seeds(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64,), seeds=2))
    results.points.loc[results.points["signature"] == results.trials.index[0], "novel_valid"] = 0.2
    results.points.loc[results.points["signature"] == results.trials.index[1], "novel_valid"] = 0.6
    (axis,) = visible(novelty_figure(analyze(results)))
    (band,) = axis.collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx((0.2, 0.6))


def test_facets_are_panels(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=(64, 128), seeds=1, model__width=(32, 64))))
    assert [axis.get_title() for axis in visible(novelty_figure(analysis))] == [
        "width\u00a0=\u00a032",
        "width\u00a0=\u00a064",
    ]


@pytest.mark.slow
def test_too_many_settings_are_thinned_out_and_the_caption_says_so(make_sweep) -> None:
    trials = [
        {"training.train_size": 64 + 7 * i, "training.learning_rate": 10 ** -(1 + i * 0.618 % 1)} for i in range(15)
    ]
    analysis = analyze(make_sweep(trials))
    validity, novelty = validity_figure(analysis), novelty_figure(analysis)
    assert len(visible(validity)) == 12
    assert "12 of 15 settings are shown" in validity.caption
    assert "6 of 15 settings are shown" in novelty.caption
