"""Trials that go on where shorter ones ended: which are the same but for their length."""

from __future__ import annotations

from rhm_sweeps.config import TrialConfig

_ANY_STEPS = 2**62


def continuation_key(trial: TrialConfig) -> str:
    """The signature without `training.steps`, equal for trials that follow one trajectory.

    Under the lr_schedule `cosine` the whole trajectory depends on the number of steps, which is kept.
    """
    if trial.training.lr_schedule == "cosine":
        return trial.signature
    sections = {name: getattr(trial, name) for name in type(trial).model_fields}
    sections["training"] = trial.training.model_copy(update={"steps": _ANY_STEPS})
    return TrialConfig(**sections).signature


def continues(longer: TrialConfig, shorter: TrialConfig) -> bool:
    """Whether a trial goes on from where a shorter one ended, as if it had been trained at once."""
    return longer.training.steps > shorter.training.steps and continuation_key(longer) == continuation_key(shorter)
