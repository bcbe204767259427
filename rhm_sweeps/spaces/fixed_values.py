"""What a search space sets without varying it: the fixed values under `trial` and `stop`, and the settings under `trials`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from rhm_sweeps.config import FIELDS, unknown_field
from rhm_sweeps.spaces.distributions import DISTRIBUTIONS, Scalar
from rhm_sweeps.spaces.fields import SECTIONS, value_problem
from rhm_sweeps.spaces.zipped_axis import Finding
from rhm_sweeps.yaml_loader import Path

FIXED_KEYS = ("trial", "stop")
"""The keys of a search space under which fixed values stand."""
_ABOVE = {"trial": 1, "stop": 0, "trials": 2}


def read_fixed(tree: Mapping[str, Any], findings: list[Finding]) -> dict[str, Any]:
    """Return the fixed values by dotted field, and add what is wrong with them to the findings."""
    fixed: dict[str, Any] = {}
    for top in FIXED_KEYS:
        _read_values(tree.get(top), (top,), fixed, findings)
    return fixed


def read_trials(written: Any, derived: Collection[str], findings: list[Finding]) -> tuple[dict[str, Scalar], ...]:
    """Return the settings under `trials`, each by dotted field, and add what is wrong with them to the findings."""
    if not isinstance(written, list | tuple | None) or written in ([], ()):
        example = "[{training.steps: 1000}, {model.width: 64, training.learning_rate: 1.0e-3}]"
        findings.append((("trials",), f"is {written!r}, but must be a list of settings such as {example}"))
        return ()
    trials: list[dict[str, Scalar]] = [{} for _ in written or ()]
    for index, (settings, entry) in enumerate(zip(trials, written or (), strict=True)):
        if not isinstance(entry, Mapping):
            said = (
                f"is {entry!r}, but must be settings such as {{training.steps: 1000}}; {{}} is the trial as in `trial`"
            )
            findings.append((("trials", index), said))
            continue
        _read_values(entry, ("trials", index), settings, findings)
        for name in (name for name in settings if name in derived):
            findings.append((("trials", index, name), "is derived under `space`; remove one of the two"))
    return tuple(trials)


def field_of(path: Path) -> str:
    """The dotted field at a path below `trial`, `stop` or an entry of `trials`."""
    return ".".join(map(str, path[_ABOVE[str(path[0])] :]))


def leaves(tree: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Yield what is written below a path; a section may be left empty."""
    section = field_of(path)
    may_be_empty = not section or section == "stop" == path[0] or (section in SECTIONS and path[0] != "stop")
    if isinstance(tree, Mapping) and (tree or may_be_empty):
        for key, value in tree.items():
            yield from leaves(value, (*path, key))
    elif tree is not None or not may_be_empty:
        yield path, tree


def _read_values(written: Any, path: Path, values: dict[str, Any], findings: list[Finding]) -> None:
    for place, value in leaves(written, path):
        field = field_of(place)
        message = f"is fixed twice, also to {values[field]!r}" if field in values else _problem(field, value)
        if message:
            findings.append((place, message))
        else:
            values[field] = value


def _problem(field: str, value: Any) -> str | None:
    parent, _, last = field.rpartition(".")
    if field in FIELDS:
        return value_problem(field, value)
    if parent in FIELDS and last in (*DISTRIBUTIONS, "derived"):
        written = "derived: ..." if last == "derived" else f"{last}: [...]"
        return f"is a distribution; write it under `space` as `{parent}: {{{written}}}`"
    if field in ("", "stop", *SECTIONS):
        return f"is {value!r}, but must be a mapping"
    return unknown_field(field)
