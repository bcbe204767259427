"""All figures of a sweep, and their files."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.layout_engine import ConstrainedLayoutEngine

from rhm_sweeps.analysis.figures.accuracy_figure import accuracy_figure
from rhm_sweeps.analysis.figures.axes import NARROW_IN, WIDE_IN, Drawing, style
from rhm_sweeps.analysis.figures.comparison_figure import comparison_figure
from rhm_sweeps.analysis.figures.complexity_figure import complexity_figure
from rhm_sweeps.analysis.figures.complexity_law_figure import complexity_law_figure
from rhm_sweeps.analysis.figures.curve_figures import loss_figure, novelty_figure, validity_figure
from rhm_sweeps.analysis.figures.figure_style import STYLES, FigureFiles
from rhm_sweeps.analysis.figures.legends import legend_above
from rhm_sweeps.analysis.figures.parameter_figure import parameter_figure
from rhm_sweeps.analysis.figures.phase_figure import phase_figure
from rhm_sweeps.analysis.figures.power_law_figure import power_law_figure
from rhm_sweeps.analysis.figures.scaling_figures import time_scale_figure
from rhm_sweeps.analysis.figures.sensitivity_figure import sensitivity_figure
from rhm_sweeps.analysis.figures.state_figures import final_state_figure
from rhm_sweeps.analysis.figures.stopping_figure import stopping_figure
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis

ROOM_BESIDE_IN = 5.0
"""A figure that is narrower has its legend above, not beside."""
LEAST_HEIGHT = 0.85
"""A figure that gets narrower keeps this part of its height at least."""
Maker = Callable[[SweepAnalysis], Drawing | None]
MAKERS: tuple[Maker, ...] = (
    validity_figure,
    novelty_figure,
    loss_figure,
    accuracy_figure,
    time_scale_figure,
    power_law_figure,
    phase_figure,
    complexity_figure,
    complexity_law_figure,
    final_state_figure,
    parameter_figure,
    stopping_figure,
    sensitivity_figure,
    comparison_figure,
)
OF_LOSSES = (loss_figure, accuracy_figure, sensitivity_figure, comparison_figure)
"""What a sweep can show that sampled no strings."""


METADATA = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
"""What would differ from one file to the next of the same figure is left out."""


def draw_figures(analysis: SweepAnalysis, look: str = "screen") -> list[Drawing]:
    """Draw the figures that the sweep has data for, in a style of `STYLES`; none for a sweep without points."""
    if analysis.settings.empty:
        return []
    makers = MAKERS if analysis.sampled else OF_LOSSES
    with style(look):
        return [drawing for make in makers if (drawing := make(analysis)) is not None]


def figure_bytes(drawing: Drawing, file_format: str, look: str = "screen") -> bytes:
    """The figure as `png`, `svg` or `pdf`; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    with style(look):
        FigureCanvasAgg(drawing.figure)
        dots = STYLES[look].dots_per_inch
        drawing.figure.savefig(buffer, format=file_format, dpi=dots, metadata=METADATA[file_format])
    return buffer.getvalue()


def save_figures(drawings: Sequence[Drawing], folder: Path, files: FigureFiles | None = None) -> list[Path]:
    """Write each figure in each format into a folder, made if needed; return the paths.

    Args:
        drawings: as `draw_figures` made them in the style of `files`; they get its widths.
    """
    files = files or FigureFiles()
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for drawing in drawings:
        settle(drawing, files.style)
        for file_format in files.formats:
            path = folder / f"{drawing.name}.{file_format}"
            path.write_bytes(figure_bytes(drawing, file_format, files.style))
            paths.append(path)
    return paths


def settle(drawing: Drawing, look: str = "screen") -> None:
    """Give the figure the width of its style and lay it out once and for all; else each format would do it again."""
    if not isinstance(drawing.figure.get_layout_engine(), ConstrainedLayoutEngine):
        return
    width, height = drawing.figure.get_size_inches()
    ratio = (STYLES[look].narrow_in / NARROW_IN) if drawing.narrow else STYLES[look].wide_in / WIDE_IN
    height *= max(ratio, LEAST_HEIGHT)
    drawing.figure.set_size_inches(width * ratio, height)
    with style(look):
        if width * ratio < ROOM_BESIDE_IN:
            drawing.figure.set_figheight(height + legend_above(drawing.figure))
        drawing.figure.draw_without_rendering()
    drawing.figure.set_layout_engine("none")
