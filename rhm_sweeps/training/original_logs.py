"""What the logs of the original code (`*_ddpm_rhm_logs.pt`) say of a trial: the arguments of its command line."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from rhm_sweeps.errors import CheckpointError
from rhm_sweeps.training.original_models import load_plain

ARGUMENTS = {
    **{
        name: f"grammar.{name}"
        for name in ("num_features", "num_classes", "num_synonyms", "tuple_size", "num_layers", "seed_rules")
    },
    "process": "diffusion.process",
    "nT": "diffusion.timesteps",
    "beta1": "diffusion.beta1",
    "beta2": "diffusion.beta2",
    "model_type": "diffusion.target",
    "model_output": "diffusion.output",
    "n_trajectories": "diffusion.n_trajectories",
    "width": "model.width",
    "bias": "model.bias",
    "depth": "model.depth",
    "filter_size": "model.filter_size",
    "train_size": "training.train_size",
    "test_size": "training.test_size",
    "seed_sample": "training.seed_sample",
    "replacement": "training.replacement",
    "batch_size": "training.batch_size",
    "optim": "training.optimizer",
    "lr": "training.learning_rate",
    "warmup_steps": "training.warmup_steps",
    "seed_model": "training.seed",
}
"""The field of each argument that is one."""
_VALUES = {"diffusion.process": {"discrete": "uniform", "continuous": "gaussian"}}


@dataclass(frozen=True)
class OriginalLogs:
    """The fields of a trial by dotted name, and the last optimizer step that was recorded, if one was."""

    fields: Mapping[str, Any]
    step: int | None


def read_logs(path: Path) -> OriginalLogs:
    """Read logs; nothing in the file is executed.

    Raises:
        CheckpointError: if it is missing or holds more than tensors, plain values and an `argparse.Namespace`.
    """
    with torch.serialization.safe_globals([argparse.Namespace]):
        logs = load_plain(
            path,
            "holds more than tensors, plain values and arguments, or is damaged, and is not read; "
            "leave --logs out and give the trial by flags",
        )
    arguments = logs.get("args") if isinstance(logs, Mapping) else None
    if not isinstance(arguments, argparse.Namespace | Mapping):
        raise CheckpointError(f"{path} holds no `args`; leave --logs out and give the trial by flags")
    given = dict(arguments) if isinstance(arguments, Mapping) else vars(arguments)
    return OriginalLogs(_fields(given), _last_step(logs.get("results")))


def _fields(arguments: Mapping[str, Any]) -> dict[str, Any]:
    named = {field: arguments[name] for name, field in ARGUMENTS.items() if arguments.get(name) is not None}
    fields = {field: _VALUES.get(field, {}).get(str(value), value) for field, value in named.items()}
    if fields.get("training.optimizer") == "sgd" and arguments.get("momentum") is not None:
        fields["training.momentum"] = arguments["momentum"]
    epochs, size, batch = (arguments.get(name) for name in ("n_epoch", "train_size", "batch_size"))
    if isinstance(epochs, int) and isinstance(size, int) and isinstance(batch, int) and batch > 0:
        fields["training.steps"] = epochs * math.ceil(size / batch)
    return fields | {"training.batches": "epoch"}


def _last_step(results: Any) -> int | None:
    """The greatest `step` of the records of evaluations."""
    records = results.values() if isinstance(results, Mapping) else ()
    steps = [record["step"] for record in records if isinstance(record, Mapping) and "step" in record]
    return max((step for step in steps if isinstance(step, int)), default=None)
