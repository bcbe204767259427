"""The report as one JSON document for programs; docs/analysis.md says what each key is."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rhm_sweeps.analysis.report.content import ReportContent

SCHEMA = "rhm-sweeps report 1"
"""The number changes when a key changes its meaning or goes; keys may be added."""


def report_document(content: ReportContent, figure_paths: Mapping[str, list[str]]) -> dict[str, Any]:
    """The facts, findings, limits and per-setting numbers of a report as JSON values; what is not known or not reached is None.

    Args:
        figure_paths: the files of each figure, relative to the report, by its name.
    """
    document = {
        "schema": SCHEMA,
        "name": content.name,
        "question": content.question,
        "key_numbers": [asdict(one) for one in content.key_numbers],
        "findings": content.findings,
        "limits": content.limits,
        "design": asdict(content.design),
        "ran": {**asdict(content.coverage), "states": dict(content.coverage.states)},
        "cost": {**asdict(content.cost), "wall_s": content.cost.wall_s},
        "thresholds": asdict(content.thresholds),
        "settings": content.settings,
        "figures": [{**asdict(one), "files": figure_paths.get(one.name, [])} for one in content.figures],
        "methods": [asdict(one) for one in content.methods],
        "reproduction": asdict(content.reproduction),
    }
    plain: dict[str, Any] = _plain(document)
    return plain


def render_document(content: ReportContent, figure_paths: Mapping[str, list[str]]) -> str:
    """`report_document` as text: ASCII, so that no name of a sweep can break its encoding."""
    return json.dumps(report_document(content, figure_paths), indent=1, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    """Values of JSON: NumPy's numbers as Python's, numbers that are not finite as None."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | None) else str(value)
