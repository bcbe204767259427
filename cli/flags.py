"""Flags that several commands share: each one's name, help and default are those of its configuration field."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError

from rhm_sweeps.config import DiffusionConfig, GrammarConfig, TrainingConfig, trial_problems
from rhm_sweeps.config.section import Section
from rhm_sweeps.errors import ConfigError

from .given import CONTEXT, is_given

SectionT = TypeVar("SectionT", bound=Section)


def field_option(section: type[Section], field: str) -> Any:
    """Return the option of a configuration field: its help is the field's description, its panel the section's name."""
    panel = section.__name__.removesuffix("Config")
    return typer.Option(help=section.model_fields[field].description, rich_help_panel=panel)


NumFeatures = Annotated[int, field_option(GrammarConfig, "num_features")]
NumClasses = Annotated[int, field_option(GrammarConfig, "num_classes")]
NumSynonyms = Annotated[int, field_option(GrammarConfig, "num_synonyms")]
TupleSize = Annotated[int, field_option(GrammarConfig, "tuple_size")]
NumLayers = Annotated[int, field_option(GrammarConfig, "num_layers")]
SeedRules = Annotated[int, field_option(GrammarConfig, "seed_rules")]
Explicit = Annotated[str | None, field_option(GrammarConfig, "explicit")]
ZipfExponent = Annotated[float, field_option(GrammarConfig, "zipf_exponent")]
ZipfLevel = Annotated[int | None, field_option(GrammarConfig, "zipf_level")]
Timesteps = Annotated[int, field_option(DiffusionConfig, "timesteps")]
TrainSize = Annotated[int, field_option(TrainingConfig, "train_size")]
TestSize = Annotated[int, field_option(TrainingConfig, "test_size")]
SeedSample = Annotated[int, field_option(TrainingConfig, "seed_sample")]
Replacement = Annotated[bool, field_option(TrainingConfig, "replacement")]
ResampleLevel = Annotated[int, field_option(TrainingConfig, "resample_level")]
SeedResample = Annotated[int, field_option(TrainingConfig, "seed_resample")]

GRAMMAR_FLAGS = {
    "num_features": NumFeatures,
    "num_classes": NumClasses,
    "num_synonyms": NumSynonyms,
    "tuple_size": TupleSize,
    "num_layers": NumLayers,
    "seed_rules": SeedRules,
    "explicit": Explicit,
    "zipf_exponent": ZipfExponent,
    "zipf_level": ZipfLevel,
}


def checked(section: type[SectionT], **fields: Any) -> SectionT:
    """Return the section with these fields.

    Raises:
        ConfigError: listing every flag that is out of bounds.
    """
    try:
        return section(**fields)
    except ValidationError as error:
        raise ConfigError(trial_problems(error), "flags") from None


def grammar_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command whose first parameter is a `GrammarConfig` the flags of the grammar in its place."""
    signature = inspect.signature(command, eval_str=True)
    own = [p.replace(kind=p.KEYWORD_ONLY) for p in list(signature.parameters.values())[1:]]
    flags = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=GrammarConfig.model_fields[name].default,
            annotation=annotation,
        )
        for name, annotation in GRAMMAR_FLAGS.items()
    ]

    @functools.wraps(command)
    def run(context: typer.Context, **values: Any) -> None:
        fields = {name: values.pop(name) for name in GRAMMAR_FLAGS}
        command(checked(GrammarConfig, **{name: fields[name] for name in fields if is_given(context, name)}), **values)

    run.__signature__ = signature.replace(parameters=[CONTEXT, *flags, *own])  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in (CONTEXT, *flags, *own)} | {"return": None}
    return run
