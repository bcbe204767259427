"""Models of the original code (`*_ddpm_rhm.pt`, a state dict of its bpUnet) as models of ours.

Its filters are (out, in, k), those of transposed convolutions (in, out, k), beside (inputs, outputs) here. Both divide by sqrt(fan_in)
at run time, the readout by fan_in. With biases it divides them too and counts them in fan_in, which goes into the weights here.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rhm_sweeps.errors import CheckpointError

_EMBED, _FIRST_DOWN = "model.embed_layer.0.filter", "model.downsize.0.model.0.filter"
_NETWORK = ("model.embed_layer.", "model.downsize.", "model.upsize.", "model.readout.")
UNREADABLE = (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, LookupError, TypeError, AttributeError)
"""What `torch.load` raises for what is no file of tensors."""


@dataclass(frozen=True)
class Sizes:
    """What the shapes say: v, w, filter size s, depth L, and whether there are biases."""

    vocabulary: int
    width: int
    filter_size: int
    depth: int
    bias: bool


@dataclass(frozen=True)
class _Layer:
    """A filter of theirs: its name without `.filter`, its shape, its fan_in, and ours: the names of weight and bias."""

    theirs: str
    shape: tuple[int, int, int]
    fan_in: int
    weight: str
    bias: str
    norm: str | None = None

    @property
    def their_norm(self) -> str:
        return f"{self.theirs.removesuffix('.0')}.1.layer_norm"

    @property
    def power(self) -> float:
        """The output is divided by fan_in to this power."""
        return 1.0 if self.theirs == "model.readout" else 0.5


def load_plain(path: Path, problem: str) -> Any:
    """What `torch.save` wrote, of plain values and tensors; nothing in the file is executed.

    Raises:
        CheckpointError: if it is missing, or, with the problem, if it holds anything else.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}") from None
    except UNREADABLE:
        raise CheckpointError(f"{path} {problem}") from None


def read_original(path: Path) -> dict[str, Tensor]:
    """Read a state dict; nothing in the file is executed.

    Raises:
        CheckpointError: if it is missing or holds anything else.
    """
    state = load_plain(
        path, "holds more than tensors, or is damaged; it must be a state dict, such as `<output>_ddpm_rhm.pt`"
    )
    if not isinstance(state, Mapping) or not all(isinstance(name, str) for name in state):
        raise CheckpointError(f"{path} holds a {type(state).__name__}, but must be a state dict: names to tensors")
    strange = [name for name, value in state.items() if not isinstance(value, Tensor)]
    if strange:
        raise CheckpointError(f"{path}: `{strange[0]}` is no tensor, but a state dict maps names to tensors")
    return dict(state)


def sizes_of(state: Mapping[str, Tensor]) -> Sizes:
    """The sizes of a network.

    Raises:
        CheckpointError: if it is not a bpUnet, listing every name that is missing and every shape that is wrong.
    """
    missing = [name for name in (_EMBED, _FIRST_DOWN) if name not in state]
    if missing:
        there = ", ".join(sorted(state)[:4]) or "nothing"
        raise CheckpointError(f"it is not a bpUnet: there is no `{'` and no `'.join(missing)}`; it has {there}, ...")
    flat = [name for name in (_EMBED, _FIRST_DOWN) if state[name].ndim != 3]
    if flat:
        raise CheckpointError(f"`{flat[0]}` has the shape {tuple(state[flat[0]].shape)}, but must be (out, in, k)")
    width, vocabulary, _ = state[_EMBED].shape
    depth = len({name.split(".")[2] for name in state if name.startswith("model.downsize.")})
    sizes = Sizes(vocabulary, width, state[_FIRST_DOWN].shape[2], depth, "model.embed_layer.0.bias" in state)
    problems = list(_shape_problems(state, sizes))
    if problems:
        raise CheckpointError("it is not a bpUnet of one width:\n  " + "\n  ".join(problems))
    return sizes


def convert(state: Mapping[str, Tensor], sizes: Sizes) -> dict[str, Tensor]:
    """Our parameters of their network."""
    parameters = {}
    for layer in _layers(sizes):
        filters, biases = state[f"{layer.theirs}.filter"].float(), state.get(f"{layer.theirs}.bias")
        order = (0, 2, 1) if "upsize" in layer.theirs else (2, 1, 0)
        inputs = filters.shape[0] if "upsize" in layer.theirs else filters.shape[1] * filters.shape[2]
        scale = 1.0
        if biases is not None:
            scale = (layer.fan_in / (layer.fan_in + 1)) ** layer.power
            parameters[layer.bias] = biases.float() / (layer.fan_in + 1) ** layer.power
        parameters[layer.weight] = scale * filters.permute(order).reshape(inputs, -1)
        if layer.norm is not None:
            for name in ("weight", "bias"):
                parameters[f"{layer.norm}.{name}"] = state[f"{layer.their_norm}.{name}"].float()
    return parameters


def _layers(sizes: Sizes) -> Iterator[_Layer]:
    v, w, s = sizes.vocabulary, sizes.width, sizes.filter_size
    yield _Layer("model.embed_layer.0", (w, v, 1), v, "embed.weight", "embed_bias")
    for side, shape in (("down", (w, w, s)), ("up", (2 * w, w, s))):
        fan_in = math.prod(shape) // w
        for k in range(sizes.depth):
            ours = f"{side}.{k}"
            theirs = f"model.{side}size.{k}.model.0"
            yield _Layer(theirs, shape, fan_in, f"{ours}.linear.weight", f"{ours}.bias", f"{ours}.norm")
    yield _Layer("model.readout", (v, 2 * w, 1), 2 * w, "readout.weight", "readout_bias")


def _shape_problems(state: Mapping[str, Tensor], sizes: Sizes) -> Iterator[str]:
    expected: dict[str, tuple[int, ...]] = {}
    for layer in _layers(sizes):
        channels = layer.shape[1] if "upsize" in layer.theirs else layer.shape[0]
        expected[f"{layer.theirs}.filter"] = layer.shape
        if sizes.bias:
            expected[f"{layer.theirs}.bias"] = (channels,)
        if layer.norm is not None:
            expected |= {f"{layer.their_norm}.{name}": (channels,) for name in ("weight", "bias")}
    for name, shape in expected.items():
        if name not in state:
            yield f"`{name}` is missing, but must be there with the shape {shape}"
        elif tuple(state[name].shape) != shape:
            yield f"`{name}` has the shape {tuple(state[name].shape)}, but must have {shape}"
        elif not state[name].isfinite().all():
            yield f"`{name}` is not finite"
    for name in state:
        if name.startswith(_NETWORK) and name not in expected:
            yield f"`{name}` is no part of a bpUnet of depth {sizes.depth}"
