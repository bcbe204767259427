"""Which trials end early, or change, by comparison with others: `scheduler` in a search space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from rhm_sweeps.config import FIELDS, unknown_field
from rhm_sweeps.config.section import Section
from rhm_sweeps.spaces.goal import Goal

PBT_FIELDS = ("training.learning_rate", "training.weight_decay")
"""Fields that may change while a trial trains."""


class NoScheduler(Section):
    """Every trial trains to its end."""

    name: Literal["none"] = "none"


class AshaSettings(Goal):
    """Asynchronous successive halving (arXiv 1810.05934): at each rung only the best 1 / reduction_factor go on."""

    name: Literal["asha"] = "asha"
    min_steps: int = Field(256, ge=1)
    """The first rung, in optimizer steps; each further one is reduction_factor times as far."""
    reduction_factor: int = Field(4, ge=2)
    """One in so many goes on beyond a rung."""


class MedianSettings(Goal):
    """The median rule (Golovin et al. 2017): a trial ends once its best value is worse than the others' median."""

    name: Literal["median"] = "median"
    startup_trials: int = Field(5, ge=1)
    """Values of other trials that are needed at a step before a trial ends there."""
    warmup_steps: int = Field(256, ge=0)
    """Optimizer steps before which no trial ends."""


class HyperbandSettings(Goal):
    """Hyperband (arXiv 1603.06560): successive halving in several brackets, of which some begin to halve later."""

    name: Literal["hyperband"] = "hyperband"
    min_steps: int = Field(256, ge=1)
    """The first rung of the first bracket, in optimizer steps; that of each further one is reduction_factor times as far."""
    reduction_factor: int = Field(3, ge=2)
    """One in so many goes on beyond a rung."""
    brackets: int = Field(3, ge=1, le=16)
    """Number of brackets; a trial's follows from its signature, and the earlier a bracket begins, the more trials it has."""


class PbtSettings(Goal):
    """Population-based training (arXiv 1711.09846): the worst members of a pack go on from copies of the best, perturbed."""

    name: Literal["pbt"] = "pbt"
    interval: int = Field(1024, ge=1)
    """Optimizer steps between exchanges."""
    quantile: float = Field(0.25, gt=0, le=0.5)
    """Share of members that is replaced by as many of the best."""
    perturb: float = Field(1.2, gt=1)
    """Factor by which fields are multiplied or divided."""
    fields: tuple[str, ...] = Field(("training.learning_rate",), strict=False, min_length=1)
    """Dotted fields that are perturbed: training.learning_rate, training.weight_decay."""

    @model_validator(mode="after")
    def _fields_may_change(self) -> Self:
        for name in self.fields:
            if name not in PBT_FIELDS:
                why = "cannot change while a trial trains" if name in FIELDS else unknown_field(name)
                raise ValueError(f"`fields` has `{name}`: {why}; there are {' and '.join(PBT_FIELDS)}")
        if len(set(self.fields)) < len(self.fields):
            raise ValueError(f"`fields` is {', '.join(self.fields)}, but must have each once")
        return self


class RegimeSettings(Section):
    """Ends a trial that memorizes, or in which nothing will change any more. null: no such bound; one at least is needed."""

    name: Literal["regime"] = "regime"
    max_excess_copies: float | None = Field(None, ge=0, le=1)
    """Ends a trial whose `excess_copies` is above: it memorizes."""
    learned_validity: float | None = Field(None, gt=0, le=1)
    """Ends a trial whose `validity_l` of every level l is at least this: all rules are learned."""
    flat_doublings: int | None = Field(None, ge=1)
    """Ends a trial whose `test_loss` was flat over so many doublings of the step."""
    flat_tolerance: float = Field(0.01, gt=0)
    """Flat: the greatest and the least test loss differ by no more than this share of the greatest."""

    @model_validator(mode="after")
    def _has_a_bound(self) -> Self:
        if self.max_excess_copies is self.learned_validity is self.flat_doublings is None:
            raise ValueError("`regime` needs one of `max_excess_copies`, `learned_validity` and `flat_doublings`")
        return self


SchedulerSettings = Annotated[
    NoScheduler | AshaSettings | MedianSettings | HyperbandSettings | PbtSettings | RegimeSettings,
    Field(discriminator="name"),
]

SCHEDULERS: Mapping[str, type[Section]] = {
    "none": NoScheduler,
    "asha": AshaSettings,
    "median": MedianSettings,
    "hyperband": HyperbandSettings,
    "pbt": PbtSettings,
    "regime": RegimeSettings,
}
"""The settings of each scheduler, by its name."""


def scheduler_dict(scheduler: SchedulerSettings) -> dict[str, Any]:
    """All settings of a scheduler that are set, as JSON values; the name first."""
    return {"name": scheduler.name, **scheduler.model_dump(mode="json", exclude_none=True)}
