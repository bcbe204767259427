"""Sweeps with known answers.

Every metric is a ramp, linear in log2(step) between two evaluation points, so all crossings are known exactly:
level l is learned at 2**(2 + 2 l + 0.9), copies begin at 4 P * 2**0.2, and the losses part at 2 P * 2**0.2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from rhm_sweeps.analysis.trials.ceilings import Ceilings
from rhm_sweeps.config import TrialConfig, nest, parse_trial
from rhm_sweeps.grammar.theory import chance_validity
from rhm_sweeps.ledger import MetricPoint, TrialRecord
from rhm_sweeps.tracking.results import Results, tabulate

STEPS = 2 ** np.arange(13)
LAUNCHED_MS = 1_770_000_000_000


def ramp(start: float, end: float) -> np.ndarray:
    """0 until step 2**start, 1 from step 2**end."""
    return np.clip((np.log2(STEPS) - start) / (end - start), 0, 1)


def metrics_of(config: TrialConfig) -> dict[str, np.ndarray]:
    if config.model.name == "classifier":
        return _classifier_metrics(config)
    onset = math.log2(config.training.train_size) + 2
    validity = {
        f"validity_{level}": chance + (1 - chance) * ramp(2 + 2 * level, 3 + 2 * level)
        for level, chance in enumerate(chance_validity(config.grammar), 1)
    }
    excess, parted = ramp(onset, onset + 2), ramp(onset - 1, onset + 1)
    valid = validity[f"validity_{config.grammar.num_layers}"]
    copies = np.minimum(valid, excess + valid * config.training.train_size / config.grammar.p_max)
    return validity | {
        "train_loss": 0.01 * (1 - 0.99 * parted),
        "test_loss": np.full(len(STEPS), 0.01),
        "copies": copies,
        "excess_copies": excess,
        "novel_valid": valid - copies,
        "hamming": 2 * (1 - excess),
        "steps_per_second": np.full(len(STEPS), 100.0),
        "wall_time_s": STEPS / 100,
    }


def _classifier_metrics(config: TrialConfig) -> dict[str, np.ndarray]:
    """The test accuracy falls from window to window, the training accuracy does not."""
    windows = range(1, config.evaluation.time_windows + 1)
    learned = ramp(2, 8)
    return {
        **dict.fromkeys(("train_loss", "test_loss"), 2 - learned),
        **{f"test_accuracy_time_{window}": learned / window for window in windows},
        **{f"train_accuracy_time_{window}": learned for window in windows},
    }


def record(position: int, config: TrialConfig, failed: Sequence[int]) -> TrialRecord:
    broken = position in failed
    state, reason = ("failed", "the test loss is nan at step 64") if broken else ("done", "")
    return TrialRecord(config.signature, position, f"pack{position // 4}", config.model_dump(), state, reason)


@pytest.fixture
def make_sweep() -> Callable[..., Results]:
    """A function of trials as flat fields that returns their results; `length` limits the points of a trial by position."""

    def make(
        trials: Sequence[dict[str, Any]], failed: Sequence[int] = (), length: dict[int, int] | None = None, **meta: Any
    ) -> Results:
        configs = [parse_trial(nest(fields)) for fields in trials]
        records = [record(position, config, failed) for position, config in enumerate(configs)]
        points = [
            MetricPoint(config.signature, int(step), values, LAUNCHED_MS + int(step) * 100)
            for position, config in enumerate(configs)
            for step, values in _points(config, (length or {}).get(position, len(STEPS)))
        ]
        known = {"name": "known", "created_ms": LAUNCHED_MS, "space": {"name": "known", "question": "Who knows?"}}
        return tabulate("known", records, points, known | meta)

    return make


def _points(config: TrialConfig, length: int) -> list[tuple[int, dict[str, float]]]:
    metrics = metrics_of(config)
    return [(STEPS[i], {name: float(values[i]) for name, values in metrics.items()}) for i in range(length)]


@pytest.fixture(autouse=True)
def perfect_samplers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ramps end at validity 1, as no real sampler's do; tests that ask for `real_ceilings` compute them."""
    if "real_ceilings" not in request.fixturenames:
        monkeypatch.setattr("rhm_sweeps.analysis.sweep_analysis.sampler_ceilings", Ceilings.none)


@pytest.fixture
def real_ceilings() -> None:
    """Ask for this to have the samplers' ceilings computed."""


@pytest.fixture
def grid() -> Callable[..., list[dict[str, Any]]]:
    """A function that returns train sizes x seeds, with other fields fixed or, given as tuples, crossed."""

    def make(sizes: Sequence[int] = (64, 128, 256, 512), seeds: int = 2, **fields: Any) -> list[dict[str, Any]]:
        trials = [{"training.train_size": size} for size in sizes]
        for name, values in fields.items():
            dotted = name.replace("__", ".")
            trials = [t | {dotted: v} for t in trials for v in (values if isinstance(values, tuple) else (values,))]
        return [t | {"grammar.seed_rules": seed, "training.seed": seed} for t in trials for seed in range(seeds)]

    return make
