"""The curves of one trial, and their files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rhm_sweeps.analysis.figures.axes import style
from rhm_sweeps.analysis.figures.trial_figure import trial_figure, write_trial_figures
from rhm_sweeps.analysis.sweep_analysis import analyze
from rhm_sweeps.errors import SweepError
from rhm_sweeps.tracking.results import Results

STEPS = 2 ** np.arange(8)
SCALES = {"tau_rule_1": 3.0, "tau_rule_2": 9.0, "tau_mem_copies": 40.0}


def points(**columns: object) -> pd.DataFrame:
    share = np.linspace(0, 1, 8)
    usual = {"copies": share**2, "novel_valid": share, "train_loss": 1 / STEPS, "test_loss": np.full(8, 0.5)}
    return pd.DataFrame({"step": STEPS, "validity_1": share, "validity_2": share**3, **usual, **columns})


def lines(figure: object) -> list[list[float]]:
    return [[float(value) for value in line.get_ydata()] for axis in figure.axes for line in axis.lines]


def test_each_curve_is_drawn_with_its_values() -> None:
    table = points()
    with style():
        drawing = trial_figure(table, SCALES, 2)
    names = ("validity_1", "validity_2", "copies", "novel_valid", "test_loss", "train_loss")
    assert lines(drawing.figure) == [table[name].tolist() for name in names]
    (window,) = drawing.figure.axes[0].patches
    assert (window.get_x(), window.get_x() + window.get_width()) == (9, 40)


def test_values_that_are_not_finite_or_missing_are_left_out() -> None:
    odd = points(copies=np.nan, novel_valid=[np.inf, *np.linspace(0, 1, 7)]).drop(columns=["validity_1", "train_loss"])
    with style():
        drawing = trial_figure(odd, {**SCALES, "tau_rule_2": np.nan}, 2)
    assert lines(drawing.figure) == [odd["validity_2"].tolist(), odd["novel_valid"].tolist()[1:], [0.5] * 8]
    assert not drawing.figure.axes[0].patches


def test_nothing_measured_is_no_figure() -> None:
    assert trial_figure(points().iloc[:0], SCALES, 2) is None


def test_one_point_is_a_figure() -> None:
    with style():
        assert trial_figure(points().iloc[:1], SCALES, 2) is not None


@pytest.mark.slow
def test_files_are_those_of_the_first_measured_trials(
    make_sweep: Callable[..., Results], grid: Callable[..., list[dict[str, Any]]], tmp_path: Path
) -> None:
    analysis = analyze(make_sweep(grid(sizes=(64, 128), seeds=2)))
    written = write_trial_figures(analysis, tmp_path, most=2)
    measured = analysis.trials.index[analysis.trials["last_step"].notna()]
    assert list(written) == list(measured[:2])
    points_of = dict(list(analysis.results.points.groupby("signature")))
    for signature, (picture, table) in written.items():
        assert picture.read_bytes().startswith(b"\x89PNG")
        own = points_of[signature].drop(columns="signature").dropna(axis="columns", how="all")
        pd.testing.assert_frame_equal(pd.read_csv(table), own.reset_index(drop=True))
    (tmp_path / "file").touch()
    with pytest.raises(SweepError, match="cannot write the figures of trials to"):
        write_trial_figures(analysis, tmp_path / "file", most=1)
