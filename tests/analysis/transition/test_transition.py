"""The transition of tables whose thresholds, peaks and errors are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rhm_sweeps.analysis.transition.transition import all_curves, measure_transition
from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.evaluation.beside_exact import Experiment
from rhm_sweeps.evaluation.transition_frame import exact_frame

from ..transitions import pair, table


def test_thresholds_and_peaks_are_those_of_the_curves() -> None:
    (setting,) = measure_transition(pair(0.3, 0.4)).settings
    assert setting.label == "L = 3, process = uniform"
    assert setting.model is not None
    assert setting.model.threshold.value == pytest.approx(0.3, abs=0.003)
    assert setting.exact.threshold.value == pytest.approx(0.4, abs=0.003)
    assert setting.exact.threshold.error == pytest.approx(0.01, rel=0.25)
    assert (setting.exact.peak_noise.value, setting.exact.peak.value) == (pytest.approx(0.4), pytest.approx(2))
    assert setting.exact.length.value == pytest.approx(1, abs=0.01)
    assert not setting.theory.known


def test_differences_are_those_of_pairs() -> None:
    """All resamples shift both alike: the difference has no error, though each has one."""
    (setting,) = measure_transition(pair(0.3, 0.4)).settings
    assert setting.difference is not None
    assert setting.difference.threshold.value == pytest.approx(-0.1, abs=0.004)
    assert setting.difference.threshold.error < 0.2 * setting.exact.threshold.error
    assert (setting.difference.peak.value, setting.difference.peak.error) == (pytest.approx(0), pytest.approx(0))


def test_trials_that_differ_in_seeds_are_averaged_and_others_are_not() -> None:
    frame = pd.concat([
        pair(0.28, signature="a", training__seed=0, training__train_size=64),
        pair(0.32, signature="b", training__seed=1, training__train_size=64),
        pair(0.36, signature="c", training__seed=0, training__train_size=128),
    ])  # fmt: skip
    first, second = measure_transition(frame).settings
    assert (first.signatures, second.signatures) == (("a", "b"), ("c",))
    assert first.label == "L = 3, process = uniform, P = 64"
    assert first.model is not None
    assert first.model.threshold.value == pytest.approx(0.3, abs=0.003)
    assert first.model.threshold.error == pytest.approx(np.hypot(0.02, 0.01), rel=0.2)


def test_exact_inference_beside_itself_with_other_strings_differs_within_its_error() -> None:
    config = GrammarConfig(num_features=4, num_classes=4, num_synonyms=2, num_layers=2, seed_rules=3)
    noise = [0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.7, 0.9]
    tables = []
    for source, seed in (("model", 1), ("exact", 2)):
        experiment = Experiment(noise, 1000, seed, 100)
        frame = exact_frame(experiment.exact(config, "uniform", noise), "uniform", config, experiment)
        tables.append(frame.assign(source=source, signature="a"))
    (setting,) = measure_transition(pd.concat(tables)).settings
    assert setting.difference is not None
    assert 0 < setting.difference.threshold.error < 0.03
    assert abs(setting.difference.threshold.value) < 4 * setting.difference.threshold.error
    rows = setting.curves[setting.curves["curve"] != "overlap"]
    assert (rows["difference"].abs() <= 4.5 * rows["difference_error"]).mean() > 0.98
    (same,) = measure_transition(pd.concat([tables[0], tables[0].assign(source="exact")])).settings
    assert same.difference is not None
    assert (same.difference.threshold.value, same.difference.threshold.error) == (0, 0)


def test_depth_moves_the_peak_and_makes_it_grow() -> None:
    """What the depth determines (train_size) does not keep depths apart, what it does not (process) does."""
    frame = pd.concat([
        pair(0.3, peak=(0.3, 2.0), layers=3, signature="a", process="uniform", training__train_size=64),
        pair(0.3, peak=(0.35, 2.5), layers=4, signature="b", process="uniform", training__train_size=128),
        pair(0.3, peak=(0.5, 3.0), layers=4, signature="c", process="masked", training__train_size=128),
    ])  # fmt: skip
    (step,) = measure_transition(frame).growth
    assert (step.label, step.depths) == ("process = uniform", (3, 4))
    assert step.model is not None
    assert step.exact.peak.value == pytest.approx(0.5)
    assert step.exact.peak_noise.value == pytest.approx(0.05)
    assert step.exact.peak.error == pytest.approx(0.01 * 2**0.5, rel=0.3)


def test_exact_inference_alone() -> None:
    frame = table("exact", 0.4).assign(theory=0.5, theory_error=0.01)
    (setting,) = measure_transition(frame).settings
    assert setting.model is setting.difference is None
    assert (setting.theory.value, setting.theory.error) == (0.5, 0.01)
    assert list(setting.curves) == ["curve", "noise", "exact", "exact_error"]


def test_the_table_of_all_curves() -> None:
    found = measure_transition(pd.concat([pair(0.3, layers=2), pair(0.3, layers=3, signature="b")]))
    curves = all_curves(found)
    assert len(curves) == 25 * (5 + 2) + 25 * (5 + 3)
    assert list(curves)[:5] == ["setting", "process", "num_layers", "curve", "noise"]
    assert curves["difference"].notna().all()


def test_tables_that_cannot_be_analysed_are_refused() -> None:
    with pytest.raises(UsageError, match="there are no forward-backward curves"):
        measure_transition(pd.DataFrame())
    with pytest.raises(UsageError, match="no curves of exact inference beside those of L = 3"):
        measure_transition(table("model", 0.3))
    twins = pd.concat([pair(0.3, signature="a"), pair(0.3, signature="b").iloc[1:]])
    with pytest.raises(UsageError, match=r"2 trials that differ in their seeds only .* measure them at the same noise"):
        measure_transition(twins)
