"""`rhm-sweep diff`."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.ledger import Ledger, MetricPoint

from .conftest import RhmSweep
from .sweeps_on_disk import make_sweep

SPACE = """\
# Is it the same?
name: other
trial:
  training: {steps: 64}
space:
  training.train_size: {grid: [128, 256, 512]}
  training.seed: {range: [0, 2]}
replicas: 1
"""


@pytest.fixture
def one(tmp_path: Path) -> list[str]:
    return make_sweep(tmp_path / "results")


def test_equal_sweeps_have_no_difference(rhm_sweep: RhmSweep, one: list[str], tmp_path: Path) -> None:
    make_sweep(tmp_path / "results", "two")
    found = rhm_sweep("diff", "one", "two", "--json", "--exit-code").document
    assert not found["differ"]
    assert found["fields"] == found["settings"] == []
    assert found["trials"] == {"only_a": [], "only_b": [], "common": one}
    assert found["metrics"] == {"compared": 2, "equal": 2, "largest": {}}
    assert "the spaces are the same" in rhm_sweep("diff", "one", "two").out


def test_values_and_trials_that_only_one_has(rhm_sweep: RhmSweep, one: list[str], tmp_path: Path) -> None:
    two = make_sweep(tmp_path / "results", "two", sizes=(128, 256, 512))
    found = rhm_sweep("diff", "one", "two", "--json").document
    (field,) = found["fields"]
    assert (field["field"], field["removed"], field["added"]) == ("training.train_size", [64], [512])
    assert found["trials"] == {"only_a": one[:2], "only_b": two[4:], "common": one[2:]}
    lines = rhm_sweep("diff", "one", "two", "--exit-code", code=1).out.splitlines()
    assert lines[:5] == ["--- sweep one", "+++ sweep two", "training.train_size: grid", "  - 64", "  + 512"]
    assert "trials: 2 only in the first, 2 only in the second, 4 in both" in lines


def test_final_metrics_of_common_trials_are_compared(rhm_sweep: RhmSweep, one: list[str], tmp_path: Path) -> None:
    make_sweep(tmp_path / "results", "two")
    with Ledger(tmp_path / "results" / "two") as ledger:
        ledger.add_points([MetricPoint(one[1], 128, {"copies": 0.25, "steps_per_second": 7.0})])
    found = rhm_sweep("diff", "one", "two", "--json").document["metrics"]
    assert (found["compared"], found["equal"]) == (2, 1)
    assert found["largest"]["copies"] == {"difference": 0.25, "signature": one[1]}
    assert found["largest"]["step"] == {"difference": 64, "signature": one[1]}
    assert found["largest"]["novel_valid"]["difference"] is None
    assert "steps_per_second" not in found["largest"]
    out = rhm_sweep("diff", "one", "two", "--exit-code", code=1).out
    assert "equal in 1 of 2 trials" in out
    assert f"  copies: by up to 0.25 ({one[1]})" in out


def test_a_sweep_against_a_file(rhm_sweep: RhmSweep, one: list[str], tmp_path: Path) -> None:
    """The axis of the seed is written otherwise, but has the same values."""
    (tmp_path / "other.yaml").write_text(SPACE.replace("{steps: 64}", "{steps: 32, batch_size: 8}"))
    found = rhm_sweep("diff", "one", "other.yaml", "--json").document
    assert found["b"] == {"kind": "space", "name": "other.yaml"}
    assert [field["field"] for field in found["fields"]] == [
        "training.train_size", "training.steps", "training.batch_size"
    ]  # fmt: skip
    assert found["fields"][1]["a"] == {"fixed": 64}
    assert found["trials"]["common"] == []
    assert "training.steps: 64 -> 32" in rhm_sweep("diff", "one", "other.yaml").out


def test_shipped_spaces_and_their_settings(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(SPACE)
    (tmp_path / "third.yaml").write_text(SPACE.replace("replicas: 1", "replicas: 3"))
    found = rhm_sweep("diff", "other.yaml", "third.yaml", "--json").document
    assert {"name": "replicas", "a": 1, "b": 3} in found["settings"]
    assert "replicas: 1 -> 3" in rhm_sweep("diff", "other.yaml", "third.yaml").out
    assert not rhm_sweep("diff", "quickstart", "quickstart.yaml", "--json").document["differ"]


def test_a_sweep_comes_before_the_shipped_space_of_its_name(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    make_sweep(tmp_path / "results", "quickstart")
    found = rhm_sweep("diff", "quickstart", "quickstart.yaml", "--json").document
    assert (found["a"]["kind"], found["b"]["kind"], found["differ"]) == ("sweep", "space", True)


def test_what_is_not_there_is_said(rhm_sweep: RhmSweep, one: list[str]) -> None:
    said = rhm_sweep("diff", "one", "quikstart", code=2).words
    assert "no search space `quikstart`, and no such file; did you mean `quickstart`?" in said
    assert "there is no sweep of that name in results either" in said
    assert "no such file" in rhm_sweep("diff", "one", "nowhere.yaml", code=2).words
