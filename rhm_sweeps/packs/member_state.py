"""What an ended trial leaves besides its weights: all that is needed to go on with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.errors import CheckpointError, ConfigError
from rhm_sweeps.ledger import MetricPoint
from rhm_sweeps.packs.continuation import continues
from rhm_sweeps.training.checkpoints import load_checkpoint, save_checkpoint
from rhm_sweeps.training.optimizers import join_moments, select_moments


@dataclass(frozen=True, eq=False)
class MemberState:
    """A trial at a step: the state of a trainer that has it as its only member, its metric points and its age."""

    trial: TrialConfig
    trainer: dict[str, Any]
    points: tuple[MetricPoint, ...]
    lived_s: float

    @property
    def step(self) -> int:
        return int(self.trainer["step"])


def state_path(models_folder: Path, signature: str) -> Path:
    """The file of an ended trial's state, beside its weights."""
    return models_folder / f"{signature}.state"


def save_member_state(path: Path, state: MemberState) -> None:
    """Write it whole or not at all, with its digest."""
    points = [{"step": p.step, "metrics": dict(p.metrics), "timestamp_ms": p.timestamp_ms} for p in state.points]
    known = {"step": state.step, "config": json.dumps(state.trial.model_dump()), "lived_s": state.lived_s}
    save_checkpoint(path, {**known, "points": points, "trainer": state.trainer})


def load_member_state(path: Path) -> MemberState:
    """Read it onto the CPU; nothing in it is executed.

    Raises:
        CheckpointError: if it is missing, torn or not the state of a trial.
    """
    state = load_checkpoint(path)
    try:
        trial = parse_trial(json.loads(state["config"]), str(path))
        points = tuple(MetricPoint(trial.signature, **point) for point in state["points"])
        return MemberState(trial, state["trainer"], points, float(state["lived_s"]))
    except (KeyError, TypeError, ValueError, ConfigError) as error:
        raise CheckpointError(f"{path} is not the training state of a trial: {error}") from error


def state_for(trial: TrialConfig, path: Path) -> MemberState:
    """The state that a trial goes on from.

    Raises:
        CheckpointError: if it cannot be read, or is not that of the trial itself or of a shorter one that it continues.
    """
    state = load_member_state(path)
    same = state.trial.signature == trial.signature
    if not same and not continues(trial, state.trial):
        raise CheckpointError(
            f"{path} is the state of trial {state.trial.signature}, which {trial.signature} does not continue"
        )
    if state.step >= trial.training.steps:
        raise CheckpointError(
            f"{path} is at step {state.step}, but must be before the last of {trial.training.steps} steps"
        )
    return state


def select_members(trainer: dict[str, Any], rows: Sequence[int]) -> dict[str, Any]:
    """A copy of a trainer's state with some of its members, by index."""
    index = torch.tensor(rows, dtype=torch.int64, device=next(iter(trainer["parameters"].values())).device)
    rates = {"rates": [trainer["rates"][row] for row in rows]} if "rates" in trainer else {}
    parameters = {name: value[index] for name, value in trainer["parameters"].items()}
    return {**trainer, **rates, "parameters": parameters, "moments": select_moments(trainer["moments"], index)}


def join_members(trainers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The state of one trainer with the members of several, all at one step."""
    first = trainers[0]
    return {
        "step": first["step"],
        "parameters": {name: torch.cat([one["parameters"][name] for one in trainers]) for name in first["parameters"]},
        "moments": join_moments([one["moments"] for one in trainers]),
        "rates": [rate for one in trainers for rate in one["rates"]],
    }
