"""The figure of final states."""

from __future__ import annotations

import pytest

from rhm_sweeps.analysis.figures.axes import COPIES
from rhm_sweeps.analysis.figures.state_figures import final_state_figure
from rhm_sweeps.analysis.sweep_analysis import analyze
from rhm_sweeps.grammar.theory import sample_complexity


def test_medians_over_seeds_at_the_last_step(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=(64, 128, 1024), seeds=3)))
    (axis,) = final_state_figure(analysis).figure.axes
    joined = next(line for line in axis.lines if line.get_color() == COPIES and line.get_linestyle() != "None")
    assert list(joined.get_xdata()) == [64, 128, 1024]
    expected = analysis.measured.groupby("training.train_size")["last_copies"].median()
    assert joined.get_ydata() == pytest.approx(expected.to_numpy())


def test_sample_complexity_is_marked_inside_the_axis(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=(128, 512), seeds=1)))
    (axis,) = final_state_figure(analysis).figure.axes
    sizes = sample_complexity(analysis.grammars[0])
    marks = [
        line.get_xdata()[0] for line in axis.lines if len(set(line.get_xdata())) == 1 and line.get_linestyle() == ":"
    ]
    assert sizes == [72, 216, 648]
    assert marks == [216, 648]


def test_names_are_categories_that_no_line_joins(make_sweep, grid) -> None:
    trials = grid(sizes=(64,), model__time_input=("original", "diffusion"))
    (axis,) = final_state_figure(analyze(make_sweep(trials))).figure.axes
    assert [label.get_text() for label in axis.get_xticklabels()] == ["diffusion", "original"]
    assert {line.get_linestyle() for line in axis.lines} == {"None"}


def test_a_random_search_is_drawn_against_each_field(make_sweep) -> None:
    trials = [
        {
            "training.train_size": 64 + 7 * i,
            "training.learning_rate": 10 ** -(1 + i * 2.618 % 2),
            "model.width": 32 + i * 37 % 11,
        }
        for i in range(12)
    ]
    axes = final_state_figure(analyze(make_sweep(trials))).figure.axes
    assert [axis.get_xlabel() for axis in axes] == ["training-set size $P$", "width", "learning rate"]
    assert [axis.get_xscale() for axis in axes] == ["linear", "linear", "log"]
    assert all(len(line.get_xdata()) == 12 for line in axes[1].lines)


def test_seeds_alone_have_no_figure(make_sweep, grid) -> None:
    assert final_state_figure(analyze(make_sweep([{"training.seed": seed} for seed in range(3)]))) is None
    assert final_state_figure(analyze(make_sweep([]))) is None
