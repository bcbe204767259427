"""`rhm-sweep launch`, `plan` and `resume`, up to where Ray starts; with Ray: tests/running/test_runner.py, tests/faults."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from rhm_sweeps.cli.expectation import COMMAND_S, PROCESS_S
from rhm_sweeps.sweeps.lock import sweep_lock

from .conftest import RhmSweep

SPACE = """\
# Does it plan?
name: small
trial:
  grammar: {num_features: 4, num_classes: 4, num_synonyms: 2, tuple_size: 2, num_layers: 2}
  diffusion: {timesteps: 4}
  model: {width: 8}
  training: {test_size: 4, steps: 8, batch_size: 8}
  evaluation: {num_samples: 16, loss_pairs: 16}
space:
  training.train_size: {grid: [4, 8, 1000]}
replicas: 2
"""


@pytest.fixture(autouse=True)
def space(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SPACE)
    return path


def is_untouched(folder: Path) -> bool:
    return [path.name for path in folder.iterdir()] == ["small.yaml"]


def test_a_plan_is_what_scripts_rely_on(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    document = rhm_sweep("plan", "small.yaml", "--json").document
    estimate = document.pop("estimate")
    packs = document.pop("packs")
    assert {name: document[name] for name in ("trials", "finished", "invalid")} == {
        "trials": 4,
        "finished": 0,
        "invalid": 2,
    }
    assert 1 <= packs <= 4
    assert set(estimate) == {"seconds", "memory_gib", "flops"}
    assert all(value > 0 for value in estimate.values())
    assert estimate["seconds"] > PROCESS_S + COMMAND_S
    assert is_untouched(tmp_path)


def test_a_dry_run_prints_the_plan_and_starts_nothing(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    said = rhm_sweep("launch", "small.yaml", "--dry-run")
    assert "Does it plan?" in said.out
    assert "must be <= P_max = 32" in said.out
    rows = [re.split(r"\s{2,}", line.strip()) for line in said.out.splitlines()]
    assert all(row in rows for row in (["trials", "4"], ["finished", "0"], ["invalid, left out", "2"]))
    assert said.err == ""
    assert is_untouched(tmp_path)
    counts = ("trials", "finished", "invalid", "packs")
    dry, plan = rhm_sweep("launch", "small.yaml", "--dry-run", "--json"), rhm_sweep("plan", "small.yaml", "--json")
    assert {key: dry.document[key] for key in counts} == {key: plan.document[key] for key in counts}


def test_overrides_are_in_the_plan(rhm_sweep: RhmSweep) -> None:
    document = rhm_sweep("plan", "small.yaml", "-s", "train_size=grid:4,8", "-s", "replicas=5", "--json").document
    assert (document["trials"], document["invalid"]) == (10, 0)


WRONG_SPACES = {
    "training.train_sise: {grid: [4]}": "there is no such field; did you mean `training.train_size`?",
    "training.train_size: {grid: [4, x]}": "'x'",
    "training.train_size: {grit: [4]}": "grit",
    "training.train_size: [4, 8]": "training.train_size",
    "model.width: {grid: [8]}": "is an axis, but fixed",
    "training.seed: {range: [0, 1e3]}": "training.seed",
}


@pytest.mark.parametrize("axis", WRONG_SPACES)
def test_a_wrong_space_is_refused_with_file_line_and_key(
    rhm_sweep: RhmSweep, space: Path, tmp_path: Path, axis: str
) -> None:
    space.write_text(SPACE.replace("training.train_size: {grid: [4, 8, 1000]}", axis))
    said = rhm_sweep("launch", "small.yaml", code=2)
    assert "small.yaml:10" in said.words
    assert WRONG_SPACES[axis] in said.words
    assert "Traceback" not in said.err
    assert said.out == ""
    assert is_untouched(tmp_path)


WRONG_SETTINGS = {
    "num_synonyms=9": "6 settings: grammar: `num_synonyms` is 9, but must be <= v**(s-1) = 4",
    "num_classes=100": "`num_classes` * `num_synonyms` is 100 * 2 = 200, but must be <= v**s = 16",
    "test_size=1000": "must be <= P_max = 32, the number of distinct strings of this grammar; lower them or set `replacement`",
    "n_um=3": "there is no field `n_um`",
    "steps=x": "training.steps: is 'x', but input should be a valid integer",
    "name=../x": "name: is '../x', but string should match pattern",
    "name=-rf": "name: is '-rf', but string should match pattern",
    "precision=float16": "training.precision: is 'float16', but input should be 'float32', 'bf16' or 'tf32'",
    "process=gauss": "diffusion.process: is 'gauss', but input should be",
}


@pytest.mark.parametrize("override", WRONG_SETTINGS)
def test_wrong_settings_are_refused(rhm_sweep: RhmSweep, tmp_path: Path, override: str) -> None:
    said = rhm_sweep("launch", "small.yaml", "-s", override, code=2)
    assert WRONG_SETTINGS[override] in said.words
    assert "Traceback" not in said.err
    assert is_untouched(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ("launch quikstart", 2, "there is no search space `quikstart`, and no such file; did you mean `quickstart`?"),
        ("launch nowhere.yaml", 2, "no such file"),
        ("launch /", 2, "cannot read the search space /"),
        ("launch", 2, "Missing argument 'space'"),
        ("launch small.yaml --results /proc/x", 1, "cannot write to /proc/x/small: No such file or directory"),
        ("launch small.yaml --results small.yaml/x", 1, "small.yaml/x/small: Not a directory"),
        ("launch small.yaml --tracking-uri ftp://x", 2, "the tracking URI 'ftp://x' cannot hold runs; use sqlite:///"),
        ("launch small.yaml --checkpoint-interval -1", 2, "Invalid value for '--checkpoint-interval'"),
        ("resume nowhere", 1, "results/nowhere: ledger.db is missing; `rhm-sweep ls` lists the sweeps"),
        ("resume ../x", 2, "the sweep name is '../x', but must be 1 to 64 letters"),
        ("resume", 2, "Missing argument 'name'"),
        ("status nowhere", 1, "results/nowhere: ledger.db is missing"),
        ("status -rf", 2, "No such option: -r"),
        ("status -- -rf", 2, "the sweep name is '-rf', but must be"),
        ("nonsense", 2, "No such command 'nonsense'"),
    ],
)
def test_what_cannot_be_is_said_plainly(rhm_sweep: RhmSweep, arguments: str, code: int, sentence: str) -> None:
    said = rhm_sweep(*arguments.split(), code=code)
    assert sentence in said.words
    assert said.out == ""
    assert "Traceback" not in said.err


@pytest.mark.slow
def test_a_server_that_is_down_is_said_soon(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    started = time.monotonic()
    said = rhm_sweep("launch", "small.yaml", "--tracking-uri", "http://127.0.0.1:9", code=1)
    assert time.monotonic() - started < 15
    assert "the tracking store http://127.0.0.1:9 (experiment 'rhm-sweeps') cannot be used" in said.words
    assert "--tracking-uri" in said.words
    assert not (tmp_path / "results" / "small" / "ledger.db").exists()


def test_a_running_sweep_is_refused_and_its_process_named(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    folder = tmp_path / "results" / "small"
    folder.mkdir(parents=True)
    with sweep_lock(folder):
        said = rhm_sweep("launch", "small.yaml", code=1)
    assert f"sweep small is already running: process {os.getpid()} on" in said.words
