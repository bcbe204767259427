"""The names of metrics are those that evaluation reports."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from rhm_sweeps.config import parse_trial
from rhm_sweeps.evaluation.metric_names import metric_names
from rhm_sweeps.packs.pack_run import PackRun


@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"grammar": {"num_layers": 3}, "evaluation": {"time_windows": 2}},
        {"training": {"test_size": 0}},
        {"model": {"name": "classifier"}},
    ],
    ids=str,
)
def test_a_trial_reports_the_metrics_that_are_named(sections: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    """Against the first point of a real trial; a split without strings is reported as unknown, and not named."""
    base: dict[str, dict[str, Any]] = {
        "grammar": {"num_features": 4, "num_classes": 4, "num_synonyms": 2, "num_layers": 2},
        "diffusion": {"timesteps": 4},
        "model": {"width": 8, "embedding_size": 8, "num_heads": 2, "feedforward_size": 8},
        "training": {"train_size": 8, "test_size": 4, "batch_size": 8, "steps": 1},
        "evaluation": {"num_samples": 16, "loss_pairs": 16},
    }
    trial = parse_trial({name: {**fields, **sections.get(name, {})} for name, fields in base.items()})
    [point] = PackRun([trial], tmp_path / "pack", tmp_path / "models").advance().points
    unknown = {
        name for name, value in point.metrics.items() if name.startswith(("test_", "loss_ratio")) and math.isnan(value)
    }
    assert bool(unknown) == (trial.training.test_size == 0)
    assert sorted(metric_names(trial)) == sorted(point.metrics.keys() - unknown)
