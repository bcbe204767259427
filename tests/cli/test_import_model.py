"""`rhm-sweep import`."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
import torch

from rhm_sweeps.training.saved_models import load_model

from .conftest import RhmSweep

V, W, S, LAYERS, T = 4, 8, 2, 2, 12
RULES = ("--num-synonyms", "2", "--seed-rules", "3")
DATA = ("--train-size", "8", "--seed-sample", "1")


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A state dict with the names of the original code."""
    state = {"model.embed_layer.0.filter": torch.randn(W, V, 1), "model.readout.filter": torch.randn(V, 2 * W, 1)}
    for k in range(LAYERS):
        state[f"model.downsize.{k}.model.0.filter"] = torch.randn(W, W, S)
        state[f"model.upsize.{k}.model.0.filter"] = torch.randn(2 * W, W, S)
        for side in ("downsize", "upsize"):
            norm = f"model.{side}.{k}.model.1.layer_norm"
            state |= {f"{norm}.weight": torch.ones(W), f"{norm}.bias": torch.zeros(W)}
    state["alpha_t"] = 1 - torch.linspace(0.001, 0.1, T + 1)
    torch.save(state, tmp_path / "my_ddpm_rhm.pt")
    return tmp_path / "my_ddpm_rhm.pt"


def test_a_state_dict_becomes_a_model(rhm_sweep: RhmSweep, theirs: Path) -> None:
    document = rhm_sweep("import", str(theirs), "--out", "ours.safetensors", *RULES, *DATA, "--json").document
    loaded = load_model(Path("ours.safetensors"))
    assert document["signature"] == loaded.config.signature
    assert document["config"] == loaded.config.model_dump()
    assert document["step"] == loaded.step
    assert (loaded.config.diffusion.timesteps, loaded.config.model.time_input) == (T, "original")
    metrics = rhm_sweep("evaluate", "ours.safetensors", "--num-samples", "20", "--json").document
    assert 0 < metrics["train_loss"] < 10


def test_logs_say_the_trial(rhm_sweep: RhmSweep, theirs: Path, tmp_path: Path) -> None:
    arguments = argparse.Namespace(
        num_features=V, num_classes=3, num_synonyms=2, tuple_size=S, num_layers=LAYERS, seed_rules=3, nT=T, beta1=0.001,
        beta2=0.1, process="discrete", width=W, train_size=8, test_size=4, seed_sample=1, batch_size=8, n_epoch=100, lr=1e-4,
    )  # fmt: skip
    torch.save({"args": arguments, "results": {1: {"step": 64}}}, tmp_path / "logs.pt")
    said = rhm_sweep("import", str(theirs), "--logs", "logs.pt", "--out", "ours.safetensors")
    assert said.out == ""
    assert said.words == "model ours.safetensors"
    loaded = load_model(Path("ours.safetensors"))
    assert (loaded.step, loaded.config.training.steps) == (64, 100)
    assert (loaded.config.grammar.num_classes, loaded.config.training.test_size) == (3, 4)
    rhm_sweep("import", str(theirs), "--logs", "logs.pt", "--out", "ours.safetensors", "--num-classes", "4")
    assert load_model(Path("ours.safetensors")).config.grammar.num_classes == 4  # flags go before logs


def test_what_is_assumed_is_said(rhm_sweep: RhmSweep, theirs: Path) -> None:
    said = rhm_sweep("import", str(theirs), "--out", "ours.safetensors", *RULES, "--train-size", "8")
    assert "assumed where copies are counted: --seed-sample 0" in said.words


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("theirs", *DATA), 2, "grammar.num_synonyms: is not in the file; give it, or the file's logs"),
        (
            ("theirs", *RULES, *DATA, "--width", "9"),
            2,
            "model.width: is 9, but the model in the file has 8; leave it out",
        ),
        (
            ("theirs", *RULES, *DATA, "--nT", "20"),
            2,
            "`alpha_t` has 13 entries, but must have T + 1 = 21; set `timesteps`",
        ),
        (
            ("theirs", *RULES, *DATA, "--dropout", "0.1"),
            2,
            "model.dropout: is 0.1, but has an effect only with a transformer",
        ),
        (("theirs", *RULES), 2, "but must be <= P_max = 32"),
        (("theirs", *RULES, *DATA, "--out", "theirs/x"), 2, "cannot write theirs/x"),
        (("theirs", *RULES, "--logs", "other.pt"), 1, "other.pt holds no `args`; leave --logs out"),
        (("other.pt", *RULES), 1, "other.pt: it is not a bpUnet: there is no `model.embed_layer.0.filter`"),
        (("nowhere.pt", *RULES), 1, "cannot read nowhere.pt: No such file"),
    ],
)
def test_what_is_wrong_is_one_message(
    rhm_sweep: RhmSweep, theirs: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    theirs.rename("theirs")
    torch.save({"weight": torch.zeros(1)}, "other.pt")
    said = rhm_sweep("import", "--out", "ours.safetensors", *arguments, code=code)
    assert message in " ".join(said.words.replace("│", " ").split())
    assert said.out == ""
    assert "Traceback" not in said.err
    assert not Path("ours.safetensors").exists()
