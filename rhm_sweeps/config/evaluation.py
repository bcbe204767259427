"""The measurements of a trial, and what ends it early."""

from __future__ import annotations

from collections.abc import Mapping

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
    time_windows: int = Field(4, ge=1, le=64)
    """Equal parts of 1..T over which losses, and a classifier's accuracy, are also reported one by one."""
    points_per_doubling: int = Field(1, ge=1, le=16)
    """Evaluation points per doubling of the step."""


class StopConfig(Section):
    """Bounds that end a trial early; null: never."""

    copy_fraction: float | None = Field(None, gt=0, le=1)
    """End once this share of samples are copies of training strings."""
    patience: int | None = Field(None, ge=1)
    """End after this many evaluation points in a row without a lower test loss."""
    min_delta: float = Field(0.0, ge=0)
    """A test loss is lower only if it is so by more than this."""

    @property
    def ends_early(self) -> bool:
        """Whether there is a bound that may end a trial."""
        return self.copy_fraction is not None or self.patience is not None

    def unused(self) -> Mapping[str, str]:
        return {"min_delta": "patience"} if self.patience is None else {}
