"""The report of a sweep: a page, the same as Markdown and JSON, the figures, and everything as tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from rhm_sweeps.analysis.figures.axes import Drawing
from rhm_sweeps.analysis.figures.figure_style import FORMATS, FigureFiles
from rhm_sweeps.analysis.figures.sweep_figures import draw_figures, figure_bytes, save_figures, settle
from rhm_sweeps.analysis.report.content import ReportContent, report_content
from rhm_sweeps.analysis.report.document import render_document
from rhm_sweeps.analysis.report.markdown_page import render_markdown
from rhm_sweeps.analysis.report.page import render_page
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis, analyze
from rhm_sweeps.analysis.trials.time_scales import Thresholds
from rhm_sweeps.errors import SweepError
from rhm_sweeps.tracking.export import one_type_per_column
from rhm_sweeps.tracking.results import Results

PAGE_STYLE = "screen"
LARGEST_SVG = 1_500_000
"""Bytes above which a figure stands in the page as PNG: a sweep of 10,000 trials has figures of as many points."""


@dataclass(frozen=True)
class Report:
    """The files of a report, and what they were made from."""

    folder: Path
    page: Path
    markdown: Path
    document: Path
    figures: tuple[Path, ...]
    tables: tuple[Path, ...]
    analysis: SweepAnalysis
    content: ReportContent


def write_report(
    results: Results, folder: Path, thresholds: Thresholds | None = None, files: FigureFiles | None = None
) -> Report:
    """Analyse a sweep and write its report into a folder, in place of an older one.

    `report.html` needs no other file; `report.md` and `report.json` say the same. `figures/` holds the figures in the formats and
    the style of `files`, `results` (a row per metric point) and `trials` (a row per trial, with its time scales) are Parquet and
    CSV, `space.yaml` launches the sweep again.

    Raises:
        SweepError: if the folder cannot be written.
    """
    files = files or FigureFiles()
    analysis = analyze(results, thresholds)
    drawings = draw_figures(analysis)
    content = report_content(analysis, drawings)
    try:
        _remove_figures(folder / "figures")
        of_page = files.style == PAGE_STYLE
        figures = save_figures(drawings if of_page else draw_figures(analysis, files.style), folder / "figures", files)
        images = _images(drawings, figures if of_page else ())
        tables = _write_tables(analysis, folder)
        if content.reproduction.space:
            (folder / "space.yaml").write_text(content.reproduction.space, encoding="utf-8", errors="replace")
        texts = _write_texts(content, images, figures, folder)
    except OSError as error:
        raise SweepError(f"cannot write the report to {folder}: {error.strerror or error}") from error
    return Report(folder, *texts, tuple(figures), tuple(tables), analysis, content)


def _images(drawings: Sequence[Drawing], saved: Sequence[Path]) -> dict[str, bytes]:
    """The pictures of the page, in its style whatever that of the files; SVG from the files where they are there."""
    known = {path.stem: path.read_bytes() for path in saved if path.suffix == ".svg"}
    images = {}
    for drawing in drawings:
        settle(drawing, PAGE_STYLE)
        image = known.get(drawing.name) or figure_bytes(drawing, "svg", PAGE_STYLE)
        images[drawing.name] = image if len(image) <= LARGEST_SVG else figure_bytes(drawing, "png", PAGE_STYLE)
    return images


def _write_texts(
    content: ReportContent, images: Mapping[str, bytes], figures: Sequence[Path], folder: Path
) -> tuple[Path, Path, Path]:
    paths: dict[str, list[str]] = defaultdict(list)
    for figure in figures:
        paths[figure.stem].append(figure.relative_to(folder).as_posix())
    page, markdown, document = (folder / f"report.{suffix}" for suffix in ("html", "md", "json"))
    page.write_text(render_page(content, images), encoding="utf-8")
    first = {name: found[0] for name, found in paths.items()}
    markdown.write_text(render_markdown(content, first), encoding="utf-8")
    document.write_text(render_document(content, paths), encoding="utf-8")
    return page, markdown, document


def _remove_figures(folder: Path) -> None:
    for file_format in FORMATS:
        for path in folder.glob(f"*.{file_format}"):
            path.unlink()


def _write_tables(analysis: SweepAnalysis, folder: Path) -> list[Path]:
    paths = []
    for name, table in (("results", analysis.results.table()), ("trials", analysis.trials.reset_index())):
        typed = pa.Table.from_pandas(one_type_per_column(table), preserve_index=False)
        pa.csv.write_csv(typed, folder / f"{name}.csv")
        pa.parquet.write_table(typed, folder / f"{name}.parquet")
        paths += [folder / f"{name}.csv", folder / f"{name}.parquet"]
    return paths
