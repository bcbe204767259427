"""`rhm-sweep transition`: what scripts read, what people read, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rhm_sweeps.cli import output
from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.training.packs import initial_model
from rhm_sweeps.training.saved_models import save_model

FLAGS = ("--num-features", "4", "--num-classes", "3", "--num-synonyms", "2", "--num-layers", "2", "--seed-rules", "5")
KEYS = {"noise", "class_flip", "overlap", "latents_unchanged", "susceptibility"}
COMMAND = ("transition",)
Run = Callable[..., tuple[int, str, str]]


def trial(**grammar: int) -> TrialConfig:
    rules = {"num_features": 4, "num_classes": 3, "num_synonyms": 2, "num_layers": 2, "seed_rules": 5} | grammar
    return parse_trial({
        "grammar": rules,
        "diffusion": {"timesteps": 10},
        "model": {"width": 8},
        "training": {"train_size": 8, "test_size": 4},
    })  # fmt: skip


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A model of the grammar of FLAGS, as it is before any training."""
    config = trial()
    save_model(tmp_path / "model.safetensors", config, 3, initial_model(config).state_dict())
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize("process", ["epsilon", "uniform", "masked"])
def test_json_has_the_levels_root_first(process: str, run_json: Callable[..., Any]) -> None:
    found = run_json(*FLAGS, "--process", process, "--noise", "0,0.3,1", "--samples", "200")
    assert set(found) == KEYS
    assert found["noise"] == [0, 0.3, 1]
    assert [len(level) for level in found["latents_unchanged"]] == [3, 3, 3]
    assert found["class_flip"] == pytest.approx([0, found["class_flip"][1], 2 / 3])
    assert 0 < found["class_flip"][1] < 2 / 3
    assert found["latents_unchanged"][0] == pytest.approx([1 - flip for flip in found["class_flip"]])
    assert found["overlap"] == pytest.approx([1, 1 - 1.5 * found["class_flip"][1], 0])
    assert found["susceptibility"][0] is None


def test_the_seed_decides(run_json: Callable[..., Any]) -> None:
    arguments = (*FLAGS, "--noise", "0.3", "--samples", "50", "--seed")
    assert run_json(*arguments, "1") == run_json(*arguments, "1") != run_json(*arguments, "2")


@pytest.mark.parametrize("process", ["epsilon", "uniform", "masked"])
def test_the_default_noise_ascends(process: str, run_json: Callable[..., Any]) -> None:
    noise = run_json(*FLAGS, "--process", process, "--samples", "5")["noise"]
    assert noise == sorted(set(noise))
    assert len(noise) >= 10


def test_a_checkpoint_adds_the_model(checkpoint: Path, run_json: Callable[..., Any]) -> None:
    arguments = (*FLAGS, "--noise", "0,0.1", "--samples", "20")
    found = run_json(*arguments, "--checkpoint", str(checkpoint))
    model = found.pop("model")
    assert found == run_json(*arguments)
    assert set(model) == KEYS | {"times"}
    assert model["times"][0] == 0
    assert 0 < model["times"][1] < 10
    assert model["noise"] == pytest.approx([0, 0.1], abs=0.05)
    assert [level[0] for level in model["latents_unchanged"]] == [1, 1, 1]


def test_tables(checkpoint: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output.stdout, "width", 80)
    code, out, _ = run(*FLAGS, "--noise", "0,0.12", "--samples", "20", "--checkpoint", str(checkpoint))
    assert code == 0
    assert "Exact belief propagation, uniform noise" in out
    assert "Half of the overlap is lost at noise 0." in out
    assert "Trained model, step 3" in out
    assert " 1.000 1.000 1.000" in out
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
        (("--process", "gaussian"), "`--process` is 'gaussian', but must be one of epsilon, uniform, masked"),
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


def test_a_model_of_another_grammar_is_refused(checkpoint: Path, run: Run) -> None:
    code, _, err = run(*FLAGS[:-1], "6", "--num-classes", "4", "--checkpoint", str(checkpoint))
    assert code == 2
    assert "was trained on another grammar; compare it on its own rules: --num-classes 3 --seed-rules 5" in err


def test_a_model_and_another_process_are_refused(checkpoint: Path, run: Run) -> None:
    code, _, err = run(*FLAGS, "--process", "masked", "--checkpoint", str(checkpoint))
    assert code == 2
    assert "`--checkpoint` is of a model of uniform diffusion, but `--process` is masked; use uniform" in err


def test_a_file_that_is_no_model_is_said_so(tmp_path: Path, run: Run) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"no model")
    code, _, err = run(*FLAGS, "--checkpoint", str(tmp_path / "model.safetensors"))
    assert code == 1
    assert "cannot load a model from" in err
