"""`rhm-sweep analyze`: time scales, figures and the report of a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.table import Table

from rhm_sweeps.terminal import literal

from .figure_flags import DEFAULT_FORMATS, DEFAULT_STYLE, Formats, Style
from .output import Json, print_json, stderr, stdout
from .session_flags import DEFAULT_RESULTS, Results, SweepName

if TYPE_CHECKING:
    from rhm_sweeps.analysis.report.report_files import Report
    from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
    from rhm_sweeps.sweeps.folder import SweepFolder
    from rhm_sweeps.tracking.results import Results as SweepResults

MOST_ROWS = 30

FromUri = Annotated[
    str | None, typer.Option("--tracking-uri", help="Read from this MLflow store, not from the folder.")
]
FromExperiment = Annotated[
    str | None, typer.Option("--experiment", help="Read from this MLflow experiment, not from the folder.")
]
NoMlflow = Annotated[bool, typer.Option("--no-mlflow", help="Do not attach the report to the sweep's MLflow run.")]
TrialFigures = Annotated[
    bool,
    typer.Option("--trial-figures", help="Attach each trial's own curves to its MLflow run, for 200 trials at most."),
]
Learned = Annotated[
    float, typer.Option(help="A level is learned when its validity has come this far from chance to the ceiling.")
]
Copied = Annotated[float, typer.Option(help="Copies begin when their share exceeds chance by this.")]
Gap = Annotated[float, typer.Option(help="The losses part when the fall of train over test loss stays above this.")]


def analyze(
    name: SweepName,
    *,
    results: Results = DEFAULT_RESULTS,
    tracking_uri: FromUri = None,
    experiment: FromExperiment = None,
    learned: Learned = 0.9,
    copied: Copied = 0.1,
    gap: Gap = 0.1,
    formats: Formats = DEFAULT_FORMATS,
    style: Style = DEFAULT_STYLE,
    no_mlflow: NoMlflow = False,
    trial_figures: TrialFigures = False,
    as_json: Json = False,
) -> None:
    """Date when each level of rules is learned and when memorization begins; write figures, tables and the report.

    Figures for a paper: `--format pdf --style paper`.
    """
    from rhm_sweeps.analysis.figures.figure_style import FigureFiles
    from rhm_sweeps.analysis.report.report_files import write_report
    from rhm_sweeps.analysis.trials.time_scales import Thresholds
    from rhm_sweeps.sweeps.folder import sweep_folder
    from rhm_sweeps.tracking.results import results_from_ledger

    folder = sweep_folder(results, name)
    thresholds, files = Thresholds(learned, copied, gap), FigureFiles.of(formats, style)
    elsewhere = bool(tracking_uri or experiment)
    found = _from_mlflow(name, results, tracking_uri, experiment) if elsewhere else results_from_ledger(folder.path)
    written = write_report(found, folder.report, thresholds, files)
    if not (no_mlflow or elsewhere):
        _log(folder, results, written.analysis, trial_figures=trial_figures)
    if as_json:
        print_json(_document(written))
        return
    _print_settings(written.analysis)
    for kind, path in (("report", written.page), ("figures", written.folder / "figures"), ("tables", written.folder)):
        stdout.print(f"{kind:8} {path}", markup=False, soft_wrap=True)


def _from_mlflow(name: str, results: Path, tracking_uri: str | None, experiment: str | None) -> SweepResults:
    from rhm_sweeps.tracking.mlflow_results import results_from_mlflow
    from rhm_sweeps.tracking.store import resolve_store

    return results_from_mlflow(resolve_store(tracking_uri, experiment, results.resolve().parent), name)


def _log(folder: SweepFolder, results: Path, analysis: SweepAnalysis, *, trial_figures: bool) -> None:
    """Attach the report to the sweep's MLflow run; a store that is down costs a warning."""
    from rhm_sweeps.errors import RhmSweepError
    from rhm_sweeps.ledger import Ledger
    from rhm_sweeps.sweep_report import log_report, log_trial_figures
    from rhm_sweeps.tracking.store import sweep_store

    try:
        with Ledger(folder.path) as ledger:
            store = sweep_store(ledger, None, results.resolve().parent)
        log_report(folder, store, analysis)
        if trial_figures:
            drawn = log_trial_figures(folder, store, analysis)
            stderr.print(f"{drawn} trials have their curves in MLflow")
    except RhmSweepError as error:
        stderr.print(f"the report is not in MLflow: {error}", markup=False, soft_wrap=True)


def _document(report: Report) -> dict[str, Any]:
    from dataclasses import asdict

    from rhm_sweeps.analysis.findings import findings
    from rhm_sweeps.analysis.limits import limits
    from rhm_sweeps.analysis.trials.records import setting_records, trial_records

    analysis = report.analysis
    return {
        "name": analysis.results.name,
        "report": str(report.page),
        "figures": [str(path) for path in report.figures],
        "tables": [str(path) for path in report.tables],
        "thresholds": asdict(analysis.thresholds),
        "findings": findings(analysis),
        "limits": limits(analysis),
        "sensitivity": analysis.sensitivity.shares.to_dict("records"),
        "comparison": analysis.comparison.table.to_dict("records"),
        "settings": setting_records(analysis),
        "trials": trial_records(analysis),
    }


def _print_settings(analysis: SweepAnalysis) -> None:
    """Print the time scales of the first settings, narrow enough for 80 columns at L = 4."""
    from rhm_sweeps.analysis.limits import limits
    from rhm_sweeps.analysis.report.tables import step_text
    from rhm_sweeps.tracking.trial_summary import time_scale_names

    table = Table("setting", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in (
        "seeds",
        *(f"rule {level}" for level in range(1, analysis.levels + 1)),
        "mem",
        "gap",
        "novel",
        "at",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    scales = time_scale_names(analysis.levels)
    for group, row in analysis.settings.head(MOST_ROWS).iterrows():
        steps = [step_text(row[scale], row["last_step"]).replace("\u00a0", "") for scale in scales]
        best = [f"{row['best_novel_valid']:.2f}", step_text(row["best_step"], row["last_step"])]
        table.add_row(literal(analysis.groups.label(int(group))), f"{row['trials']:.0f}", *steps, *best)
    if table.rows:
        stdout.print(table)
        stdout.print(
            "Steps, medians over seeds: `rule l` level l is learned, `mem` copies begin, `gap` the losses part; `novel` is "
            "the largest share of novel valid strings, `at` its step."
        )
    if len(analysis.settings) > MOST_ROWS:
        stdout.print(f"The first {MOST_ROWS} of {len(analysis.settings):,} settings; the report has all.")
    for sentence in limits(analysis):
        stdout.print(f"- {sentence}", markup=False)
