"""Which settings become lines, and in which colour."""

from __future__ import annotations

from rhm_sweeps.analysis.figures.lines import MOST_LINES, Lines, left_out
from rhm_sweeps.analysis.sweep_analysis import analyze


def test_a_value_has_the_same_colour_in_every_panel(make_sweep, grid) -> None:
    lines = Lines(analyze(make_sweep(grid(sizes=(64, 128, 256), seeds=1, model__width=(32, 64)))))
    assert lines.facets == [0, 1]
    first, second = (list(lines.of_facet(facet)) for facet in lines.facets)
    assert [group for group, _ in first] == [0, 2, 4]
    assert [group for group, _ in second] == [1, 3, 5]
    assert [tuple(colour) for _, colour in first] == [tuple(colour) for _, colour in second]
    assert [entry.get_label() for entry in lines.entries] == ["64", "128", "256"]
    assert lines.note == ""


def test_a_facet_may_lack_values(make_sweep, grid) -> None:
    trials = grid(sizes=(64, 128), seeds=1, model__width=32) + grid(sizes=(128, 256), seeds=1, model__width=64)
    lines = Lines(analyze(make_sweep(trials)))
    assert lines.values == [64, 128, 256]
    assert [len(list(lines.of_facet(facet))) for facet in lines.facets] == [2, 2]


def test_many_values_are_thinned_out(make_sweep, grid) -> None:
    lines = Lines(analyze(make_sweep(grid(sizes=tuple(range(64, 84)), seeds=1))))
    assert len(lines.values) == MOST_LINES
    assert (lines.values[0], lines.values[-1]) == (64, 83)
    assert "8 of 20 settings are shown" in lines.note


def test_missing_values_are_a_line_of_their_own(make_sweep) -> None:
    lines = Lines(analyze(make_sweep([{"evaluation.sampling_steps": steps} for steps in (None, 50)])))
    assert [entry.get_label() for entry in lines.entries] == ["50", "default"]
    assert [group for group, _ in lines.of_facet(0)] == [0, 1]


def test_without_an_axis_there_is_one_line_and_no_legend(make_sweep) -> None:
    lines = Lines(analyze(make_sweep([{"training.seed": 0}, {"training.seed": 1}])))
    assert [group for group, _ in lines.of_facet(0)] == [0]
    assert lines.entries == []


def test_a_caption_says_what_is_left_out() -> None:
    assert left_out(3, 3) == ""
    assert left_out(3, 9) == " 3 of 9 settings are shown, evenly spaced."
