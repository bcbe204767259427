"""`rhm-sweep diff`: what differs between two sweeps or search spaces."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .output import Json, print_json, stdout
from .session_flags import DEFAULT_RESULTS, Results

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rhm_sweeps.views.space_diff import FieldDiff
    from rhm_sweeps.views.sweep_diff import SweepDiff

MOST_LISTED = 5

A = Annotated[str, typer.Argument(help="Name of a sweep, else of a shipped search space, or path of a YAML file.")]
B = Annotated[str, typer.Argument(help="As A; NAME.yaml is the shipped space where a sweep has its name.")]
ExitCode = Annotated[bool, typer.Option("--exit-code", help="Exit with 1 if anything differs.")]


def diff(a: A, b: B, *, exit_code: ExitCode = False, results: Results = DEFAULT_RESULTS, as_json: Json = False) -> None:
    """Show what differs between two sweeps or search spaces: fields, axes, search, trials, and final metrics of common trials."""
    from rhm_sweeps.views.sweep_diff import diff_sweeps, read_side

    found = diff_sweeps(read_side(a, results), read_side(b, results))
    if as_json:
        print_json(_document(found))
    else:
        for line in _lines(found):
            stdout.print(line, markup=False, soft_wrap=True)
    if exit_code and not found.is_empty:
        raise typer.Exit(1)


def _document(found: SweepDiff) -> dict[str, Any]:
    return {
        "a": {"kind": found.a.kind, "name": found.a.name},
        "b": {"kind": found.b.kind, "name": found.b.name},
        "differ": not found.is_empty,
        **asdict(found.space),
        "trials": {"only_a": list(found.only_a), "only_b": list(found.only_b), "common": list(found.common)},
        "metrics": {
            "compared": found.compared,
            "equal": found.equal,
            "largest": {
                name: {"difference": size, "signature": signature} for name, (size, signature) in found.largest.items()
            },
        },
    }


def _lines(found: SweepDiff) -> Iterator[str]:
    yield f"--- {found.a.kind} {found.a.name}"
    yield f"+++ {found.b.kind} {found.b.name}"
    for setting in found.space.settings:
        yield f"{setting.name}: {json.dumps(setting.a)} -> {json.dumps(setting.b)}"
    for field in found.space.fields:
        yield from _field_lines(field)
    if found.space.is_empty:
        yield "the spaces are the same"
    yield from _trial_lines(found)
    yield from _metric_lines(found)


def _field_lines(field: FieldDiff) -> Iterator[str]:
    if not field.added and not field.removed:
        yield f"{field.field}: {_setting(field.a)} -> {_setting(field.b)}"
        return
    yield f"{field.field}: {_kind(field.a)}" + (f" -> {_kind(field.b)}" if _kind(field.a) != _kind(field.b) else "")
    for sign, values in (("-", field.removed), ("+", field.added)):
        if values:
            yield f"  {sign} {', '.join(map(json.dumps, values))}"


def _trial_lines(found: SweepDiff) -> Iterator[str]:
    for side in (found.a, found.b):
        if side.trials is None:
            yield f"{side.kind} {side.name} has too many trials to compare"
            return
    yield f"trials: {len(found.only_a):,} only in the first, {len(found.only_b):,} only in the second, {len(found.common):,} in both"
    for sign, signatures in (("-", found.only_a), ("+", found.only_b)):
        if signatures:
            yield f"  {sign} {_listed(signatures)}"


def _metric_lines(found: SweepDiff) -> Iterator[str]:
    if not found.compared:
        return
    yield f"final metrics: equal in {found.equal:,} of {found.compared:,} trials that are done in both"
    for name, (size, signature) in found.largest.items():
        yield (
            f"  {name}: by up to {size:.3g} ({signature})"
            if size is not None
            else f"  {name}: not both known ({signature})"
        )


def _setting(setting: Mapping[str, Any]) -> str:
    return json.dumps(setting["fixed"]) if "fixed" in setting else json.dumps(setting)


def _kind(setting: Mapping[str, Any]) -> str:
    when = f" when {setting['when']}" if "when" in setting else ""
    return next(iter(setting)) + when


def _listed(signatures: Sequence[str]) -> str:
    more = f" and {len(signatures) - MOST_LISTED:,} more" if len(signatures) > MOST_LISTED else ""
    return ", ".join(signatures[:MOST_LISTED]) + more
