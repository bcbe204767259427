"""Ticks, colours, titles and the style that leaves nothing behind."""

from __future__ import annotations

import matplotlib as mpl
import pytest

from rhm_sweeps.analysis.figures.axes import (
    level_colour,
    log2_axis,
    panels,
    power_label,
    sequence_colours,
    style,
)


def labels(low: float, high: float) -> list[str]:
    _, (axis,) = panels(1)
    log2_axis(axis, "x", [low, high])
    return [power_label(place) for place in axis.xaxis.get_majorticklocs()]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1, 4096, ["1", "8", "64", "512", "4096"]),
        (64, 1024, ["64", "128", "256", "512", "1024"]),
        (0.25, 2, ["1/4", "1/2", "1", "2"]),
        (100, 100, []),
        (2**16, 2**18, ["65536", "$2^{17}$", "$2^{18}$"]),
    ],
)
def test_ticks_are_powers_of_two_in_plain_numbers(low: float, high: float, expected: list[str]) -> None:
    assert labels(low, high) == expected


@pytest.mark.parametrize("doublings", range(1, 40))
def test_there_are_never_more_than_six_labels(doublings: int) -> None:
    assert 2 <= len(labels(1, 2**doublings)) <= 6


def test_style_leaves_the_global_settings_alone() -> None:
    mpl.rcParams["font.size"] = 13
    try:
        with style():
            assert mpl.rcParams["font.size"] == 8.5
        assert mpl.rcParams["font.size"] == 13
    finally:
        mpl.rcdefaults()


def test_style_is_the_same_whatever_the_user_has_set() -> None:
    mpl.rcParams["axes.grid"] = True
    try:
        with style():
            assert not mpl.rcParams["axes.grid"]
    finally:
        mpl.rcdefaults()


def test_levels_have_distinct_colours() -> None:
    assert len({level_colour(level) for level in range(1, 9)}) == 8


def test_colours_of_numbers_go_from_dark_to_light() -> None:
    brightness = [sum(colour[:3]) for colour in sequence_colours(6, ordered=True)]
    assert brightness == sorted(brightness)
    assert len(sequence_colours(1, ordered=True)) == 1
    assert len(set(sequence_colours(8, ordered=False))) == 8


@pytest.mark.parametrize(("count", "rows", "columns"), [(1, 1, 1), (2, 1, 2), (3, 1, 3), (4, 2, 3), (7, 3, 3)])
def test_panels_are_as_many_as_asked(count: int, rows: int, columns: int) -> None:
    figure, axes = panels(count)
    assert len(axes) == count
    assert sum(axis.get_visible() for axis in figure.axes) == count
    assert axes[0].get_gridspec().get_geometry() == (rows, columns)
