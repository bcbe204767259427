"""Trials from nested fields, and what is said about those that are none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rhm_sweeps.config.trial import FIELDS, TrialConfig
from rhm_sweeps.errors import ConfigError, Problem
from rhm_sweeps.nearest_name import nearest_name


def parse_trial(tree: Mapping[str, Any], source: str = "trial") -> TrialConfig:
    """Return the trial of nested fields.

    Raises:
        ConfigError: listing every unknown key, wrong type and broken bound.
    """
    try:
        return TrialConfig.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(trial_problems(error), source) from None


def trial_problems(error: ValidationError) -> list[Problem]:
    """Say each problem of a validation error with name, value, bound and cure."""
    return [Problem(".".join(map(str, detail["loc"])), _sentence(detail)) for detail in error.errors()]


def _sentence(detail: ErrorDetails) -> str:
    kind, value = detail["type"], detail["input"]
    if kind == "extra_forbidden":
        return unknown_field(".".join(map(str, detail["loc"])))
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    return f"is {value!r}, but {detail['msg'][0].lower()}{detail['msg'][1:]}"


def unknown_field(name: str) -> str:
    """Say that there is no such field and name the nearest."""
    leaf = name.rsplit(".", 1)[-1]
    near = nearest_name(name, FIELDS) or next((field for field in FIELDS if field.rsplit(".", 1)[-1] == leaf), None)
    return "there is no such field; " + (f"did you mean `{near}`?" if near else "`rhm-sweep spaces fields` lists all")
