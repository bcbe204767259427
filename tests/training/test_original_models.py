"""Models of the original code, against its network written with convolutions."""

from __future__ import annotations

import argparse
import math
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv1d, conv_transpose1d, gelu, layer_norm, one_hot

from rhm_sweeps.diffusion.processes import make_process
from rhm_sweeps.errors import CheckpointError, ConfigError
from rhm_sweeps.models import build_model
from rhm_sweeps.training.original_logs import read_logs
from rhm_sweeps.training.original_models import convert, read_original, sizes_of
from rhm_sweeps.training.original_schedule import schedule_of
from rhm_sweeps.training.original_trial import original_trial

V, W, T = 5, 12, 20
RULES = {"grammar.num_synonyms": 2, "grammar.seed_rules": 3, "grammar.num_classes": 4}
DATA = {"training.train_size": 8}


def original_state(s: int = 2, depth: int = 3, *, bias: bool = False, beta2: float = 0.1) -> dict[str, Tensor]:
    """A state dict as the original code saves it: network, tables of the diffusion, tables of the time embedding."""
    torch.manual_seed(s)
    state = OrderedDict()
    layers = {"embed_layer.0": (W, V, 1), "readout": (V, 2 * W, 1)}
    layers |= {f"downsize.{k}.model.0": (W, W, s) for k in range(depth)}
    layers |= {f"upsize.{k}.model.0": (2 * W, W, s) for k in range(depth)}
    for name, shape in layers.items():
        state[f"model.{name}.filter"] = torch.randn(shape)
        if bias:
            state[f"model.{name}.bias"] = torch.randn(shape[1] if "upsize" in name else shape[0])
        if name.endswith("model.0"):
            norm = f"model.{name.removesuffix('.0')}.1.layer_norm"
            state |= {f"{norm}.weight": 1 + 0.1 * torch.randn(W), f"{norm}.bias": 0.1 * torch.randn(W)}
    betas = 0.001 + (beta2 - 0.001) * torch.arange(T + 1) / T
    state |= {"alpha_t": 1 - betas, "alphabar_t": (1 - betas).log().cumsum(0).exp(), "mean_over_var": torch.rand(T + 1)}
    return state | {"model.timeembed.alphabar_t": input_alpha_bar().float()}


def input_alpha_bar() -> Tensor:
    return (1 - (0.02 - 1e-4) * torch.arange(1001, dtype=torch.float64) / 1000 - 1e-4).log().cumsum(0).exp()


def by_convolutions(state: dict[str, Tensor], x_t: Tensor, t: Tensor) -> Tensor:
    """Logits (B, v, d) of tokens x_t (B, d): biases are divided too and count as one more input."""

    def layer(name: str, x: Tensor) -> Tensor:
        filters, b = state[f"model.{name}.filter"], state.get(f"model.{name}.bias")
        up = name.startswith("upsize")
        stride = filters.shape[2]
        fan_in = stride * (filters.shape[0] if up else filters.shape[1]) + (b is not None)
        y = (conv_transpose1d if up else conv1d)(x, filters, b, stride=stride)
        if name == "readout":
            return y / fan_in
        y = y / math.sqrt(fan_in)
        norm = f"model.{name.removesuffix('.0')}.1.layer_norm"
        if f"{norm}.weight" in state:
            y = layer_norm(y.transpose(1, 2), (W,), state[f"{norm}.weight"], state[f"{norm}.bias"]).transpose(1, 2)
        return gelu(y)

    alpha_bar = input_alpha_bar()
    present = alpha_bar + (1 - alpha_bar) / V
    mean, std = present.mean(), ((alpha_bar + (1 - alpha_bar) / V**2).mean() - present.mean() ** 2).sqrt()
    a = alpha_bar[(t / T * 1000).long(), None, None]
    x = (((a * one_hot(x_t, V).transpose(1, 2) + (1 - a) / V) - mean) / std).float()
    x = layer("embed_layer.0", x)
    skips = [x]
    depth = sum(name.startswith("model.downsize") and name.endswith("filter") for name in state)
    for k in range(depth):
        x = layer(f"downsize.{k}.model.0", x)
        skips.append(x)
    for k in range(depth):
        x = layer(f"upsize.{k}.model.0", torch.cat((x, skips.pop()), 1))
    return layer("readout", torch.cat((x, skips.pop()), 1))


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("s", "depth"), [(2, 3), (3, 2)])
def test_outputs_are_equal_to_rounding(s: int, depth: int, bias: bool) -> None:
    state = original_state(s, depth, bias=bias)
    sizes = sizes_of(state)
    trial = original_trial(state, sizes, {**RULES, **DATA})
    model = build_model(trial)
    model.load_state_dict(convert(state, sizes))
    x_t = torch.randint(V, (40, s**depth), generator=torch.Generator().manual_seed(0))
    t = torch.arange(40) % T + 1
    inputs = make_process([trial]).model_input(x_t[None], t[None])[0]
    expected = by_convolutions(state, x_t, t).transpose(1, 2)
    assert float(expected.std()) > 0.01
    torch.testing.assert_close(model(inputs, t), expected, rtol=1e-4, atol=1e-6)


