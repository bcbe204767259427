"""The measurements of a trial, and what ends it early."""

from __future__ import annotations

from pydantic import Field

from rhm_sweeps.config.section import Section


class EvaluationConfig(Section):
    """What is measured at log2-spaced steps."""

    num_samples: int = Field(1024, ge=1)
    """Strings sampled at each evaluation point."""
    sampling_steps: int | None = Field(None, ge=1)
    """Denoising steps per sample; null: all T."""
    loss_pairs: int = Field(1024, ge=1)
    """Fixed (x_t, t) pairs on which train and test loss are measured, per split."""
    points_per_doubling: int = Field(1, ge=1, le=16)
    """Evaluation points per doubling of the step."""


class StopConfig(Section):
    """Bounds that end a trial early; null: never."""

    copy_fraction: float | None = Field(None, gt=0, le=1)
    """End once this share of samples are copies of training strings."""
