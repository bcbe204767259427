"""What a search space says apart from its fields: name, question, how it is searched, scheduled and repeated."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from rhm_sweeps.config.section import Section
from rhm_sweeps.credentials import redact
from rhm_sweeps.spaces.scheduler_settings import NoScheduler, SchedulerSettings
from rhm_sweeps.spaces.search_settings import SearchSettings

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"

SEED_FIELDS: tuple[str, ...] = ("grammar.seed_rules", "training.seed_sample", "training.seed")
"""The seeds to which replica r adds r, unless they are axes."""


class Header(Section):
    """What a search space says apart from its fields."""

    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    """Name of the space, and of sweeps over it."""
    question: Annotated[str, AfterValidator(redact)] = ""
    """The question that the space answers; credentials in it are not kept."""
    replicas: int = Field(1, ge=1)
    """Independent seeds per setting."""
    search: SearchSettings = SearchSettings()
    """How the space is searched."""
    scheduler: SchedulerSettings = NoScheduler()
    """Which trials end early."""
