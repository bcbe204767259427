"""What a search space says apart from its fields: name, question, how it is searched and repeated."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rhm_sweeps.config.section import Section

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"

SEED_FIELDS: tuple[str, ...] = ("grammar.seed_rules", "training.seed_sample", "training.seed")
"""The seeds to which replica r adds r, unless they are axes."""


class SearchSettings(Section):
    """How the space is searched."""

    algorithm: Literal["grid", "random"] = "grid"
    """`grid`: every combination; `random`: also `num_samples` draws of the random axes for each of them."""
    num_samples: int | None = Field(None, ge=1)
    """Draws of the random axes per combination of the listed ones."""
    seed: int = Field(0, ge=0)
    """Seed of the draws; draw i does not depend on how many there are."""

    @model_validator(mode="after")
    def _draws_are_counted(self) -> Self:
        if self.algorithm == "random" and self.num_samples is None:
            raise ValueError("`algorithm` is random, which needs `num_samples`, the number of draws")
        if self.algorithm == "grid" and self.num_samples is not None:
            raise ValueError(
                f"`num_samples` is {self.num_samples}, but `algorithm: grid` draws nothing; set `algorithm: random`"
            )
        return self


class Header(Section):
    """What a search space says apart from its fields."""

    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    """Name of the space, and of sweeps over it."""
    question: str = ""
    """The question that the space answers."""
    replicas: int = Field(1, ge=1)
    """Independent seeds per setting."""
    search: SearchSettings = SearchSettings()
    """How the space is searched."""
