"""All figures of a sweep, and their files."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg

from rhm_sweeps.analysis.accuracy_figure import accuracy_figure
from rhm_sweeps.analysis.axes import Drawing, style
from rhm_sweeps.analysis.complexity_figure import complexity_figure
from rhm_sweeps.analysis.curve_figures import loss_figure, novelty_figure, validity_figure
from rhm_sweeps.analysis.scaling_figures import time_scale_figure
from rhm_sweeps.analysis.state_figures import final_state_figure
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis

DOTS_PER_INCH = 150
FORMATS = ("png", "svg")
Maker = Callable[[SweepAnalysis], Drawing | None]
MAKERS: tuple[Maker, ...] = (
    validity_figure,
    novelty_figure,
    loss_figure,
    accuracy_figure,
    time_scale_figure,
    complexity_figure,
    final_state_figure,
)
OF_LOSSES = (loss_figure, accuracy_figure)
"""What a sweep can show that sampled no strings."""


def draw_figures(analysis: SweepAnalysis) -> list[Drawing]:
    """Draw the figures that the sweep has data for; none for a sweep without points."""
    if analysis.settings.empty:
        return []
    makers = MAKERS if analysis.sampled else OF_LOSSES
    with style():
        return [drawing for make in makers if (drawing := make(analysis)) is not None]


def figure_bytes(drawing: Drawing, file_format: str) -> bytes:
    """The figure as `png` or `svg`; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    with style():
        FigureCanvasAgg(drawing.figure)
        metadata = {"Date": None} if file_format == "svg" else {"Software": None}
        drawing.figure.savefig(buffer, format=file_format, dpi=DOTS_PER_INCH, metadata=metadata)
    return buffer.getvalue()


def save_figures(drawings: list[Drawing], folder: Path) -> list[Path]:
    """Write each figure as PNG and SVG into a folder, made if needed; return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for drawing in drawings:
        _settle(drawing)
        for file_format in FORMATS:
            path = folder / f"{drawing.name}.{file_format}"
            path.write_bytes(figure_bytes(drawing, file_format))
            paths.append(path)
    return paths


def _settle(drawing: Drawing) -> None:
    """Lay the figure out once and for all; else each format would do it again."""
    with style():
        drawing.figure.draw_without_rendering()
    drawing.figure.set_layout_engine("none")
