"""How a search space is searched: `search` in its file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from rhm_sweeps.config.section import Section
from rhm_sweeps.spaces.goal import DEFAULT_METRIC, Goal, Mode

ADAPTIVE = ("tpe", "gp", "cmaes", "nsga2")
"""Algorithms whose suggestions depend on the results of earlier ones."""
SEVERAL_OBJECTIVES = ("tpe", "nsga2")


class SearchSettings(Section):
    """How the space is searched."""

    algorithm: Literal["grid", "random", "qmc", "tpe", "gp", "cmaes", "nsga2"] = "grid"
    """`grid`: every combination; `random` and `qmc` (scrambled Sobol): also `num_samples` draws of the random axes for each of them;
    `tpe`, `gp`, `cmaes` and `nsga2`: `num_samples` suggestions, each learnt from the results of earlier ones."""
    num_samples: int | None = Field(None, ge=1)
    """Draws of the random axes per combination of the listed ones; of adaptive searches all suggestions."""
    seed: int = Field(0, ge=0)
    """Seed of the draws; draw i does not depend on how many there are."""
    metric: str | None = None
    """What adaptive searches optimize; null: novel_valid."""
    mode: Mode | None = None
    """Whether more of `metric` is better, or less; null: min for losses, distances, copies and costs, else max."""
    objectives: tuple[Goal, ...] = Field((), strict=False)
    """Two or more metrics, with their modes, instead of `metric`: `tpe` and `nsga2` look for the best trade-offs."""
    value: Literal["last", "best"] = "last"
    """What counts of a trial's evaluation points: the last, or the best."""
    batch: int | None = Field(None, ge=1)
    """Suggestions made at once, of which all must have results before the next; null: whenever a slot of the pools is free."""
    startup: int = Field(10, ge=1)
    """Results of random suggestions before a model is made; the population of nsga2."""
    warm_start: tuple[str, ...] = Field((), strict=False)
    """Names of sweeps whose finished trials, where they lie in this space, are results to start from."""

    @model_validator(mode="after")
    def _settings_agree(self) -> Self:
        problems = list(self._problems() if self.is_adaptive else self._unused_settings())
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _problems(self) -> Iterator[str]:
        if self.num_samples is None:
            yield f"`algorithm` is {self.algorithm}, which needs `num_samples`, the number of suggestions"
        if not self.objectives:
            return
        if self.metric is not None or self.mode is not None:
            yield "`objectives` stands beside `metric` or `mode`; remove one of the two"
        if len(self.objectives) == 1:
            yield "`objectives` has 1 entry, but must have >= 2; write `metric` and `mode` for one"
        if self.algorithm not in SEVERAL_OBJECTIVES:
            yield f"`algorithm` is {self.algorithm}, which takes one `metric`, not `objectives`; set it to tpe or nsga2"
        metrics = [goal.metric for goal in self.objectives]
        for metric in dict.fromkeys(metric for metric in metrics if metrics.count(metric) > 1):
            yield f"`objectives` has {metric} twice"

    def _unused_settings(self) -> Iterator[str]:
        if self.algorithm == "grid" and self.num_samples is not None:
            yield f"`num_samples` is {self.num_samples}, but `algorithm: grid` draws nothing; set `algorithm: random`"
        elif self.algorithm != "grid" and self.num_samples is None:
            yield f"`algorithm` is {self.algorithm}, which needs `num_samples`, the number of draws"
        said = f"`algorithm: {self.algorithm}` does not look at results; leave it out or set `algorithm: tpe`"
        for name in ("metric", "mode", "objectives", "value", "batch", "startup", "warm_start"):
            value = getattr(self, name)
            if value != type(self).model_fields[name].default:
                shown = [goal.metric for goal in value] if name == "objectives" else value
                yield f"`{name}` is {shown!r}, but {said}"

    @property
    def is_adaptive(self) -> bool:
        """Whether suggestions depend on results, so that the trials are not known before."""
        return self.algorithm in ADAPTIVE

    @property
    def goals(self) -> tuple[Goal, ...]:
        """What is optimized; empty if the search is not adaptive."""
        if not self.is_adaptive:
            return ()
        return self.objectives or (Goal.model_validate({"metric": self.metric or DEFAULT_METRIC, "mode": self.mode}),)

    def to_dict(self) -> dict[str, Any]:
        """The algorithm, the seed and what differs from the defaults, as JSON values."""
        changed = self.model_dump(mode="json", exclude_defaults=True)
        if self.objectives:
            changed["objectives"] = [goal.model_dump() for goal in self.objectives]
        return {"algorithm": self.algorithm, "seed": self.seed, **changed}
