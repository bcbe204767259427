"""The report as one HTML page that needs nothing else."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from rhm_sweeps.analysis.axes import Drawing
from rhm_sweeps.analysis.findings import count, findings
from rhm_sweeps.analysis.limits import limits
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.analysis.tables import grammar_view, setting_view, trial_view

MOST_ROWS = 2000
"""Rows of a table in the page; the files beside it hold all."""
MOST_REASONS, MOST_SIGNATURES = 20, 5
STATES = ("done", "failed", "running", "pending")
IDENTITY = {
    "version": "version",
    "git_commit": "git commit",
    "code_hash": "code hash",
    "experiment": "MLflow experiment",
    "parent_run_id": "MLflow run",
}


@dataclass(frozen=True)
class Failure:
    """Trials that failed for one reason; the first of their signatures."""

    reason: str
    trials: int
    signatures: tuple[str, ...]


def render_page(analysis: SweepAnalysis, drawings: list[Drawing], images: Mapping[str, bytes], space: str) -> str:
    """Fill the page.

    Args:
        images: the SVG of each drawing, by its name.
        space: the search space as YAML; empty when it is not known.
    """
    environment = Environment(
        loader=PackageLoader("rhm_sweeps.analysis", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["maths"] = maths
    results = analysis.results
    return environment.get_template("report.html.j2").render(
        name=results.name,
        question=str((results.meta.get("space") or {}).get("question") or ""),
        facts=_facts(analysis),
        failures=failures(results.trials),
        findings=findings(analysis),
        limits=limits(analysis),
        figures=[(drawing, _data_uri(images[drawing.name])) for drawing in drawings],
        settings=setting_view(analysis, MOST_ROWS),
        setting_count=len(analysis.settings),
        trials=trial_view(analysis, MOST_ROWS),
        trial_count=len(results.trials),
        grammars=grammar_view(analysis),
        thresholds=asdict(analysis.thresholds),
        identity={label: results.meta[key] for key, label in IDENTITY.items() if results.meta.get(key)},
        space=space,
    )


def maths(text: str) -> str:
    """HTML of a plain sentence, escaped, with its symbols set as formulas: τ_mem, P_max, P*_2, s^l, P^0.98."""
    safe = html.escape(text).replace(" = ", "\u00a0=\u00a0")
    safe = re.sub(r"(τ|P\*|\b[Px])_(\w+)", r"<var>\1</var><sub>\2</sub>", safe)
    safe = re.sub(r"\b([PTLmnsvd])\^\(?(\w+(?:[.+]\w+)?)\)?", r"<var>\1</var><sup>\2</sup>", safe)
    safe = re.sub(r"^([ns])$|(?<=, )(t)(?=\) )", r"<var>\1\2</var>", safe)
    return re.sub(r"(?<![\w<>&/])([PTLlmvd])(?![\w>])", r"<var>\1</var>", safe)


def failures(trials: pd.DataFrame) -> list[Failure]:
    """The reasons of failed trials, the most frequent first."""
    failed = trials[trials["state"] == "failed"]
    reasons = failed["reason"].value_counts().head(MOST_REASONS)
    return [
        Failure(
            str(reason) or "no reason given",
            int(number),
            tuple(failed.index[failed["reason"] == reason][:MOST_SIGNATURES]),
        )
        for reason, number in reasons.items()
    ]


def _facts(analysis: SweepAnalysis) -> dict[str, str]:
    """What ran, and for how long."""
    results = analysis.results
    states = results.trials["state"].value_counts()
    counts = ", ".join(f"{states[state]:,} {state}" for state in STATES if states.get(state))
    facts = {"trials": f"{len(results.trials):,}" + (f": {counts}" if counts else "")}
    facts["settings"] = f"{len(analysis.settings):,} with metric points"
    facts["metric points"] = f"{len(results.points):,}"
    if results.points.empty:
        return facts
    last_ms = int(results.points["timestamp_ms"].max())
    created_ms = results.meta.get("created_ms")
    if created_ms:
        facts["launched"] = _date(created_ms)
        facts["launch to last point"] = duration((last_ms - created_ms) / 1000)
    facts["last point"] = _date(last_ms)
    if "wall_time_s" in results.points:
        pack = results.points["signature"].map(results.trials["pack"])
        trained_s = results.points["wall_time_s"].groupby(pack).max()
        facts["training time"] = f"{duration(trained_s.sum())}, summed over {count(len(trained_s), 'pack')}"
    return facts


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 20 min`."""
    if seconds < 120:
        return f"{max(0, seconds):.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60:,} h {minutes % 60} min"


def _date(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _data_uri(image: bytes) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(image).decode()
