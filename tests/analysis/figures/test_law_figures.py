"""The figures of exponents, sample complexity, parameters and early stopping."""

from __future__ import annotations

import pytest

from rhm_sweeps.analysis.figures.axes import COPIES, WIDE_IN, level_colour
from rhm_sweeps.analysis.figures.complexity_law_figure import complexity_law_figure
from rhm_sweeps.analysis.figures.parameter_figure import parameter_figure
from rhm_sweeps.analysis.figures.power_law_figure import power_law_figure
from rhm_sweeps.analysis.figures.stopping_figure import LOOKS, stopping_figure
from rhm_sweeps.analysis.sweep_analysis import analyze

from ..law_sweeps import SIZES, with_complexities

MAKERS = (power_law_figure, complexity_law_figure, parameter_figure, stopping_figure)


def dots(axis, colour: str) -> list[tuple[float, float]]:
    """The single points of a colour: where a panel says that a number stands."""
    return [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0]))
        for line in axis.lines
        if line.get_color() == colour and len(line.get_xdata()) == 1
    ]


def test_exponents_stand_beside_their_names(make_sweep, grid) -> None:
    (axis,) = power_law_figure(analyze(make_sweep(grid(sizes=(64, 128, 256, 512), seeds=2)))).figure.axes
    assert dots(axis, COPIES) == [pytest.approx((1, 0)), pytest.approx((1, 1))]
    assert dots(axis, level_colour(1)) == [pytest.approx((0, 2), abs=1e-9)]
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert labels[0] == r"$\tau_{mem}$, copies"
    assert labels[4] == r"$\tau_{rule}(3)$"
    low, high = axis.get_xlim()
    assert low < 0
    assert high > 1


def test_each_facet_has_its_exponents(make_sweep, grid) -> None:
    figure = power_law_figure(analyze(make_sweep(grid(sizes=(64, 128, 256), model__width=(32, 64))))).figure
    assert [axis.get_title() for axis in figure.axes] == ["width\u00a0=\u00a032", "width\u00a0=\u00a064"]


def test_measured_complexities_stand_above_their_theory(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=SIZES, seeds=1)))
    with_complexities(analysis, lambda m, level: 0.5 * 8 * m ** (level + 1))
    (axis,) = complexity_law_figure(analysis).figure.axes
    assert [dots(axis, level_colour(level))[0] for level in (1, 2, 3)] == [
        pytest.approx((72, 36)), pytest.approx((216, 108)), pytest.approx((648, 324)),
    ]  # fmt: skip


def test_bounds_are_open_arrows(make_sweep, grid) -> None:
    analysis = with_complexities(
        analyze(make_sweep(grid(sizes=(64, 128, 256)))), lambda m, level: (1, 128, 1e5)[level - 1]
    )
    (axis,) = complexity_law_figure(analysis).figure.axes
    looks = {
        line.get_color(): (line.get_marker(), line.get_ydata()[0]) for line in axis.lines if len(line.get_xdata()) == 1
    }
    assert looks[level_colour(1)] == ("v", 64)
    assert looks[level_colour(3)] == ("^", 256)


def test_a_panel_for_each_parameter_and_the_rest_said(make_sweep) -> None:
    fields = ("model.width", "training.batch_size", "training.train_size", "diffusion.timesteps")
    more = ("evaluation.num_samples", "training.test_size", "training.steps")
    base = dict.fromkeys((*fields, *more), 128)
    drawing = parameter_figure(analyze(make_sweep([base, *({**base, field: 256} for field in (*fields, *more))])))
    assert len(drawing.figure.axes) == 6
    assert "Not shown: " in drawing.caption
    few = parameter_figure(analyze(make_sweep([base, {**base, "model.width": 64}])))
    assert len(few.figure.axes) == 1
    assert "Not shown" not in few.caption


def test_medians_are_drawn(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=(64, 128, 256), seeds=3)))
    (axis,) = parameter_figure(analysis).figure.axes
    copies = next(line for line in axis.lines if line.get_color() == COPIES and line.get_marker() == "D")
    assert list(copies.get_xdata()) == [64, 128, 256]
    medians = analysis.trials.groupby("training.train_size")["last_copies"].median()
    assert list(copies.get_ydata()) == pytest.approx(list(medians))


@pytest.mark.parametrize(
    "trials", [[{"training.train_size": 64}], [{"diffusion.process": p} for p in ("uniform", "masked")]]
)
def test_rules_stand_side_by_side(make_sweep, trials) -> None:
    left, right = stopping_figure(analyze(make_sweep(trials))).figure.axes
    colours = {line.get_color() for line in right.lines}
    assert colours == {look["color"] for look in LOOKS.values()}
    assert left.get_ylabel() == "novel valid: best minus kept"


def test_cost_and_saving_are_drawn_against_the_axis(make_sweep, grid) -> None:
    """Copies begin at 4 P 2**0.2, between the points 4 P and 8 P, of which the later ends training."""
    drawing = stopping_figure(analyze(make_sweep(grid(sizes=(64, 128, 256), seeds=2))))
    _, right = drawing.figure.axes
    line = next(line for line in right.lines if line.get_color() == COPIES)
    assert list(line.get_xdata()) == [64, 128, 256]
    assert list(line.get_ydata()) == pytest.approx([1 - 8 * size / 4096 for size in (64, 128, 256)])
    assert drawing.figure.get_figwidth() == WIDE_IN


@pytest.mark.parametrize("make", MAKERS)
def test_without_what_it_shows_there_is_no_figure(make_sweep, make) -> None:
    assert make(analyze(make_sweep([]))) is None
    assert make(analyze(make_sweep([{}], length={0: 1}))) is None