def test_what_is_not_given_is_read_off() -> None:
    state = original_state(beta2=0.05)
    trial = original_trial(state, sizes_of(state), {**RULES, **DATA})
    grammar, diffusion = trial.grammar, trial.diffusion
    assert (grammar.num_features, grammar.tuple_size, grammar.num_layers, grammar.num_classes) == (V, 2, 3, 4)
    assert (diffusion.timesteps, diffusion.beta1, diffusion.beta2) == (T, 0.001, 0.05)
    assert (trial.model.width, trial.model.depth, trial.model.filter_size) == (W, None, None)
    assert (trial.model.time_input, trial.training.test_size) == ("original", 256)


def test_a_network_may_have_another_tree_than_the_grammar() -> None:
    state = original_state(4, 1)
    given = {
        **RULES,
        **DATA,
        "grammar.tuple_size": 2,
        "grammar.num_layers": 2,
        "model.depth": 1,
        "model.filter_size": 4,
    }
    trial = original_trial(state, sizes_of(state), given)
    assert (trial.model.filter_size, trial.model.depth) == (4, 1)


def test_tables_of_unknown_names_are_looked_at_by_length_alone() -> None:
    state = original_state() | {"their_table": torch.rand(T), "flag": torch.tensor(3), "image": torch.rand(2, 2)}
    del state["alpha_t"]
    assert schedule_of(state) == {}
    sizes = sizes_of(state)
    assert original_trial(state, sizes, {**RULES, **DATA, "diffusion.timesteps": T}).diffusion.beta2 == 0.1
    with pytest.raises(ConfigError, match=r"`their_table` has 20 entries, but must have T \+ 1 = 31; set `timesteps`"):
        original_trial(state, sizes, {**RULES, **DATA, "diffusion.timesteps": 30})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"grammar.num_features": 6}, "grammar.num_features: is 6, but the model in the file has 5; leave it out"),
        ({"model.width": 13}, "model.width: is 13, but the model in the file has 12"),
        ({"model.bias": True}, "model.bias: is True, but the model in the file has False"),
        ({"grammar.num_layers": 4}, "model.depth: is 4, but the model in the file has 3"),
        (
            {"model.time_input": "diffusion"},
            "model.time_input: is 'diffusion', but the model in the file has 'original'",
        ),
        ({"diffusion.noise_schedule": "cosine"}, "is 'cosine', but the model in the file has 'linear'"),
        ({"diffusion.process": "gaussian"}, "`time_input` is 'original', but the process is 'gaussian'"),
        ({"diffusion.timesteps": 21}, r"`alpha_t` has 21 entries, but must have T \+ 1 = 22"),
        ({"diffusion.beta2": 0.2}, "`alphabar_t` ends at .*, but beta1 = 0.001 and beta2 = 0.2 give"),
        ({"grammar.num_synonyms": None}, "grammar.num_synonyms: is not in the file; give it, or the file's logs"),
        ({"grammar.num_synonyms": 6}, "`num_synonyms` is 6, but must be <= "),
    ],
)
def test_what_contradicts_the_file_is_refused(given: dict[str, Any], message: str) -> None:
    state = original_state()
    with pytest.raises(ConfigError, match=message):
        original_trial(state, sizes_of(state), {**RULES, **DATA, **given})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model.embed_layer.0.filter": None}, "it is not a bpUnet: there is no `model.embed_layer.0.filter`"),
        ({"model.embed_layer.0.filter": torch.rand(3)}, r"has the shape \(3,\), but must be \(out, in, k\)"),
        ({"model.readout.filter": None}, r"`model.readout.filter` is missing, .* with the shape \(5, 24, 1\)"),
        ({"model.readout.filter": torch.rand(V, W, 1)}, r"has the shape \(5, 12, 1\), but must have \(5, 24, 1\)"),
        ({"model.upsize.1.model.0.filter": torch.rand(W, 2 * W, 2)}, r"\(12, 24, 2\), but must have \(24, 12, 2\)"),
        ({"model.upsize.1.model.1.layer_norm.bias": None}, "`model.upsize.1.model.1.layer_norm.bias` is missing"),
        ({"model.downsize.0.model.0.bias": torch.rand(W)}, "`model.downsize.0.model.0.bias` is no part of a bpUnet"),
        ({"model.upsize.3.model.0.filter": torch.rand(2 * W, W, 2)}, "is no part of a bpUnet of depth 3"),
        ({"model.readout.filter": torch.full((V, 2 * W, 1), math.nan)}, "`model.readout.filter` is not finite"),
    ],
)
def test_what_is_no_such_network_is_said_by_name(change: dict[str, Tensor | None], message: str) -> None:
    state = {name: value for name, value in (original_state() | change).items() if value is not None}
    with pytest.raises(CheckpointError, match=message):
        sizes_of(state)


