"""What stands under `space` and `require` in a search space: distributions, conditions, derived fields, settings in step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeVar

from rhm_sweeps.config import FIELDS, unknown_field
from rhm_sweeps.errors import UsageError
from rhm_sweeps.spaces.distributions import (
    Choice,
    Distribution,
    ListedDistribution,
    Normal,
    Options,
    RandomDistribution,
    Scalar,
    parse_distribution,
)
from rhm_sweeps.spaces.expressions import Expression, parse_arithmetic, parse_condition
from rhm_sweeps.spaces.fields import SECTIONS, takes_integers, takes_numbers, value_problem
from rhm_sweeps.spaces.header import SEED_FIELDS
from rhm_sweeps.spaces.search_settings import SearchSettings
from rhm_sweeps.spaces.zipped_axis import Finding, read_zip
from rhm_sweeps.yaml_loader import Path

T = TypeVar("T")


@dataclass(frozen=True)
class Axes:
    """What a space varies, by dotted field: each field is in one of `axes`, `derived` and `zipped` at most.

    `conditions` and `derived` stand in an order in which each comes after those that it depends on.
    """

    axes: dict[str, Distribution] = field(default_factory=dict)
    conditions: dict[str, Expression] = field(default_factory=dict)
    derived: dict[str, Expression] = field(default_factory=dict)
    zipped: tuple[dict[str, Scalar], ...] = ()


def read_axes(space: Any, fixed: Mapping[str, Any], findings: list[Finding]) -> Axes:
    """Return what is written under `space`, and add what is wrong with it to the findings."""
    if not isinstance(space, Mapping | None):
        findings.append((("space",), f"is {space!r}, but must be a mapping of dotted fields to distributions"))
        return Axes()
    read = Axes()
    zipped = read_zip(space["zip"], findings) if space and "zip" in space else ()
    for name, written in ((name, written) for name, written in (space or {}).items() if name != "zip"):
        if problem := _field_problem(name):
            findings.append((("space", name), problem))
        else:
            _read_field(name, written, read, findings)
    findings.extend(_clashes(read, fixed, list(zipped[0]) if zipped else []))
    findings.extend(_condition_findings(read, zipped[0] if zipped else {}))
    return Axes(read.axes, in_order(read.conditions, findings), in_order(read.derived, findings), zipped)


def read_requirements(written: Any, findings: list[Finding]) -> tuple[Expression, ...]:
    """Return the conditions under `require`, one or a list, and add what is wrong with them to the findings."""
    if not isinstance(written, list | tuple):
        found = [] if written is None else [_tried(parse_condition, (written,), ("require",), findings)]
    else:
        found = [_tried(parse_condition, (one,), ("require", index), findings) for index, one in enumerate(written)]
    return tuple(condition for condition in found if condition is not None)


def search_findings(search: SearchSettings, axes: Mapping[str, Distribution], num_trials: int = 0) -> Iterator[Finding]:
    """Yield a finding for each axis, and for single trials, that do not fit the way in which the space is searched."""
    drawn = [name for name, axis in axes.items() if isinstance(axis, RandomDistribution)]
    if search.algorithm == "grid":
        for name in drawn:
            word = next(iter(axes[name].to_dict()))
            cure = "set `search: {algorithm: random, num_samples: 20}`, or list its values with `grid`"
            yield ("space", name), f"`{word}` is drawn at random, but `search.algorithm` is grid; {cure}"
    elif not drawn:
        cure = "draw one with `choice` or `loguniform`, or set it to grid"
        yield ("search", "algorithm"), f"is {search.algorithm}, but every axis lists its values; {cure}"
    if search.is_adaptive and num_trials:
        yield (
            ("trials",),
            f"are not suggested by `search.algorithm: {search.algorithm}`; leave them out, or launch them apart",
        )
    for name in drawn:
        if search.is_adaptive and isinstance(axes[name], Normal):
            said = f"`normal` has no bounds, which `search.algorithm: {search.algorithm}` needs"
            yield ("space", name), f"{said}; write `uniform` or `loguniform`, or set it to random or qmc"
        if search.algorithm == "cmaes" and isinstance(axes[name], Choice):
            said = "`choice` has no order, but `search.algorithm: cmaes` searches along numbers"
            yield ("space", name), f"{said}; write `uniform`, `randint` or `quniform`, or set it to tpe"


def in_order(expressions: Mapping[str, Expression], findings: list[Finding]) -> dict[str, Expression]:
    """Return the expressions of fields with each after those that it depends on; that they go round is a finding."""
    needs = {name: [used for used in found.fields if used in expressions] for name, found in expressions.items()}
    try:
        return {name: expressions[name] for name in TopologicalSorter(needs).static_order()}
    except CycleError as error:
        cycle = error.args[1][::-1]
        findings.append((("space", cycle[0]), f"depends on itself: {' needs '.join(cycle)}"))
        return dict(expressions)


def _clashes(read: Axes, fixed: Mapping[str, Any], zipped: list[str]) -> Iterator[Finding]:
    """Yield a finding for each field that is set in two ways; an axis with a condition may have a value for elsewhere."""
    for name in (*read.axes, *read.derived):
        kind = "an axis" if name in read.axes else "derived"
        if name in fixed and name not in read.conditions:
            yield ("space", name), f"is {kind}, but fixed to {fixed[name]!r} in `trial`; remove one of the two"
        if name in zipped:
            yield ("space", name), f"is {kind}, but set in `zip` too; remove one of the two"
    for name in (name for name in zipped if name in fixed):
        yield ("space", "zip"), f"sets {name}, which is fixed to {fixed[name]!r} in `trial`; remove one of the two"


def _condition_findings(read: Axes, zipped: Mapping[str, Scalar]) -> Iterator[Finding]:
    for name, used in ((name, used) for name, condition in read.conditions.items() for used in condition.fields):
        path = ("space", name, "when")
        if used in read.derived:
            yield path, f"needs {used}, which is derived after the axes; write its expression here instead"
        elif used in SEED_FIELDS and used not in (*read.axes, *zipped):
            yield path, f"needs {used}, which differs between replicas; make it an axis"
        listed = isinstance(read.axes.get(name), ListedDistribution)
        if listed and isinstance(read.axes.get(used), RandomDistribution):
            yield path, f"needs {used}, which is drawn after the listed axes; draw this one too, with `choice`"


def _field_problem(name: str) -> str | None:
    if name in SECTIONS:
        example = next(field for field in FIELDS if field.startswith(name))
        return f"is a section; write dotted fields, such as `{example}`"
    return None if name in FIELDS else unknown_field(name)


def _read_field(name: str, written: Any, read: Axes, findings: list[Finding]) -> None:
    if isinstance(written, Mapping) and "derived" in written:
        expression = _tried(_derived, (name, written), ("space", name, "derived"), findings)
        if expression is not None:
            read.derived[name] = expression
        return
    if isinstance(written, Mapping) and "when" in written:
        condition = _tried(parse_condition, (written["when"],), ("space", name, "when"), findings)
        if condition is not None:
            read.conditions[name] = condition
        written = {key: value for key, value in written.items() if key != "when"}
    axis = _tried(parse_distribution, (written,), ("space", name), findings)
    if axis is not None:
        read.axes[name] = axis
        findings.extend(_value_findings(name, axis))


def _tried(read: Callable[..., T], arguments: tuple[Any, ...], path: Path, findings: list[Finding]) -> T | None:
    try:
        return read(*arguments)
    except UsageError as error:
        findings.append((path, str(error)))
        return None


def _derived(name: str, written: Mapping[str, Any]) -> Expression:
    if len(written) > 1:
        others = ", ".join(f"`{key}`" for key in written if key != "derived")
        raise UsageError(f"stands beside {others}, but a derived field has nothing else")
    if not takes_numbers(name):
        raise UsageError("gives a number, but the field takes none")
    return parse_arithmetic(written["derived"])


def _value_findings(name: str, axis: Distribution) -> Iterator[Finding]:
    """Yield a finding for each value of an axis that its field does not take."""
    word = next(iter(axis.to_dict()))
    drawn = isinstance(axis, RandomDistribution) and not isinstance(axis, Options)
    if drawn and takes_integers(name) and any(isinstance(value, float) for value in axis.extremes()):
        cure = "give it integers" if word == "quniform" else "use `randint` or `lograndint`"
        yield ("space", name), f"`{word}` draws real numbers, but the field takes integers; {cure}"
        return
    for index, value in enumerate(axis.extremes()):
        if message := value_problem(name, value):
            yield ("space", name, word, index) if isinstance(axis, Options) else ("space", name), message
