"""`rhm-sweep sample`."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rhm_sweeps.config import parse_trial
from rhm_sweeps.evaluation.trained_model import load_trained
from rhm_sweeps.grammar import make_grammar, read_strings

from .conftest import RhmSweep
from .test_evaluate import CLASSIFIER, TRIAL, UNET, saved
from .test_train import TINY

GRAMMAR = make_grammar(parse_trial(TRIAL).grammar)


def test_text_is_one_string_per_line(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    path = saved(tmp_path, UNET)
    said = rhm_sweep("sample", path, "--count", "30", "--seed", "4")
    np.testing.assert_array_equal(read_strings(said.out, GRAMMAR), load_trained(path).sample(30, seed=4))
    assert said.err == ""
    assert rhm_sweep("sample", path, "--count", "5", "--seed", "4").out == "".join(said.out.splitlines(True)[:5])
    assert rhm_sweep("sample", path, "--count", "30").out != said.out


def test_every_format_says_the_same(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    path = saved(tmp_path, UNET)
    document = rhm_sweep("sample", path, "--count", "40", "--json").document
    assert document["step"] == 1234
    by_text = pd.read_csv(io.StringIO(rhm_sweep("sample", path, "--count", "40", "--format", "csv").out))
    assert f"40 strings in {tmp_path}/new/out.parquet" in rhm_sweep(
        "sample", path, "--count", "40", "--out", str(tmp_path / "new/out.parquet")
    ).err.replace("\n", "")
    by_file = pd.read_parquet(tmp_path / "new/out.parquet")
    assert list(by_file) == list(by_text) == ["token_1", "token_2", "token_3", "token_4", "class", "valid", "copied"]
    for frame in (by_text, by_file):
        assert frame[["token_1", "token_2", "token_3", "token_4"]].to_numpy().tolist() == document["strings"]
        classes = [None if pd.isna(label) else int(label) for label in frame["class"]]
        assert classes == document["classes"]
        assert frame["valid"].tolist() == [label is not None for label in classes]
        assert frame["copied"].tolist() == document["copied"]


@pytest.mark.slow
def test_a_sweep_is_sampled_by_its_name(rhm_sweep: RhmSweep, mlflow_folder: Path) -> None:
    for steps in ("1", "2"):
        rhm_sweep("train", *TINY, "--steps", steps, "--output", "mine")
    said = rhm_sweep("sample", "mine", code=2)
    assert "sweep mine has 2 models; choose one with --trial:" in said.err
    assert "steps=1" in said.err
    signature = next(line.split()[0] for line in said.err.splitlines() if line.endswith("steps=2"))
    assert rhm_sweep("sample", "mine", "--trial", signature[:5], "--json").document["step"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--count", "0"), "Invalid value for '--count'"),
        (("--format", "xml"), "`--format` is 'xml', but must be one of text, csv, parquet"),
        (("--format", "parquet"), "parquet is not for standard output; name a file with `--out`"),
        (("--format", "csv", "--json"), "leave `--format` and `--out` out"),
        (("--out", "model.safetensors/x.csv"), "cannot write model.safetensors/x.csv: "),
        (("--sampling-steps", "11"), "`sampling_steps` is 11, but must be <= timesteps = 10"),
    ],
)
def test_what_is_wrong_is_one_message(
    rhm_sweep: RhmSweep, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    said = rhm_sweep("sample", saved(tmp_path, UNET), *arguments, code=2)
    assert message in " ".join(said.words.replace("│", " ").split())
    assert said.out == ""
    assert "Traceback" not in said.err


def test_a_classifier_has_no_samples(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    said = rhm_sweep("sample", saved(tmp_path, CLASSIFIER), code=2)
    assert "the model is a classifier: it predicts classes and has no samples" in said.words
