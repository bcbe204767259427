"""What MLflow's pages show of each trial that has ended: its time scales, its best point, its regime."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.tracking.runs import NOT_REACHED, REGIME, THRESHOLDS
from rhm_sweeps.tracking.trial_summary import TrialSummary, time_scale_names

ENDED = ("done", "stopped", "failed")


def trial_summaries(analysis: SweepAnalysis) -> dict[str, TrialSummary]:
    """The summary of each trial that has ended and was measured, by signature.

    Metrics: tau_rule_1..L, tau_mem_copies and tau_mem_loss in steps, `innovation_window` = tau_mem_copies - tau_rule_L in steps,
    best_step, best_novel_valid; steps have four digits. Tags: the regime at the end, the time scales that were not reached, the
    thresholds of all.
    A trial that sampled nothing, such as a classifier, has tau_mem_loss alone.
    """
    thresholds = ", ".join(f"{name} {value:g}" for name, value in asdict(analysis.thresholds).items())
    trials = analysis.trials[analysis.trials["state"].isin(ENDED) & analysis.trials["last_step"].notna()]
    levels = analysis.results.trials["grammar.num_layers"].reindex(trials.index)
    return {
        str(signature): _summary(row, int(depth), thresholds)
        for signature, row, depth in zip(trials.index, trials.to_dict("records"), levels, strict=True)
    }


def _summary(row: dict[str, Any], levels: int, thresholds: str) -> TrialSummary:
    if math.isnan(row["best_step"]):
        return TrialSummary({"tau_mem_loss": _rounded(row["tau_mem_loss"])}, {THRESHOLDS: thresholds})
    scales = time_scale_names(levels)
    window = row["tau_mem_copies"] - row[f"tau_rule_{levels}"]
    metrics = {name: _rounded(row[name]) for name in scales} | {"innovation_window": _rounded(window)}
    missing = " ".join(name for name in scales if not math.isfinite(metrics[name]))
    regime = row["regime"] if isinstance(row["regime"], str) else ""  # a column of names has NaN where there is none
    tags = {REGIME: regime, NOT_REACHED: missing, THRESHOLDS: thresholds}
    best = {name: float(row[name]) for name in ("best_step", "best_novel_valid")}
    return TrialSummary({**metrics, **best}, tags)


def _rounded(steps: float) -> float:
    """Four digits: MLflow shows all that it has, and the points between which a time scale is found are far apart."""
    return float(f"{steps:.4g}")
