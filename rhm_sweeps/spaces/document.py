"""What may stand in a search space file, checked as a whole: every problem at once, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rhm_sweeps.config import FIELDS, nest, trial_problems
from rhm_sweeps.errors import ConfigError, Problem
from rhm_sweeps.nearest_name import cure_of_name
from rhm_sweeps.spaces.axes import Axes, read_axes, read_requirements, search_findings
from rhm_sweeps.spaces.distributions import Scalar
from rhm_sweeps.spaces.expressions import Expression
from rhm_sweeps.spaces.fields import SECTIONS
from rhm_sweeps.spaces.fixed_values import read_fixed, read_trials
from rhm_sweeps.spaces.goal import Goal
from rhm_sweeps.spaces.header import Header
from rhm_sweeps.spaces.scheduler_settings import SCHEDULERS
from rhm_sweeps.spaces.zipped_axis import Finding
from rhm_sweeps.yaml_loader import LocatedTree, Path

BODY_KEYS: dict[str, str] = {
    "include": "Search spaces to start from: the name of a shipped one, a path relative to this file, or a list of them.",
    "trial": "Fixed values, nested by section or by dotted field.",
    "space": "What varies: a distribution by dotted field, expressions of derived fields, and settings in step under `zip`.",
    "trials": "Single settings that are tried beside the axes, or in place of them, each over `trial`.",
    "stop": "Bounds that end a trial early, as under `trial`.",
    "require": "Conditions that each setting has to meet, one or a list.",
}
"""The keys of a search space that are not its header's, and their meaning."""


@dataclass(frozen=True)
class SpaceDocument:
    """A search space file that was found correct: `trial` is nested, `space` by dotted field."""

    header: Header
    trial: dict[str, Any]
    space: Axes
    require: tuple[Expression, ...]
    trials: tuple[dict[str, Scalar], ...] = ()


def check_document(located: LocatedTree) -> SpaceDocument:
    """Return what a search space file says.

    Raises:
        ConfigError: listing every unknown key, wrong value and contradiction, in the order of the file.
    """
    findings: list[Finding] = []
    header = _header(located.tree, findings)
    trial = read_fixed(located.tree, findings)
    space = read_axes(located.tree.get("space"), trial, findings)
    trials = read_trials(located.tree.get("trials"), space.derived, findings)
    require = read_requirements(located.tree.get("require"), findings)
    if header is not None:
        findings.extend(search_findings(header.search, space.axes, len(trials)))
    if findings or header is None:
        findings.sort(key=lambda finding: located.position(finding[0]))
        raise ConfigError([Problem(located.where(*path), message) for path, message in findings], "search space")
    return SpaceDocument(header, nest(trial), space, require, trials)


def _header(tree: Mapping[str, Any], findings: list[Finding]) -> Header | None:
    left_out = {*BODY_KEYS} | {key for key in ("search", "scheduler") if tree.get(key) is None}
    try:
        return Header.model_validate({key: value for key, value in tree.items() if key not in left_out})
    except ValidationError as error:
        for detail, problem in zip(error.errors(), trial_problems(error), strict=True):
            findings.append((_written_path(detail["loc"]), _header_problem(detail, problem.message)))
        return None


def _unknown_key(path: Path) -> str:
    key = str(path[-1])
    if len(path) == 1 and (key in SECTIONS or key in FIELDS):
        return "is not a key of a search space; fixed values stand under `trial`, axes under `space`"
    known = _keys_below(path[:-1]) if len(path) > 1 else [*Header.model_fields, *BODY_KEYS]
    return f"there is no such key; {cure_of_name(key, known)}"


def _keys_below(path: Path) -> list[str]:
    """The keys of the mapping that stands under a path of the header, in which a scheduler is told by its name."""
    if path[0] == "scheduler":
        return [*SCHEDULERS[str(path[1])].model_fields]
    if path[:2] == ("search", "objectives"):
        return [*Goal.model_fields]
    annotation = Header.model_fields[str(path[0])].annotation
    kinds = [kind for kind in (annotation, *get_args(annotation)) if isinstance(kind, type)]
    return [name for kind in kinds if issubclass(kind, BaseModel) for name in kind.model_fields]


def _written_path(path: Path) -> Path:
    """Where the file says what an error is about: the name of a scheduler is no key."""
    return (path[0], *path[2:]) if path[0] == "scheduler" and len(path) > 1 else path


def _header_problem(detail: ErrorDetails, message: str) -> str:
    """What is wrong in the header; `message` is what is said where no more is known."""
    path, kind = detail["loc"], detail["type"]
    if kind == "extra_forbidden":
        return _unknown_key(path)
    if kind == "missing":
        return "is missing, but " + ("every search space has one" if len(path) == 1 else "must be given here")
    if kind == "union_tag_not_found":
        return f"has no `name`; there are {', '.join(SCHEDULERS)}"
    if kind == "union_tag_invalid":
        name = str(detail["ctx"]["tag"])
        return f"there is no scheduler `{name}`; {cure_of_name(name, SCHEDULERS)}"
    return message
