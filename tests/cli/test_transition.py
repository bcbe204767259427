"""`rhm-sweep transition`: what scripts read, what people read, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rhm_sweeps.cli import output
from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.ledger import Ledger, TrialRecord
from rhm_sweeps.training.packs import initial_model
from rhm_sweeps.training.saved_models import save_model

FLAGS = ("--num-features", "4", "--num-classes", "3", "--num-synonyms", "2", "--num-layers", "2", "--seed-rules", "5")
CURVES = {"class_flip", "overlap", "latents_unchanged", "susceptibility", "tokens_changed", "correlation_length"}
KEYS = CURVES | {"noise", "errors"}
COMMAND = ("transition",)
Run = Callable[..., tuple[int, str, str]]


RULES = {"num_features": 4, "num_classes": 3, "num_synonyms": 2, "num_layers": 2, "seed_rules": 5}


def trial(grammar: dict[str, Any], process: str = "uniform", seed: int = 0) -> TrialConfig:
    return parse_trial({
        "grammar": grammar,
        "diffusion": {"timesteps": 10, "process": process},
        "model": {"width": 8},
        "training": {"train_size": 8, "test_size": 4, "seed": seed},
    })  # fmt: skip


@pytest.fixture
def save(tmp_path: Path) -> Callable[[TrialConfig], str]:
    """Saves the model of a trial, as it is before any training, and returns the file's name."""

    def write(config: TrialConfig) -> str:
        save_model(tmp_path / "model.safetensors", config, 3, initial_model(config).state_dict())
        return str(tmp_path / "model.safetensors")

    return write


@pytest.fixture
def checkpoint(save: Callable[[TrialConfig], str]) -> str:
    """A model of the grammar of FLAGS."""
    return save(trial(RULES))


@pytest.mark.parametrize("process", ["epsilon", "uniform", "masked", "gaussian"])
def test_json_has_the_levels_root_first(process: str, run_json: Callable[..., Any]) -> None:
    found = run_json(*FLAGS, "--process", process, "--noise", "0,0.3,1", "--samples", "200")
    assert set(found) == KEYS
    assert found["noise"] == [0, 0.3, 1]
    assert [len(level) for level in found["latents_unchanged"]] == [3, 3, 3]
    assert found["class_flip"] == pytest.approx([0, found["class_flip"][1], 2 / 3])
    assert 0 < found["class_flip"][1] < 2 / 3
    assert found["latents_unchanged"][0] == pytest.approx([1 - flip for flip in found["class_flip"]])
    assert found["overlap"] == pytest.approx([1, 1 - 1.5 * found["class_flip"][1], 0])
    assert found["tokens_changed"] == pytest.approx([1 - share for share in found["latents_unchanged"][2]])
    assert found["susceptibility"][0] is found["correlation_length"][0] is None
    assert found["correlation_length"][2] > 0
    assert set(found["errors"]) == CURVES
    assert found["errors"]["class_flip"][0] == pytest.approx(0)
    assert 0 < found["errors"]["class_flip"][1] < 0.05
    assert np.shape(found["errors"]["latents_unchanged"]) == (3, 3)


def test_the_seed_decides(run_json: Callable[..., Any]) -> None:
    arguments = (*FLAGS, "--noise", "0.3", "--samples", "50", "--seed")
    assert run_json(*arguments, "1") == run_json(*arguments, "1") != run_json(*arguments, "2")


@pytest.mark.parametrize("process", ["epsilon", "uniform", "masked", "gaussian"])
def test_the_default_noise_ascends(process: str, run_json: Callable[..., Any]) -> None:
    noise = run_json(*FLAGS, "--process", process, "--samples", "5")["noise"]
    assert noise == sorted(set(noise))
    assert len(noise) >= 10


@pytest.mark.parametrize("process", ["uniform", "masked", "gaussian"])
def test_a_checkpoint_adds_the_model(
    process: str, save: Callable[[TrialConfig], str], run_json: Callable[..., Any]
) -> None:
    checkpoint = save(trial(RULES, process))
    arguments = (*FLAGS, "--noise", "0,0.1", "--samples", "20", "--process", process)
    found = run_json(*arguments, "--checkpoint", checkpoint)
    model, comparison = found.pop("model"), found.pop("comparison")
    assert found == run_json(*arguments)
    assert comparison["exact"]["threshold"].keys() == {"value", "error"}
    assert {row["noise"] for row in comparison["curves"]} == set(model["noise"])
    assert set(model) == KEYS | {"times"}
    assert model["times"][0] == 0
    assert 0 < model["times"][1] < 10
    assert model["noise"] == pytest.approx([0, 0.1], abs=0.05)
    assert [level[0] for level in model["latents_unchanged"]] == [1, 1, 1]


def test_tables(checkpoint: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output.stdout, "width", 80)
    code, out, _ = run(*FLAGS, "--noise", "0,0.12", "--samples", "20", "--checkpoint", checkpoint)
    assert code == 0
    assert "Exact belief propagation, uniform noise" in out
    assert "Half of the overlap is lost at noise 0." in out
    assert "Trained model, step 3" in out
    assert " 1.000 1.000 1.000" in out
    assert " chi " in out
    assert " xi " in out
    assert max(map(len, out.splitlines())) <= 80


