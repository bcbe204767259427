"""The report of a sweep: one page, the figures, and everything as tables."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from rhm_sweeps.analysis.figures import FORMATS, draw_figures, save_figures
from rhm_sweeps.analysis.page import render_page
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis, analyze
from rhm_sweeps.analysis.time_scales import Thresholds
from rhm_sweeps.errors import SweepError
from rhm_sweeps.tracking.export import one_type_per_column
from rhm_sweeps.tracking.results import Results


@dataclass(frozen=True)
class Report:
    """The files of a report, and what they were made from."""

    folder: Path
    page: Path
    figures: tuple[Path, ...]
    tables: tuple[Path, ...]
    analysis: SweepAnalysis


def write_report(results: Results, folder: Path, thresholds: Thresholds | None = None) -> Report:
    """Analyse a sweep and write its report into a folder, in place of an older one.

    `report.html` needs no other file; `figures/` holds PNG and SVG, `results` (a row per metric point) and `trials` (a row per
    trial, with its time scales) are Parquet and CSV, `space.yaml` launches the sweep again.

    Raises:
        SweepError: if the folder cannot be written.
    """
    analysis = analyze(results, thresholds)
    drawings = draw_figures(analysis)
    try:
        _remove_figures(folder / "figures")
        figures = save_figures(drawings, folder / "figures")
        tables = _write_tables(analysis, folder)
        space = space_yaml(results.meta.get("space"))
        if space:
            (folder / "space.yaml").write_text(space, encoding="utf-8")
        images = {path.stem: path.read_bytes() for path in figures if path.suffix == ".svg"}
        page = folder / "report.html"
        page.write_text(render_page(analysis, drawings, images, space), encoding="utf-8")
    except OSError as error:
        raise SweepError(f"cannot write the report to {folder}: {error.strerror or error}") from error
    return Report(folder, page, tuple(figures), tuple(tables), analysis)


def space_yaml(space: dict[str, Any] | None) -> str:
    """A search space as the YAML file that launches it, its question in the first line; empty without a space."""
    if not space:
        return ""
    text = io.StringIO()
    YAML().dump({key: value for key, value in space.items() if key != "question"}, text)
    question = " ".join(str(space.get("question") or "").split())
    return (f"# {question}\n" if question else "") + text.getvalue()


def _remove_figures(folder: Path) -> None:
    for file_format in FORMATS:
        for path in folder.glob(f"*.{file_format}"):
            path.unlink()


def _write_tables(analysis: SweepAnalysis, folder: Path) -> list[Path]:
    paths = []
    for name, table in (("results", analysis.results.table()), ("trials", analysis.trials.reset_index())):
        table.to_csv(folder / f"{name}.csv", index=False)
        one_type_per_column(table).to_parquet(folder / f"{name}.parquet", index=False)
        paths += [folder / f"{name}.csv", folder / f"{name}.parquet"]
    return paths
