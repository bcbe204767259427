"""How MLflow's experiment page is to show a sweep: its columns, order, filter and charts, as a saved view of that page."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rhm_sweeps.config import is_seed
from rhm_sweeps.tracking.runs import PARENT, REGIME
from rhm_sweeps.tracking.trial_summary import time_scale_names

VIEW_TAG = "mlflow.sharedViewState."
"""The page reads a view from the experiment's tag of this prefix and the view's key."""
SECTION = "rhm-sweep"
MOST_RUNS = 500
"""Runs that a chart shows."""
SHOWN_BY_ALL = ("best_step", "test_loss", "copies", "best_novel_valid")
"""Parallel coordinates leave out runs that lack one of their metrics, as a time scale that was not reached; the last one colours."""
MOST_PARAMETERS = 12
CHARTS = ("compareRunSections", "compareRunCharts", "isAccordionReordered")
CURVES = ("novel_valid", "copies", "train_loss", "test_loss")


@dataclass(frozen=True)
class SavedView:
    """The runs of one sweep's trials: their swept parameters, regime and time scales, the most novel first.

    `levels` is L, 0 if no time scales are known; `varied` are dotted fields, settings before seeds.
    """

    sweep: str
    parent_run_id: str
    varied: Sequence[str]
    levels: int

    @property
    def key(self) -> str:
        return f"rhm-sweep-{self.parent_run_id}"

    @property
    def condition(self) -> str:
        """The filter that finds the trials of the sweep."""
        return f"tags.`{PARENT}` = '{self.parent_run_id}'"

    @property
    def scales(self) -> list[str]:
        return time_scale_names(self.levels)

    @property
    def settings(self) -> list[str]:
        """The swept parameters without seeds; with them if nothing else is swept."""
        return [name for name in self.varied if not is_seed(name)] or list(self.varied)

    @property
    def state(self) -> dict[str, Any]:
        """The state of MLflow's page, by its own names."""
        metrics = ["best_novel_valid", "best_step", *self.scales, "novel_valid"]
        columns = [
            *(f"params.`{name}`" for name in self.settings[:MOST_PARAMETERS]),
            f"tags.`{REGIME}`",
            *(f"metrics.`{name}`" for name in metrics),
        ]
        return {
            "searchFilter": self.condition,
            "orderByKey": "metrics.`best_novel_valid`",
            "orderByAsc": False,
            "startTime": "ALL",
            "lifecycleFilter": "Active",
            "selectedColumns": columns,
            "runsHiddenMode": "SHOW_ALL",
            "compareRunSections": [_section()],
            "compareRunCharts": self._charts(),
            "isAccordionReordered": True,
        }

    def _charts(self) -> list[dict[str, Any]]:
        first = self.settings[:1]
        parallel = _chart(
            "PARALLEL",
            0,
            displayName="swept parameters and outcomes",
            selectedParams=self.settings[:MOST_PARAMETERS],
            selectedMetrics=list(SHOWN_BY_ALL),
            showAllRuns=True,
        )
        scatters = [
            _scatter(number, ("PARAM", name), ("METRIC", scale))
            for number, (name, scale) in enumerate(((name, scale) for name in first for scale in self.scales), 1)
        ]
        lines = [_line(len(scatters) + number, name) for number, name in enumerate(CURVES, 1)]
        return [parallel, *lines, *scatters]

    def tag(self, created_ms: int) -> str:
        """The text of the tag: named, as MLflow lists it among its saved views, and its columns plain, as older versions read it.

        They take at most 5,000 characters.
        """
        packed = base64.b64encode(zlib.compress(_json(self.state).encode(), 9)).decode()
        named = {"name": self.sweep, "createdAt": created_ms, "updatedAt": created_ms, "state": f"deflate;{packed}"}
        return _json({name: value for name, value in self.state.items() if name not in CHARTS} | named)


def _section() -> dict[str, Any]:
    return {
        "uuid": SECTION,
        "name": SECTION,
        "display": True,
        "isReordered": True,
        "deleted": False,
        "isGenerated": False,
    }


def _chart(kind: str, number: int, **settings: Any) -> dict[str, Any]:
    common = {"uuid": f"{SECTION}-{number}", "type": kind, "metricSectionId": SECTION, "runsCountToCompare": MOST_RUNS}
    return {**common, "deleted": False, "isGenerated": False, **settings}


def _scatter(number: int, x: tuple[str, str], y: tuple[str, str]) -> dict[str, Any]:
    axes = {name: {"key": key, "type": kind} for name, (kind, key) in (("xaxis", x), ("yaxis", y))}
    return _chart("SCATTER", number, displayName=f"{y[1]} against {x[1]}", **axes)


def _line(number: int, metric: str) -> dict[str, Any]:
    look = {
        "xAxisScaleType": "log",
        "scaleType": "linear",
        "xAxisKey": "step",
        "yAxisKey": "metric",
        "useGlobalXaxisKey": False,
    }
    return _chart(
        "LINE",
        number,
        displayName=metric,
        metricKey=metric,
        selectedMetricKeys=[metric],
        lineSmoothness=0,
        range={},
        **look,
    )


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
