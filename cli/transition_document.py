"""Forward-backward experiments as JSON documents, tables and figures; imported only by what makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rhm_sweeps.analysis.figures.sweep_figures import figure_bytes
from rhm_sweeps.analysis.figures.transition_figure import transition_figure
from rhm_sweeps.analysis.transition.transition import SettingTransition, Transition, all_curves
from rhm_sweeps.analysis.transition.transition_findings import transition_findings, transition_limits
from rhm_sweeps.errors import UsageError
from rhm_sweeps.evaluation.beside_exact import Experiment
from rhm_sweeps.evaluation.forward_backward import ForwardBackward
from rhm_sweeps.tracking.export import records, write_table
from rhm_sweeps.whole_file import write_atomically

from .output import stderr


def curves_document(curves: ForwardBackward) -> dict[str, Any]:
    """Curves by name, and their errors."""
    document = {name: value for name, value in vars(curves).items() if name != "resampled"}
    return {**document, "errors": curves.errors}


def setting_document(setting: SettingTransition) -> dict[str, Any]:
    """What is known of a setting; each number has a value and an error."""
    marks = {name: getattr(setting, name) for name in ("model", "exact", "difference")}
    return {
        "label": setting.label,
        "fields": setting.fields,
        "trials": list(setting.signatures),
        **{name: None if found is None else asdict(found) for name, found in marks.items()},
        "theory": asdict(setting.theory),
        "curves": records(setting.curves),
    }


def comparison_document(found: Transition, experiment: Experiment, left_out: Sequence[str]) -> dict[str, Any]:
    """All settings, what depth does to them, and sentences."""
    return {
        "samples": experiment.num_samples,
        "seed": experiment.seed,
        "resamples": experiment.resamples,
        "settings": [setting_document(setting) for setting in found.settings],
        "growth": [asdict(step) for step in found.growth],
        "findings": transition_findings(found),
        "limits": [*left_out, *transition_limits(found)],
    }


def write_files(found: Transition, figure: Path | None, out: Path | None) -> None:
    """Write the figure and the table of curves, where they are asked for, and say so on stderr."""
    if figure is not None:
        try:
            write_atomically(figure, figure_bytes(transition_figure(found), figure.suffix.removeprefix(".")))
        except OSError as error:
            raise UsageError(f"cannot write {figure}: {error.strerror}") from None
        stderr.print(f"figure  {figure}", markup=False, soft_wrap=True)
    if out is not None:
        table = all_curves(found)
        write_table(table, out)
        stderr.print(f"{len(table):,} rows in {out}", markup=False, soft_wrap=True)