def test_one_class_has_no_half_overlap(run: Run) -> None:
    code, out, _ = run("--num-classes", "1", "--noise", "0.5", "--samples", "5")
    assert code == 0
    assert "Half" not in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--noise", "0.1,1.5"), "--noise: has 1.5, but must be in [0, 1]"),
        (("--noise", "x,0.1,nan"), "--noise: has nan, but must be in [0, 1]"),
        (("--noise", "x,0.1,nan"), "--noise: has 'x', but must be numbers separated by commas"),
        (("--noise", ""), "--noise: has '', but must be numbers separated by commas"),
        (("--process", "poisson"), "`--process` is 'poisson', but must be one of epsilon, uniform, masked, gaussian"),
        (("--figure", "a.jpg"), "`--figure` is a.jpg, but must end in .png, .svg, .pdf"),
        (("--out", "a.txt"), "`--out` is a.txt, but must end in .csv, .parquet, .jsonl"),
        (("--trial", "ab"), "`--trial` and `--where` choose trials of a sweep; name the sweep too"),
        (("--samples", "0"), "Invalid value for '--samples'"),
        (("--checkpoint", "no/such/file"), "Invalid value for '--checkpoint'"),
        (("--num-synonyms", "9"), "`num_synonyms` is 9, but must be <= v**(s-1) = 4"),
    ],
)
def test_wrong_input_exits_2_with_one_message(arguments: tuple[str, ...], message: str, run: Run) -> None:
    code, out, err = run(*FLAGS, *arguments)
    assert code == 2
    assert out == ""
    assert message in " ".join(err.split())
    assert "Traceback" not in err


WRITTEN = "1>ab|ba*2 2>aa; a>ij|ji b>ii"


@pytest.mark.parametrize("flags", [("--explicit", WRITTEN), ("--zipf-exponent", "2", "--zipf-level", "1")])
def test_other_grammars_have_curves_of_their_own(flags: tuple[str, ...], run_json: Callable[..., Any]) -> None:
    arguments = ("--noise", "0.3", "--samples", "200")
    found = run_json(*flags, *arguments)
    assert set(found) == KEYS
    assert 0 < found["class_flip"][0] < 1
    assert found != run_json(*arguments)


def test_a_model_of_a_written_grammar(
    save: Callable[[TrialConfig], str], run_json: Callable[..., Any], run: Run
) -> None:
    checkpoint = save(parse_trial({"grammar": {"explicit": WRITTEN}, "training": {"train_size": 2, "test_size": 1}}))
    found = run_json("--explicit", WRITTEN, "--noise", "0", "--samples", "5", "--checkpoint", checkpoint)
    assert found["model"]["class_flip"] == [0]
    code, _, err = run("--checkpoint", checkpoint)
    assert code == 2
    assert "compare it on its own rules: --explicit '1>" in " ".join(err.split())


@pytest.mark.parametrize(
    ("flags", "theirs"),
    [
        ((*FLAGS[:-1], "6"), f"rules: {' '.join(FLAGS)}"),
        (("--explicit", "binary_3_level"), f"rules: {' '.join(FLAGS)}"),
        ((*FLAGS, "--zipf-exponent", "1", "--zipf-level", "2"), f"rules: {' '.join(FLAGS)}"),
    ],
)
def test_a_model_of_another_grammar_is_refused(flags: tuple[str, ...], theirs: str, checkpoint: str, run: Run) -> None:
    code, _, err = run(*flags, "--checkpoint", checkpoint)
    assert code == 2
    assert "was trained on another grammar; compare it on its own" in " ".join(err.split())
    assert " ".join(err.split()).endswith(theirs)


def test_a_model_of_the_default_grammar_takes_no_flags(save: Callable[[TrialConfig], str], run: Run) -> None:
    code, _, err = run(*FLAGS, "--checkpoint", save(trial({})))
    assert code == 2
    assert "compare it on its own rules: no flags of the grammar" in " ".join(err.split())


@pytest.mark.parametrize(
    ("trained", "asked", "message"),
    [
        ("uniform", "masked", "denoises uniform noise; compare it so: --process uniform"),
        ("masked", "uniform", "denoises masked noise; compare it so: --process masked"),
        ("uniform", "epsilon", "`--process` is epsilon, which noises no strings that a model could denoise"),
        ("gaussian", "uniform", "denoises gaussian noise; compare it so: --process gaussian"),
    ],
)
def test_a_model_and_a_process_that_is_not_its_own_are_refused(
    trained: str, asked: str, message: str, save: Callable[[TrialConfig], str], run: Run
) -> None:
    code, _, err = run(*FLAGS, "--process", asked, "--checkpoint", save(trial(RULES, trained)))
    assert code == 2
    assert message in " ".join(err.split())


