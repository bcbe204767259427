"""Which figures a sweep has, and their files."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from matplotlib import _pylab_helpers

from rhm_sweeps.analysis.figures.sweep_figures import draw_figures, figure_bytes, save_figures
from rhm_sweeps.analysis.sweep_analysis import analyze

ALL = [
    "validity", "novel_valid", "losses", "time_scales", "exponents", "sample_complexity", "sample_complexity_law",
    "final_state", "parameters", "early_stopping",
]  # fmt: skip


def names(results) -> list[str]:
    return [drawing.name for drawing in draw_figures(analyze(results))]


def test_a_sweep_over_train_sizes_has_all_figures(make_sweep, grid) -> None:
    found = names(make_sweep(grid(sizes=(64, 128, 256), seeds=1)))
    assert [name for name in found if name in ALL] == ALL


@pytest.mark.parametrize("trials", [[{}], [{"training.seed": 0}, {"training.seed": 1}]])
def test_a_sweep_without_settings_has_curves_only(make_sweep, trials) -> None:
    assert names(make_sweep(trials)) == ["validity", "novel_valid", "losses", "early_stopping"]


def test_nothing_measured_nothing_drawn(make_sweep, grid) -> None:
    assert names(make_sweep([])) == []
    assert names(make_sweep(grid(sizes=(64,), seeds=1), length={0: 0})) == []
    assert names(make_sweep([{}], failed=(0,))) == []


def test_drawing_twice_gives_the_same_bytes(make_sweep) -> None:
    first, second = (draw_figures(analyze(make_sweep([{}])))[0] for _ in range(2))
    for file_format in ("png", "svg"):
        assert figure_bytes(first, file_format) == figure_bytes(second, file_format)


def test_files_are_png_and_svg(make_sweep, tmp_path) -> None:
    drawings = draw_figures(analyze(make_sweep([{}])))[:1]
    png, svg = save_figures(drawings, tmp_path / "figures")
    assert (png.name, svg.name) == ("validity.png", "validity.svg")
    assert png.read_bytes().startswith(b"\x89PNG")
    assert ET.fromstring(svg.read_bytes()).tag.endswith("svg")


def test_no_figure_is_left_in_pyplot(make_sweep) -> None:
    draw_figures(analyze(make_sweep([{}])))
    assert not _pylab_helpers.Gcf.figs
