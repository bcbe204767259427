"""Population-based training: members of one pack that copy the better ones and vary their rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from rhm_sweeps.config.section import Section

PERTURBED: tuple[str, ...] = ("learning_rate", "weight_decay")
"""The fields of `training` that a population varies."""


class PopulationConfig(Section):
    """How a population is trained (Jaderberg et al. 2017); the plan sets it for a space whose scheduler is `pbt`."""

    members: str | None = Field(None, pattern="^[0-9a-f]{12}$")
    """Names the population: 12 hex digits of the SHA-256 of its members' signatures; null: none."""
    metric: str = "test_loss"
    """The metric by which members are ranked."""
    mode: Literal["min", "max"] = "min"
    """Whether the least or the largest value of the metric is the best."""
    interval: int = Field(1024, ge=1)
    """Optimizer steps between exploits; each is at the first evaluation point at or after a multiple of it."""
    quantile: float = Field(0.25, gt=0, le=0.5)
    """Share of the members that copy others, and of those that are copied."""
    perturb: float = Field(1.2, gt=1)
    """A copied rate is multiplied or divided by this."""
    perturbs: Literal["learning_rate", "weight_decay", "both"] = "both"
    """The rates that are perturbed; the others are copied as they are."""
    min_learning_rate: float = Field(1e-6, gt=0)
    """No learning rate is perturbed below this."""
    max_learning_rate: float = Field(1.0, gt=0)
    """No learning rate is perturbed above this."""
    min_weight_decay: float = Field(0.0, ge=0)
    """No weight decay is perturbed below this."""
    max_weight_decay: float = Field(1.0, ge=0)
    """No weight decay is perturbed above this; 0 stays 0."""

    @model_validator(mode="after")
    def _bounds_agree(self) -> Self:
        for name in PERTURBED:
            low, high = self.bounds(name)
            if low > high:
                raise ValueError(f"`min_{name}` is {low}, but must be <= max_{name} = {high}")
        return self

    @property
    def perturbed(self) -> tuple[str, ...]:
        """The fields of `training` that are perturbed."""
        return PERTURBED if self.perturbs == "both" else (self.perturbs,)

    def bounds(self, field: str) -> tuple[float, float]:
        """The least and the largest value that a field is perturbed to."""
        return getattr(self, f"min_{field}"), getattr(self, f"max_{field}")

    def unused(self) -> Mapping[str, str]:
        fields = [name for name in type(self).model_fields if name != "members"]
        return dict.fromkeys(fields, "a population") if self.members is None else {}
