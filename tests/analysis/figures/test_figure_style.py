"""Formats and styles of figures."""

from __future__ import annotations

import pytest

from rhm_sweeps.analysis.figures.figure_style import FORMATS, STYLES, FigureFiles
from rhm_sweeps.analysis.figures.sweep_figures import draw_figures, figure_bytes, save_figures, settle
from rhm_sweeps.analysis.sweep_analysis import analyze
from rhm_sweeps.errors import UsageError

FIRST_BYTES = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.mark.parametrize(
    ("text", "formats"),
    [("png", ("png",)), ("pdf, PNG", ("pdf", "png")), ("svg,svg,", ("svg",)), ("png,svg,pdf", FORMATS)],
)
def test_formats_are_read(text: str, formats: tuple[str, ...]) -> None:
    assert FigureFiles.of(text).formats == formats


@pytest.mark.parametrize(
    ("formats", "style", "message"),
    [
        ("png,gif", "screen", "figure format `gif` is unknown; choose from png, svg, pdf"),
        ("", "screen", "no figure format is given; choose from png, svg, pdf"),
        ("png", "poster", "figure style `poster` is unknown; choose from screen, paper, talk"),
    ],
)
def test_what_is_unknown_is_refused_with_the_choices(formats: str, style: str, message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("`", ".")):
        FigureFiles.of(formats, style)


@pytest.mark.slow
@pytest.mark.parametrize("look", sorted(STYLES))
def test_figures_have_the_width_and_the_text_of_their_style(make_sweep, look: str) -> None:
    drawing = draw_figures(analyze(make_sweep([{}])), look)[0]
    narrow = drawing.narrow
    settle(drawing, look)
    assert drawing.figure.get_figwidth() == pytest.approx(STYLES[look].narrow_in if narrow else STYLES[look].wide_in)
    settle(drawing, look)
    assert drawing.figure.get_figwidth() == pytest.approx(STYLES[look].narrow_in if narrow else STYLES[look].wide_in)
    if look == "paper":
        assert drawing.figure.axes[0].yaxis.label.get_size() == 8


@pytest.mark.slow
def test_every_format_is_written_and_the_same_twice(make_sweep, tmp_path) -> None:
    drawing = draw_figures(analyze(make_sweep([{}])))[0]
    paths = save_figures([drawing], tmp_path, FigureFiles(FORMATS))
    assert [path.name for path in paths] == [f"{drawing.name}.{one}" for one in FORMATS]
    for path, file_format in zip(paths, FORMATS, strict=True):
        assert path.read_bytes().startswith(FIRST_BYTES[file_format])
        assert figure_bytes(drawing, file_format) == path.read_bytes()
