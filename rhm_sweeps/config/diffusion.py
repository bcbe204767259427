"""The noising process of a trial."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from rhm_sweeps.config.section import Section


class DiffusionConfig(Section):
    """A discrete diffusion process and its noise schedule."""

    process: Literal["uniform"] = "uniform"
    """`uniform`: D3PM with uniform transitions (arXiv 2107.03006)."""
    timesteps: int = Field(200, ge=1, le=100_000)
    """T: number of noising steps."""
    beta1: float = Field(0.001, gt=0, lt=1)
    """Start of the linear noise schedule: beta_t = beta1 + (beta2 - beta1) * t / T."""
    beta2: float = Field(0.1, gt=0, lt=1)
    """beta_T: end of the linear noise schedule."""

    @model_validator(mode="after")
    def _schedule_ascends(self) -> Self:
        if self.beta2 < self.beta1:
            raise ValueError(f"`beta2` is {self.beta2}, but must be >= beta1 = {self.beta1}")
        return self
