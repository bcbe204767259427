"""What was given on a command line, as against what is a default."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterable
from typing import Any

import typer

CONTEXT = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
"""A parameter by which Typer says where the value of each flag comes from."""


def is_given(context: typer.Context, flag: str) -> bool:
    """Whether a flag was given: an explicit grammar fills in the sizes that were not."""
    return _source(context, flag) not in ("", "DEFAULT")


def is_on_line(context: typer.Context, flag: str) -> bool:
    """Whether a flag was given in so many words, and not by the environment."""
    return _source(context, flag) == "COMMANDLINE"


def _source(context: typer.Context, flag: str) -> str:
    source = context.get_parameter_source(flag)
    return "" if source is None else source.name


def given_words(context: typer.Context, but: Collection[str] = ()) -> list[str]:
    """The options that were given, then the arguments behind `--`, as words that say the same; without some parameters."""
    options: list[str] = []
    arguments: list[str] = []
    for parameter in context.command.params:
        name = parameter.name or ""
        if name in but or not is_on_line(context, name):
            continue
        value = context.params[name]
        if parameter.param_type_name == "argument":
            arguments += _texts(value)
        elif getattr(parameter, "is_flag", False):
            options += parameter.opts[:1] if value else parameter.secondary_opts[:1]
        else:
            options += [f"{parameter.opts[-1]}={text}" for text in _texts(value)]
    return [*options, *(["--", *arguments] if arguments else [])]


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, Iterable) and not isinstance(value, str) else [str(value)]
