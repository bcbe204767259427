"""`rhm-sweep evaluate`."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.cli import output
from rhm_sweeps.config import parse_trial
from rhm_sweeps.training.packs import initial_model
from rhm_sweeps.training.saved_models import save_model

from .conftest import RhmSweep
from .test_train import TINY

TRIAL = {
    "grammar": {"num_features": 4, "num_classes": 3, "num_synonyms": 2, "num_layers": 2, "seed_rules": 5},
    "diffusion": {"timesteps": 10},
    "training": {"train_size": 8, "test_size": 4},
    "evaluation": {"num_samples": 40, "loss_pairs": 20},
}
UNET = {"width": 8}
CLASSIFIER = {"name": "classifier", "embedding_size": 8, "num_heads": 2, "feedforward_size": 8}


def saved(folder: Path, model: dict[str, object]) -> str:
    config = parse_trial({**TRIAL, "model": model})
    save_model(folder / "model.safetensors", config, 1234, initial_model(config).state_dict())
    return str(folder / "model.safetensors")


def test_json_has_levels_and_parts_of_the_times_as_lists(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    found = rhm_sweep("evaluate", saved(tmp_path, UNET), "--json").document
    assert found["signature"] == parse_trial({**TRIAL, "model": UNET}).signature
    assert found["step"] == 1234
    assert len(found["validity"]) == 2
    assert len(found["train_loss_time"]) == len(found["test_loss_time"]) == 4
    assert {"train_loss", "test_loss", "copies", "excess_copies", "novel_valid", "hamming"} <= found.keys()
    assert min(found["train_loss_time"]) < found["train_loss"] < max(found["train_loss_time"])


def test_options_change_what_is_measured(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    path = saved(tmp_path, UNET)
    plain = rhm_sweep("evaluate", path, "--json").document
    assert rhm_sweep("evaluate", path, "--json").document == plain
    pairs = rhm_sweep("evaluate", path, "--loss-pairs", "30", "--json").document
    assert pairs["train_loss"] != plain["train_loss"]
    assert pairs["validity"] == plain["validity"]
    samples = rhm_sweep("evaluate", path, "--num-samples", "7", "--json").document
    assert samples["copies"] * 7 == pytest.approx(round(samples["copies"] * 7))
    assert samples["train_loss"] == plain["train_loss"]
    seeded = rhm_sweep("evaluate", path, "--seed", "5", "--json").document
    assert seeded["train_loss"] != plain["train_loss"]


def test_tables_fit_a_terminal(rhm_sweep: RhmSweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output.stdout, "width", 80)
    said = rhm_sweep("evaluate", saved(tmp_path, UNET))
    assert "step 1,234" in said.out
    assert "novel valid" in said.out
    assert "part of 1..T" in said.out
    assert max(map(len, said.out.splitlines())) <= 80


def test_a_classifier_has_accuracies_per_part_of_the_times(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    path = saved(tmp_path, CLASSIFIER)
    found = rhm_sweep("evaluate", path, "--json").document
    assert len(found["test_accuracy_time"]) == 4
    assert "validity" not in found
    assert "test accuracy" in rhm_sweep("evaluate", path).out


@pytest.mark.slow
def test_a_model_that_was_trained_has_the_numbers_of_its_training(rhm_sweep: RhmSweep, mlflow_folder: Path) -> None:
    recorded = rhm_sweep("train", *TINY, "--steps", "8", "--output", "mine", "--json").document
    found = rhm_sweep("evaluate", "mine", "--json").document
    assert found["signature"] == recorded["signature"]
    for name in ("step", "train_loss", "test_loss", "validity", "copies", "novel_valid", "hamming"):
        assert found[name] == pytest.approx(recorded[name], rel=1e-6)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("nowhere",), 2, "there is no model nowhere, and no sweep of that name in results; sweeps there: none"),
        (("broken",), 1, "cannot load a model from broken"),
        (("model.safetensors", "--sampling-steps", "11"), 2, "`sampling_steps` is 11, but must be <= timesteps = 10"),
        (("model.safetensors", "--num-samples", "0"), 2, "Invalid value for '--num-samples'"),
        (("model.safetensors", "--device", "gpu"), 2, "the device is 'gpu', but must be cpu or cuda"),
        (("model.safetensors", "--trial", "64"), 2, "`--trial` is 64, but model.safetensors is one model"),
    ],
)
def test_what_is_wrong_is_one_message(
    rhm_sweep: RhmSweep, tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    saved(tmp_path, UNET)
    (tmp_path / "broken").write_text("no model")
    said = rhm_sweep("evaluate", *arguments, code=code)
    assert message in " ".join(said.words.replace("│", " ").split())
    assert said.out == ""
    assert "Traceback" not in said.err
