"""What is drawn of classifiers is their last accuracy."""

from __future__ import annotations

import pytest

from rhm_sweeps.analysis.figures.accuracy_figure import accuracy_figure
from rhm_sweeps.analysis.figures.sweep_figures import draw_figures
from rhm_sweeps.analysis.limits import limits
from rhm_sweeps.analysis.sweep_analysis import analyze


@pytest.fixture
def analysis(make_sweep, grid):
    return analyze(make_sweep(grid(sizes=(64, 256), seeds=2, model__name="classifier")))


def test_accuracy_is_that_of_the_last_step_in_the_middle_of_each_window(analysis) -> None:
    (axis,) = accuracy_figure(analysis).figure.axes
    curves = [line for line in axis.lines if len(line.get_xdata()) == 4]
    assert len(curves) == 4  # test and train of two settings
    for line in curves:
        assert line.get_xdata() == pytest.approx([1 / 8, 3 / 8, 5 / 8, 7 / 8])
        dashed = line.get_linestyle() != "-"
        assert line.get_ydata() == pytest.approx([1, 1, 1, 1] if dashed else [1, 1 / 2, 1 / 3, 1 / 4])
    (chance,) = {line.get_ydata()[0] for line in axis.lines if line.get_linestyle() == ":"}
    assert chance == pytest.approx(1 / 8)


def test_a_sweep_of_classifiers_has_no_figures_of_samples(analysis) -> None:
    assert [drawing.name for drawing in draw_figures(analysis)] == ["losses", "accuracy"]
    assert any("sample no strings" in sentence for sentence in limits(analysis))
    assert not analysis.sampled


def test_a_sweep_without_classifiers_has_no_accuracy(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=(64, 256), seeds=1)))
    assert accuracy_figure(analysis) is None
    assert analysis.sampled


def test_only_discrete_processes_have_a_bayes_floor(make_sweep, grid) -> None:
    def floors(**fields: str) -> list[bool]:
        return list(analyze(make_sweep(grid(sizes=(64,), seeds=1, **fields))).discrete.values())

    assert floors(diffusion__process="masked") == [True]
    assert floors(diffusion__process="gaussian") == [False]
    assert floors(model__name="classifier") == [False]
