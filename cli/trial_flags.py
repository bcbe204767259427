"""Every field of a trial as a flag, with the names and values of the original code beside ours."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from rhm_sweeps.config import FIELDS as TRIAL_FIELDS
from rhm_sweeps.config import TrialConfig
from rhm_sweeps.config.section import Section
from rhm_sweeps.errors import ConfigError, Problem

from .flags import field_option
from .given import CONTEXT, is_given

FLAG_NAMES = {"model.name": "model", "diffusion.output": "model_output"}
"""Flags that are not the last part of their field; `--output` names a run, as in the original code."""
OTHER_NAMES = {
    "timesteps": ["--nT"],
    "target": ["--model-type"],
    "learning_rate": ["--lr"],
    "optimizer": ["--optim"],
    "lr_schedule": ["--scheduler"],
    "lr_decay_steps": ["--scheduler-time"],
    "seed": ["--seed-model"],
    "embedding_size": ["--embedding-dim"],
    "points_per_doubling": ["--save-freq"],
}
"""The original code's flags that have another name here."""
OTHER_VALUES = {
    "process": {"discrete": "uniform", "continuous": "gaussian"},
    "model": {"bpUnet": "bp_unet"},
    "lr_schedule": {"None": "constant", "none": "constant"},
}
"""The original code's values that have another name here."""
SECTIONS: dict[str, type[Section]] = {name: info.annotation for name, info in TrialConfig.model_fields.items()}  # type: ignore[misc]
FIELDS = {FLAG_NAMES.get(field, field.rsplit(".", 1)[-1]): field for field in TRIAL_FIELDS}
"""Dotted field of each flag."""


def trial_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command whose first parameter is a dict of dotted fields one flag per field in its place.

    The dict has the flags that were given. A parameter of the command that has the name of a field takes that flag's place;
    its value goes into the dict always.
    """
    signature = inspect.signature(command, eval_str=True)
    own = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in list(signature.parameters.values())[1:]
    ]
    replaced = {parameter.name: parameter for parameter in own if parameter.name in FIELDS}
    flags = [replaced.get(flag) or _parameter(flag, field) for flag, field in FIELDS.items()]
    own = [parameter for parameter in own if parameter.name not in FIELDS]

    @functools.wraps(command)
    def run(context: typer.Context, **values: Any) -> None:
        fields = {flag: values.pop(flag) for flag in FIELDS}
        values |= {flag: fields[flag] for flag in replaced}
        given = {flag: value for flag, value in fields.items() if flag in replaced or is_given(context, flag)}
        command({FIELDS[flag]: OTHER_VALUES.get(flag, {}).get(value, value) for flag, value in given.items()}, **values)

    run.__signature__ = signature.replace(parameters=[CONTEXT, *flags, *own])  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in (CONTEXT, *flags, *own)} | {
        "return": None
    }
    return run


def check_used(trial: TrialConfig, given: Mapping[str, Any]) -> None:
    """Refuse dotted fields that were given another value than their default, but have no effect in this trial.

    Raises:
        ConfigError: listing them, each with what would give it an effect.
    """
    default = TrialConfig().flat()
    problems = [
        Problem(field, f"is {given[field]!r}, but has an effect only with {needed}; leave it out")
        for field, needed in trial.unused().items()
        if given.get(field, default[field]) != default[field]
    ]
    if problems:
        raise ConfigError(problems, "flags")


def _parameter(flag: str, field: str) -> inspect.Parameter:
    section, leaf = field.split(".")
    info = SECTIONS[section].model_fields[leaf]
    option = field_option(SECTIONS[section], leaf)
    option.param_decls = (f"--{flag.replace('_', '-')}", *OTHER_NAMES.get(flag, ()))
    return inspect.Parameter(
        flag, inspect.Parameter.KEYWORD_ONLY, default=info.default, annotation=Annotated[_kind(info.annotation), option]
    )


def _kind(annotation: Any) -> Any:
    """The type of a flag: that of its field, choices as text so that the configuration says which there are."""
    return str if "Literal" in str(annotation) else annotation
