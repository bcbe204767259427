"""`rhm-sweep export`."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import pandas as pd
import pytest

from rhm_sweeps.config import FIELDS
from rhm_sweeps.ledger import Ledger, MetricPoint

from .conftest import RhmSweep
from .sweeps_on_disk import make_sweep

METRICS = ["copies", "novel_valid", "test_loss", "train_loss", "validity_1", "validity_2", "validity_3"]
FIRST = ["signature", "state", "reason", "pack", "training.train_size", "training.seed", "step"]


@pytest.fixture
def signatures(tmp_path: Path) -> list[str]:
    return make_sweep(tmp_path / "results")


def test_one_row_per_trial_with_its_last_metrics(rhm_sweep: RhmSweep, signatures: list[str]) -> None:
    said = rhm_sweep("export", "one")
    table = pd.read_csv(io.StringIO(said.out), dtype={"signature": str})
    assert said.err == ""
    assert list(table.columns) == [*FIRST, *METRICS]
    assert list(table["signature"]) == signatures
    assert table["novel_valid"].tolist()[:5] == [0.64, 0.641, 0.322, 0.323, 0.324]
    assert math.isnan(table["novel_valid"][5])
    assert table["state"].tolist() == ["done", "done", "failed", "stopped", "pending", "pending"]
    assert rhm_sweep("export", "one").out.splitlines()[1].split(",")[6] == "64"  # steps stay integers


def test_one_row_per_point_of_the_chosen_trials(rhm_sweep: RhmSweep, signatures: list[str]) -> None:
    out = rhm_sweep("export", "one", "--points", "--where", "state == 'done'").out
    table = pd.read_csv(io.StringIO(out), dtype={"signature": str})
    assert list(table.columns)[:6] == [
        "signature", "step", "timestamp_ms", "state", "training.train_size", "training.seed"
    ]  # fmt: skip
    assert table["step"].tolist() == [1, 2, 4, 8, 16, 32, 64] * 2
    assert set(table["signature"]) == set(signatures[:2])


@pytest.mark.parametrize("flags", [[], ["--points"], ["--all-fields"]])
def test_all_files_hold_the_same_numbers(
    rhm_sweep: RhmSweep, signatures: list[str], tmp_path: Path, flags: list[str]
) -> None:
    rows = rhm_sweep("export", "one", *flags, "--json").document
    for ending in ("csv", "parquet", "jsonl"):
        said = rhm_sweep("export", "one", *flags, "--out", f"x.{ending}")
        assert (said.out, said.words) == ("", f"{len(rows)} rows in x.{ending}")
    assert [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()] == rows
    csv = pd.read_csv(tmp_path / "x.csv", dtype={"signature": str})
    parquet = pd.read_parquet(tmp_path / "x.parquet")
    assert list(csv.columns) == list(parquet.columns) == list(rows[0])
    assert csv["novel_valid"].equals(parquet["novel_valid"])
    known = [row["novel_valid"] for row in rows if row["novel_valid"] is not None]
    assert known == csv["novel_valid"].dropna().tolist()
    assert set(FIELDS) <= set(rows[0]) if "--all-fields" in flags else "model.width" not in rows[0]


def test_text_is_quoted_and_what_is_not_finite_is_null(
    rhm_sweep: RhmSweep, signatures: list[str], tmp_path: Path
) -> None:
    with Ledger(tmp_path / "results" / "one") as ledger:
        ledger.set_state([signatures[2]], "failed", 'a "comma", and\na line')
        ledger.add_points([MetricPoint(signatures[2], 64, {"train_loss": math.inf, "copies": math.nan})])
    out = rhm_sweep("export", "one", "--where", "state == 'failed'").out
    (row,) = pd.read_csv(io.StringIO(out)).to_dict("records")
    assert row["reason"] == 'a "comma", and\na line'
    assert row["train_loss"] == math.inf
    (found,) = rhm_sweep("export", "one", "--where", "state == 'failed'", "--json").document
    assert found["train_loss"] is found["copies"] is found["novel_valid"] is None


def test_what_cannot_be_written_is_said(rhm_sweep: RhmSweep, signatures: list[str]) -> None:
    assert "must end in .csv, .parquet, .jsonl" in rhm_sweep("export", "one", "--out", "x.txt", code=2).words
    assert "cannot write nowhere/x.csv" in rhm_sweep("export", "one", "--out", "nowhere/x.csv", code=1).words
    assert "leave --out out" in rhm_sweep("export", "one", "--json", "--out", "x.csv", code=2).words
    assert rhm_sweep("export", "one", "--where", "train_size > 9999", "--json").document == []
