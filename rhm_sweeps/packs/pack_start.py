"""Where a pack begins: at its newest checkpoint, where other trials ended, or at step 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.errors import CheckpointError
from rhm_sweeps.evaluation.evaluator import evaluation_steps
from rhm_sweeps.ledger import MetricPoint
from rhm_sweeps.packs.member_state import MemberState, join_members, select_members, state_for
from rhm_sweeps.packs.pack_progress import Ending
from rhm_sweeps.training.checkpoints import drop_checkpoints_after, latest_checkpoint


@dataclass(frozen=True, eq=False)
class PackStart:
    """The members that still train, in the order of the tensors, and all that is known of the pack."""

    members: tuple[TrialConfig, ...]
    roster: tuple[str, ...]
    """The signatures of all members that began together."""
    trainer: dict[str, Any] | None = None
    """A trainer's state with exactly these members; None: step 0."""
    points: tuple[MetricPoint, ...] = ()
    endings: tuple[Ending, ...] = ()
    lived_s: float = 0.0
    warnings: tuple[str, ...] = ()
    origin: str = "from step 0"


def pack_start(trials: Sequence[TrialConfig], folder: Path, sources: Mapping[str, Path]) -> PackStart:
    """Find out where a pack begins, and remove later checkpoints that it cannot go on from.

    Args:
        trials: the members that are not finished yet.
        folder: where the pack's checkpoints are; one of more members, some of which train elsewhere, will do.
        sources: for trials, by signature, the state that each goes on from if no checkpoint has it; of all or of none.
    """
    state, warnings = latest_checkpoint(folder)
    if state is not None and _covers(state, trials, sources):
        start = _from_checkpoint(state, trials)
    elif sources:
        start = _from_sources(trials, sources)
    else:
        start = _anew(trials)
    if start.members:
        drop_checkpoints_after(folder, start.trainer["step"] if start.trainer else 0)
    return replace(start, warnings=(*warnings, *start.warnings))


def _covers(state: Mapping[str, Any], trials: Sequence[TrialConfig], sources: Mapping[str, Path]) -> bool:
    """Whether a checkpoint knows all trials; one that ended as stopped and has a source is taken up again from there."""
    again = {ending["signature"] for ending in state["endings"] if ending["state"] == "stopped"} & sources.keys()
    ended = {ending["signature"] for ending in state["endings"]} - again
    return {trial.signature for trial in trials} <= {*state["members"], *ended}


def _anew(trials: Sequence[TrialConfig], *warnings: str) -> PackStart:
    return PackStart(tuple(trials), tuple(trial.signature for trial in trials), warnings=warnings)


def _from_checkpoint(state: dict[str, Any], trials: Sequence[TrialConfig]) -> PackStart:
    by_signature = {trial.signature: trial for trial in trials}
    rows = [row for row, signature in enumerate(state["members"]) if signature in by_signature]
    return PackStart(
        members=tuple(by_signature[state["members"][row]] for row in rows),
        roster=tuple(state.get("roster", state["members"])),
        trainer=select_members(state["trainer"], rows),
        points=tuple(MetricPoint(**point) for point in state["points"] if point["signature"] in by_signature),
        endings=tuple(Ending(**ending) for ending in state["endings"] if ending["signature"] in by_signature),
        lived_s=state["lived_s"],
        origin=f"from the checkpoint of step {state['trainer']['step']}",
    )


def _from_sources(trials: Sequence[TrialConfig], sources: Mapping[str, Path]) -> PackStart:
    states: list[MemberState] = []
    problems: list[str] = []
    for trial in trials:
        try:
            states.append(_source_of(trial, sources))
        except CheckpointError as error:
            problems.append(f"trial {trial.signature} begins at step 0: {error}")
    if not problems and len({state.step for state in states}) > 1:
        steps = ", ".join(f"{trial.signature} at {state.step}" for trial, state in zip(trials, states, strict=True))
        problems = [f"the pack begins at step 0: its trials go on from different steps, {steps}"]
    if problems:
        return _anew(trials, *problems)
    return replace(
        _anew(trials),
        trainer=join_members([state.trainer for state in states]),
        points=tuple(p for trial, state in zip(trials, states, strict=True) for p in _own_points(trial, state)),
        lived_s=max(state.lived_s for state in states),
        origin=f"from the ends of {' '.join(state.trial.signature for state in states)} at step {states[0].step}",
    )


def _source_of(trial: TrialConfig, sources: Mapping[str, Path]) -> MemberState:
    if trial.signature not in sources:
        raise CheckpointError("others of its pack go on from earlier trials, but it has none to go on from")
    return state_for(trial, sources[trial.signature])


def _own_points(trial: TrialConfig, state: MemberState) -> list[MetricPoint]:
    """The points of the state at the steps at which the trial itself is evaluated."""
    own = set(evaluation_steps(trial.training.steps, trial.evaluation.points_per_doubling))
    return [replace(point, signature=trial.signature) for point in state.points if point.step in own]
