"""What may stand in a search space file, checked as a whole: every problem at once, each with its place."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from rhm_sweeps.config import FIELDS, nest, trial_problems, unknown_field
from rhm_sweeps.errors import ConfigError, Problem
from rhm_sweeps.sweeps.distributions import DISTRIBUTIONS
from rhm_sweeps.sweeps.expressions import Expression
from rhm_sweeps.sweeps.fields import SECTIONS, value_problem
from rhm_sweeps.sweeps.space_axes import Axes, read_axes, read_requirements, search_findings
from rhm_sweeps.sweeps.space_header import Header, SearchSettings
from rhm_sweeps.sweeps.zipped_axis import Finding
from rhm_sweeps.yaml_loader import LocatedTree, Path


@dataclass(frozen=True)
class SpaceDocument:
    """A search space file that was found correct: `trial` is nested, `space` by dotted field."""

    header: Header
    trial: dict[str, Any]
    space: Axes
    require: tuple[Expression, ...]


def check_document(located: LocatedTree) -> SpaceDocument:
    """Return what a search space file says.

    Raises:
        ConfigError: listing every unknown key, wrong value and contradiction, in the order of the file.
    """
    findings: list[Finding] = []
    header = _header(located.tree, findings)
    trial = _fixed(located.tree, findings)
    space = read_axes(located.tree.get("space"), trial, findings)
    require = read_requirements(located.tree.get("require"), findings)
    if header is not None:
        findings.extend(search_findings(header.search, space.axes))
    if findings or header is None:
        findings.sort(key=lambda finding: located.position(finding[0]))
        raise ConfigError([Problem(located.where(*path), message) for path, message in findings], "search space")
    return SpaceDocument(header, nest(trial), space, require)


def _header(tree: Mapping[str, Any], findings: list[Finding]) -> Header | None:
    left_out = {"trial", "space", "require", "stop"} | {key for key in ("search",) if tree.get(key) is None}
    try:
        return Header.model_validate({key: value for key, value in tree.items() if key not in left_out})
    except ValidationError as error:
        for detail, problem in zip(error.errors(), trial_problems(error), strict=True):
            path = detail["loc"]
            said = {"extra_forbidden": _unknown_key(path), "missing": "is missing, but every search space has one"}
            findings.append((path, said.get(detail["type"], problem.message)))
        return None


def _unknown_key(path: Path) -> str:
    key = str(path[-1])
    if len(path) == 1 and (key in SECTIONS or key in FIELDS):
        return "is not a key of a search space; fixed values stand under `trial`, axes under `space`"
    top = [*Header.model_fields, "trial", "space", "stop", "require"]
    known = [*SearchSettings.model_fields] if len(path) > 1 else top
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return "there is no such key; " + (f"did you mean `{near[0]}`?" if near else f"there are {', '.join(known)}")


def _fixed(tree: Mapping[str, Any], findings: list[Finding]) -> dict[str, Any]:
    """Return the fixed values by dotted field."""
    fixed: dict[str, Any] = {}
    for top in ("trial", "stop"):
        for path, value in _leaves(tree.get(top), (top,)):
            field = ".".join(map(str, path if top == "stop" else path[1:]))
            message = f"is fixed twice, also to {fixed[field]!r}" if field in fixed else _fixed_problem(field, value)
            if message:
                findings.append((path, message))
            else:
                fixed[field] = value
    return fixed


def _leaves(tree: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Yield what is written below a path; a section may be left empty."""
    may_be_empty = len(path) == 1 or (len(path) == 2 and path[0] == "trial" and path[1] in SECTIONS)
    if isinstance(tree, Mapping) and (tree or may_be_empty):
        for key, value in tree.items():
            yield from _leaves(value, (*path, key))
    elif tree is not None or not may_be_empty:
        yield path, tree


def _fixed_problem(field: str, value: Any) -> str | None:
    parent, _, last = field.rpartition(".")
    if field in FIELDS:
        return value_problem(field, value)
    if parent in FIELDS and last in (*DISTRIBUTIONS, "derived"):
        written = "derived: ..." if last == "derived" else f"{last}: [...]"
        return f"is a distribution; write it under `space` as `{parent}: {{{written}}}`"
    if field in ("", "stop", *SECTIONS):
        return f"is {value!r}, but must be a mapping"
    return unknown_field(field)
