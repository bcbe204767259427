"""The noising process of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from rhm_sweeps.config.section import Section


class DiffusionConfig(Section):
    """A diffusion process, its noise schedule, and what the network predicts of it."""

    process: Literal["uniform", "masked", "gaussian"] = "uniform"
    """`uniform`: D3PM with uniform transitions; `masked`: tokens are hidden (arXiv 2107.03006); `gaussian`: on one-hot strings."""
    timesteps: int = Field(200, ge=1, le=100_000)
    """T: number of noising steps."""
    noise_schedule: Literal["linear", "cosine", "exponential", "log_linear"] = "linear"
    """How alpha_bar falls: linear betas; cos(pi t / 2T)**2; exp(-max_time t / 2T); or linearly in t / T (usual for masking)."""
    beta1: float = Field(0.001, gt=0, lt=1)
    """Start of the linear noise schedule: beta_t = beta1 + (beta2 - beta1) * t / T."""
    beta2: float = Field(0.1, gt=0, lt=1)
    """beta_T: end of the linear noise schedule."""
    max_time: float = Field(10.0, gt=0, le=50)
    """Time at t = T of the exponential noise schedule."""
    noise_scale: float = Field(1.0, gt=0, le=100)
    """Standard deviation of the Gaussian noise: x_t = sqrt(alpha_bar_t) x_0 + noise_scale sqrt(1 - alpha_bar_t) noise."""
    target: Literal["start", "noise", "exact_score"] = "start"
    """What the network predicts: x_0, or of the Gaussian process its noise or its score."""
    output: Literal["logits", "probabilities"] = "logits"
    """How a prediction of x_0 is read: through a softmax, or (Gaussian process only) as it is."""
    time_distribution: Literal["uniform", "clipped_normal"] = "uniform"
    """How training draws t in 1..T."""
    time_mean: float = Field(0.5, ge=0, le=1)
    """Mean of t / T before clipping, for `clipped_normal`."""
    time_std: float = Field(0.25, gt=0, le=10)
    """Standard deviation of t / T before clipping, for `clipped_normal`."""
    n_trajectories: int = Field(1, ge=1, le=4096)
    """Noised copies of each string of a batch, each with its own time and noise."""

    @model_validator(mode="after")
    def _fields_agree(self) -> Self:
        if self.beta2 < self.beta1:
            raise ValueError(f"`beta2` is {self.beta2}, but must be >= beta1 = {self.beta1}")
        if self.process != "gaussian" and (self.target, self.output) != ("start", "logits"):
            raise ValueError(
                f"`target` is {self.target!r} and `output` is {self.output!r}, but must be 'start' and 'logits' "
                f"with the process {self.process!r}; or set `process` to gaussian"
            )
        return self

    def unused(self) -> Mapping[str, str]:
        unused = {}
        if self.process != "gaussian":
            unused["noise_scale"] = "process gaussian"
        if self.target != "start":
            unused["output"] = "target start"
        if self.noise_schedule != "linear":
            unused |= dict.fromkeys(("beta1", "beta2"), "noise_schedule linear")
        if self.noise_schedule != "exponential":
            unused["max_time"] = "noise_schedule exponential"
        if self.time_distribution == "uniform":
            unused |= dict.fromkeys(("time_mean", "time_std"), "time_distribution clipped_normal")
        return unused