class Bomb:
    """Unpickling it would make a file."""

    def __reduce__(self) -> Any:
        return Path.touch, (Path("exploded"),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], "holds a list, but must be a state dict"),
        ({"model": 3}, "`model` is no tensor"),
        ({3: torch.rand(1)}, "must be a state dict: names to tensors"),
        (Bomb(), "holds more than tensors"),
        ({"args": argparse.Namespace()}, "holds more than tensors"),
    ],
)
def test_what_is_no_state_dict_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: Any, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(content, tmp_path / "theirs.pt")
    with pytest.raises(CheckpointError, match=message):
        read_original(tmp_path / "theirs.pt")
    assert not Path("exploded").exists()


@pytest.mark.parametrize("content", [b"", b"text", bytes(100), b"PK\x03\x04broken", b"\x80\x02}q\x00."])
def test_what_is_no_file_of_torch_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "theirs.pt").write_bytes(content)
    for read in (read_original, read_logs):
        with pytest.raises(CheckpointError, match=r"theirs\.pt"):
            read(tmp_path / "theirs.pt")
        with pytest.raises(CheckpointError, match=r"cannot read .*nowhere\.pt: No such file"):
            read(tmp_path / "nowhere.pt")


ARGUMENTS = {
    "process": "discrete", "nT": T, "beta1": 0.001, "beta2": 0.1, "num_features": V, "num_classes": 4, "num_synonyms": 2,
    "tuple_size": 2, "num_layers": 3, "seed_rules": 3, "train_size": 20, "batch_size": 8, "test_size": 4, "seed_sample": None,
    "replacement": False, "model": "bpUnet", "model_type": "start", "model_output": "logits", "depth": 3, "width": W,
    "filter_size": 2, "bias": False, "seed_model": 2, "optim": "adam", "lr": 1e-4, "momentum": 0.9, "warmup_steps": 0,
    "scheduler": None, "n_epoch": 10, "n_trajectories": 1, "print_period": 1000, "save_freq": 1, "output": "x", "device": "cuda",
}  # fmt: skip


def save_logs(path: Path, results: Any = None, **changes: Any) -> None:
    torch.save({"results": results, "args": argparse.Namespace(**{**ARGUMENTS, **changes})}, path)


def test_logs_say_the_trial_and_the_step(tmp_path: Path) -> None:
    results = {0: {"step": 0, "loss": 0.1}, 4.0: {"step": 12, "Valid_samples": (0.5, {0: torch.rand(3)}, {})}}
    save_logs(tmp_path / "logs.pt", results)
    logs = read_logs(tmp_path / "logs.pt")
    trial = original_trial(original_state(), sizes_of(original_state()), logs.fields)
    assert logs.step == 12
    assert (trial.training.steps, trial.training.batches, trial.training.seed) == (30, "epoch", 2)
    assert (trial.training.test_size, trial.grammar.num_classes, trial.diffusion.process) == (4, 4, "uniform")
    assert trial.training.momentum == 0.0  # theirs is the first beta of Adam


def test_logs_with_anything_else_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save_logs(tmp_path / "logs.pt", Bomb())
    with pytest.raises(
        CheckpointError, match=r"logs\.pt holds more than .* leave --logs out and give the trial by flags"
    ):
        read_logs(tmp_path / "logs.pt")
    assert not Path("exploded").exists()


def test_logs_without_arguments_are_refused(tmp_path: Path) -> None:
    torch.save({"results": {}}, tmp_path / "logs.pt")
    with pytest.raises(CheckpointError, match="holds no `args`"):
        read_logs(tmp_path / "logs.pt")