def test_a_file_that_is_no_model_is_said_so(tmp_path: Path, run: Run) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"no model")
    code, _, err = run(*FLAGS, "--checkpoint", str(tmp_path / "model.safetensors"))
    assert code == 1
    assert "cannot load a model from" in err


FEW = ("--noise", "0.05,0.1,0.4", "--samples", "30", "--resamples", "4")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Two sweeps: `mine` of two depths, two seeds, and a trial without a model; `none` without models."""
    configs = [trial({**RULES, "num_layers": layers}, seed=seed) for layers in (2, 3) for seed in (0, 1)]
    configs.append(trial(RULES, "masked"))
    for name, trained in (("mine", configs[:4]), ("none", [])):
        with Ledger(tmp_path / name, create=True) as ledger:
            ledger.set_meta(name=name, created_ms=1, state="done")
            ledger.add_trials(TrialRecord(c.signature, i, f"pack{i}", c.model_dump()) for i, c in enumerate(configs))
        for config in trained:
            path = tmp_path / name / "models" / f"{config.signature}.safetensors"
            save_model(path, config, 3, initial_model(config).state_dict())
    return tmp_path


def test_a_sweep_is_compared_on_its_own_rules(results: Path, run_json: Callable[..., Any]) -> None:
    found = run_json("mine", "--results", str(results), *FEW)
    assert [setting["label"] for setting in found["settings"]] == [
        "process = uniform, L = 2",
        "process = uniform, L = 3",
    ]
    assert [len(setting["trials"]) for setting in found["settings"]] == [2, 2]
    assert (found["samples"], found["resamples"], found["seed"]) == (30, 4, 0)
    assert [step["depths"] for step in found["growth"]] == [[2, 3]]
    assert found["limits"][0] == "1 of 5 trials have no trained model (yet)."
    row = next(row for row in found["settings"][0]["curves"] if row["curve"] == "unchanged_2")
    assert row["difference"] == pytest.approx(row["model"] - row["exact"])
    assert row["exact_error"] > 0


def test_trials_of_a_sweep_and_a_file(results: Path, run_json: Callable[..., Any]) -> None:
    for choice in (("--where", "num_layers == 3"), ("--where", "training.seed == 0 and num_layers == 3")):
        found = run_json("mine", "--results", str(results), *FEW, *choice)
        assert [setting["fields"]["grammar.num_layers"] for setting in found["settings"]] == [3]
    signature = found["settings"][0]["trials"][0]
    by_trial = run_json("mine", "--results", str(results), *FEW, "--trial", signature[:8])
    by_file = run_json(str(results / "mine" / "models" / f"{signature}.safetensors"), *FEW)
    assert by_trial["settings"][0] == by_file["settings"][0] == found["settings"][0]


def test_what_people_read_of_a_sweep(results: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output.stdout, "width", 80)
    code, out, _ = run("mine", "--results", str(results), *FEW, "--where", "num_layers == 2")
    assert code == 0
    assert "process = uniform, L = 2 (2 trials)" in out
    assert "half of the overlap, at noise" in out
    assert max(map(len, out.splitlines())) <= 80


def test_figure_and_table(results: Path, run: Run, tmp_path: Path) -> None:
    files = ("--figure", str(tmp_path / "new" / "a.svg"), "--out", str(tmp_path / "a.csv"))
    code, _, err = run("mine", "--results", str(results), *FEW, *files)
    assert code == 0
    assert "rows in" in err
    assert (tmp_path / "new" / "a.svg").read_text().startswith("<?xml")
    table = pd.read_csv(tmp_path / "a.csv")
    assert set(table["num_layers"]) == {2, 3}
    assert {"model", "model_error", "exact", "exact_error", "difference", "difference_error"} <= set(table)
    exact = ("--figure", str(tmp_path / "b.pdf"), "--out", str(tmp_path / "b.jsonl"), "--process", "epsilon")
    assert run(*FLAGS, *exact, "--samples", "20", "--resamples", "3")[0] == 0
    assert (tmp_path / "b.pdf").read_bytes().startswith(b"%PDF")
    assert "model" not in pd.read_json(tmp_path / "b.jsonl", lines=True)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("mine", "--num-layers", "3"), 2, "the models of mine have rules and processes of their own"),
        (("mine", "--process", "uniform"), 2, "leave flags of the grammar and `--process` out"),
        (("mine", "--trial", "zz"), 2, "no trial has a signature that starts with `zz`"),
        (("mine", "--where", "no_such > 1"), 2, "no_such"),
        (
            ("none",),
            2,
            "sweep none has no models to noise and denoise with: 5 of 5 trials have no trained model (yet).",
        ),
        (("missing",), 1, "missing"),
        (("no/such.safetensors",), 2, "there is no model no/such.safetensors"),
    ],
)
def test_sweeps_that_cannot_be_compared(
    arguments: tuple[str, ...], code: int, message: str, results: Path, run: Run
) -> None:
    found, out, err = run(*arguments, "--results", str(results))
    assert (found, out) == (code, "")
    assert message in " ".join(err.split())
    assert "Traceback" not in err
