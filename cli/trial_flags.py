"""Every field of a trial as a flag, with the names and values of the original code beside ours."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.config.section import Section

from .flags import field_option

FLAG_NAMES = {"model.name": "model"}
"""Flags that are not the last part of their field."""
OTHER_NAMES = {"timesteps": ["--nT"], "learning_rate": ["--lr"], "optimizer": ["--optim"]}
"""The original code's flags that have another name here."""
OTHER_VALUES = {"process": {"discrete": "uniform"}, "model": {"bpUnet": "bp_unet"}}
"""The original code's values that have another name here."""
SECTIONS: dict[str, type[Section]] = {name: info.annotation for name, info in TrialConfig.model_fields.items()}  # type: ignore[misc]
FIELDS = {FLAG_NAMES.get(field, field.rsplit(".", 1)[-1]): field for field in TrialConfig().flat()}
"""Dotted field of each flag."""


def trial_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command whose first parameter is a dict of dotted fields one flag per field in its place.

    A parameter of the command that has the name of a field takes that flag's place; its value goes into the dict.
    """
    signature = inspect.signature(command, eval_str=True)
    own = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in list(signature.parameters.values())[1:]
    ]
    replaced = {parameter.name: parameter for parameter in own if parameter.name in FIELDS}
    flags = [replaced.get(flag) or _parameter(flag, field) for flag, field in FIELDS.items()]
    own = [parameter for parameter in own if parameter.name not in FIELDS]

    @functools.wraps(command)
    def run(**values: Any) -> None:
        given = {flag: values.pop(flag) for flag in FIELDS}
        values |= {flag: given[flag] for flag in replaced}
        command({FIELDS[flag]: OTHER_VALUES.get(flag, {}).get(value, value) for flag, value in given.items()}, **values)

    run.__signature__ = signature.replace(parameters=[*flags, *own])  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in (*flags, *own)} | {"return": None}
    return run


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
