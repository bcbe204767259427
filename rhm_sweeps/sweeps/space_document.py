"""What may stand in a search space file, checked as a whole: every problem at once, each with its place."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from rhm_sweeps.config import FIELDS, nest, trial_problems, unknown_field
from rhm_sweeps.errors import ConfigError, Problem, UsageError
from rhm_sweeps.sweeps.distributions import (
    DISTRIBUTIONS,
    Distribution,
    Interval,
    Options,
    RandomDistribution,
    parse_distribution,
)
from rhm_sweeps.sweeps.fields import SECTIONS, takes_integers, value_problem
from rhm_sweeps.sweeps.space_header import Header, SearchSettings
from rhm_sweeps.yaml_loader import LocatedTree, Path


@dataclass(frozen=True)
class SpaceDocument:
    """A search space file that was found correct: `trial` is nested, axes are by dotted field."""

    header: Header
    trial: dict[str, Any]
    axes: dict[str, Distribution]


Finding = tuple[Path, str]


def check_document(located: LocatedTree) -> SpaceDocument:
    """Return what a search space file says.

    Raises:
        ConfigError: listing every unknown key, wrong value and contradiction, in the order of the file.
    """
    findings: list[Finding] = []
    header = _header(located.tree, findings)
    trial = _fixed(located.tree, findings)
    axes = _axes(located.tree.get("space"), findings)
    for field in (field for field in axes if field in trial):
        findings.append(
            (("space", field), f"is an axis, but fixed to {trial[field]!r} in `trial`; remove one of the two")
        )
    if header is not None:
        findings.extend(_search_findings(header.search, axes))
    if findings or header is None:
        findings.sort(key=lambda finding: located.position(finding[0]))
        raise ConfigError([Problem(located.where(*path), message) for path, message in findings], "search space")
    return SpaceDocument(header, nest(trial), axes)


def _header(tree: Mapping[str, Any], findings: list[Finding]) -> Header | None:
    left_out = {"trial", "space", "stop"} | {key for key in ("search",) if tree.get(key) is None}
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
    known = [*SearchSettings.model_fields] if len(path) > 1 else [*Header.model_fields, "trial", "space", "stop"]
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
    if parent in FIELDS and last in DISTRIBUTIONS:
        return f"is a distribution; write it under `space` as `{parent}: {{{last}: [...]}}`"
    if field in ("", "stop", *SECTIONS):
        return f"is {value!r}, but must be a mapping"
    return unknown_field(field)


def _axes(space: Any, findings: list[Finding]) -> dict[str, Distribution]:
    if not isinstance(space, Mapping | None):
        findings.append((("space",), f"is {space!r}, but must be a mapping of dotted fields to distributions"))
        return {}
    axes: dict[str, Distribution] = {}
    for field, written in (space or {}).items():
        try:
            axes[field] = _axis(field, written)
        except UsageError as error:
            findings.append((("space", field), str(error)))
        else:
            findings.extend(_axis_findings(field, axes[field]))
    return axes


def _axis(field: str, written: Any) -> Distribution:
    if field in SECTIONS:
        raise UsageError(
            f"is a section; write dotted fields, such as `{next(name for name in FIELDS if name.startswith(field))}`"
        )
    if field not in FIELDS:
        raise UsageError(unknown_field(field))
    return parse_distribution(written)


def _axis_findings(field: str, axis: Distribution) -> Iterator[Finding]:
    """Yield a finding for each value of an axis that its field does not take."""
    word = next(iter(axis.to_dict()))
    if isinstance(axis, Interval) and not axis.integer and takes_integers(field):
        yield (
            ("space", field),
            f"`{word}` draws real numbers, but the field takes integers; use `randint` or `lograndint`",
        )
        return
    for index, value in enumerate(axis.extremes()):
        if message := value_problem(field, value):
            yield ("space", field, word, index) if isinstance(axis, Options) else ("space", field), message


def _search_findings(search: SearchSettings, axes: Mapping[str, Distribution]) -> Iterator[Finding]:
    drawn = [field for field, axis in axes.items() if isinstance(axis, RandomDistribution)]
    if search.algorithm == "grid":
        for field in drawn:
            word = next(iter(axes[field].to_dict()))
            cure = "set `search: {algorithm: random, num_samples: 20}`, or list its values with `grid`"
            yield ("space", field), f"`{word}` is drawn at random, but `search.algorithm` is grid; {cure}"
    elif not drawn:
        cure = "draw one with `choice` or `loguniform`, or set it to grid"
        yield ("search", "algorithm"), f"is random, but every axis lists its values; {cure}"
