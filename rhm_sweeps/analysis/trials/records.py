"""The time scales of a sweep as plain records, for scripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.tracking.trial_summary import MEMORIZATION, rule_scales, time_scale_names

STATES = ("best_step", "best_novel_valid", "last_step", "last_validity", "last_copies", "last_novel_valid", "regime")


def setting_records(analysis: SweepAnalysis) -> list[dict[str, Any]]:
    """One record per setting: `setting` (dotted fields), `trials`, `tau_rule` (l = 1..L), `tau_mem_copies`, ...

    Medians of time scales over the seeds, NaN where half of them did not reach it; means of shares. `intervals` has the 95 %
    interval [low, high] of each time scale by its name in the tables, NaN for an end beyond the last step.
    """
    groups = analysis.groups
    names = [*([groups.axis] if groups.axis else []), *groups.facets]
    rows = analysis.settings.to_dict("records")
    levels = [analysis.grammars[group].num_layers for group in analysis.settings.index]
    return [
        {"setting": {name: row[name] for name in names}, "trials": row["trials"], **_scales(row, depth)}
        for row, depth in zip(rows, levels, strict=True)
    ]


def trial_records(analysis: SweepAnalysis) -> list[dict[str, Any]]:
    """One record per trial in the order of the plan: `signature`, `state`, `varied`, then as `setting_records`."""
    varied = analysis.results.varied
    depths = analysis.results.trials["grammar.num_layers"]
    return [
        {
            "signature": row["signature"],
            "state": row["state"],
            "varied": {name: row[name] for name in varied},
            **_scales(row, int(depth)),
        }
        for row, depth in zip(analysis.trials.reset_index().to_dict("records"), depths, strict=True)
    ]


def _scales(row: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    return {
        "tau_rule": [row[name] for name in rule_scales(depth)],
        **{name: row[name] for name in MEMORIZATION},
        "intervals": {
            name: [row[f"{name}_low"], row[f"{name}_high"]] for name in time_scale_names(depth) if f"{name}_low" in row
        },
        **{name: row[name] for name in STATES},
    }
