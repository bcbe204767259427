"""Whether a trial ends early, by the metrics of its evaluation points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rhm_sweeps.config import StopConfig


def stop_reason(stop: StopConfig, points: Sequence[Mapping[str, float]]) -> str:
    """Say why a trial with these evaluation points, the newest last, ends now; empty if it goes on."""
    copies = points[-1].get("copies", 0.0)
    if stop.copy_fraction is not None and copies >= stop.copy_fraction:
        return f"copies {copies:.3f} >= stop.copy_fraction {stop.copy_fraction}"
    if stop.patience is not None and (stale := _points_without_progress(stop, points)) >= stop.patience:
        return f"test loss not lower by more than {stop.min_delta} for {stale} evaluation points (stop.patience)"
    return ""


def _points_without_progress(stop: StopConfig, points: Sequence[Mapping[str, float]]) -> int:
    best, stale = float("inf"), 0
    for point in points:
        lower = point["test_loss"] < best - stop.min_delta
        best, stale = (point["test_loss"], 0) if lower else (best, stale + 1)
    return stale
