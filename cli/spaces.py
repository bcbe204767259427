"""`rhm-sweep spaces`: the search spaces that are shipped, what is wrong in one's own, and the fields they may set."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from rhm_sweeps.errors import ConfigError
from rhm_sweeps.sweeps.overrides import OVERRIDE_HELP

from .flags import Json
from .output import print_json, stdout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rhm_sweeps.sweeps.plan import InvalidSetting, Plan
    from rhm_sweeps.sweeps.search_space import SearchSpace

app = typer.Typer(
    help="Look at search spaces: list, show and check them, and the fields they may set.", no_args_is_help=True
)

Space = Annotated[str, typer.Argument(help="Name of a shipped search space, or path of a YAML file.")]
Overrides = Annotated[list[str] | None, typer.Option("-s", "--set", metavar="FIELD=...", help=OVERRIDE_HELP)]


def load_space(space: str, overrides: list[str] | None) -> SearchSpace:
    """The space of the command line: a shipped one or a file, with its overrides."""
    from rhm_sweeps.sweeps.overrides import apply_overrides
    from rhm_sweeps.sweeps.search_space import SearchSpace

    return apply_overrides(SearchSpace.load(space), overrides or [])


@app.command("list", epilog="Example: rhm-sweep spaces list")
def list_spaces(*, as_json: Json = False) -> None:
    """List the shipped search spaces, each with its question and its number of trials."""
    from rhm_sweeps.sweeps.search_space import SearchSpace, shipped_spaces

    spaces = [SearchSpace.load(name) for name in shipped_spaces()]
    if as_json:
        print_json([{"name": space.name, "question": space.question, "trials": space.size} for space in spaces])
        return
    table = Table("Name", "Question", box=box.SIMPLE_HEAD)
    table.add_column("Trials", justify="right")
    for space in spaces:
        table.add_row(space.name, escape(space.question), f"{space.size:,}")
    stdout.print(table)


@app.command(epilog="Example: rhm-sweep spaces show memorization > my_space.yaml")
def show(space: Space, *, as_json: Json = False) -> None:
    """Print the YAML of a search space, to read or to start one's own from."""
    from rhm_sweeps.sweeps.search_space import SearchSpace, read_space

    file = read_space(space)
    if as_json:
        resolved = SearchSpace.from_yaml(file.text, file.source).to_dict()
        print_json({"source": file.source, "yaml": file.text, "space": resolved})
        return
    print(file.text, end="")


@app.command(epilog="Example: rhm-sweep spaces check my_space.yaml -s train_size=grid:64,128 -s replicas=2")
def check(space: Space, *, overrides: Overrides = None, as_json: Json = False) -> None:
    """Say how many trials a search space has, or everything that is wrong with it (exit code 2)."""
    from rhm_sweeps.sweeps.plan import count_reasons, make_plan

    try:
        plan = make_plan(load_space(space, overrides))
    except ConfigError as error:
        if not as_json:
            raise
        problems = [{"where": problem.where, "message": problem.message} for problem in error.problems]
        print_json({"valid": False, "problems": problems})
        raise typer.Exit(error.exit_code) from None
    if as_json:
        reasons = [asdict(reason) for reason in (*count_reasons(plan.invalid), *count_reasons(plan.not_required))]
        print_json({"valid": True, "space": plan.space.to_dict(), **_counts(plan), "reasons": reasons})
        return
    _print_plan(plan)


@app.command(epilog="Example: rhm-sweep spaces fields")
def fields(*, as_json: Json = False) -> None:
    """List the fields of a trial that a search space may fix or vary: type, default and meaning."""
    from rhm_sweeps.sweeps.fields import trial_fields

    rows = trial_fields()
    if as_json:
        print_json([{"field": row.name, "type": row.type, "default": row.default, "doc": row.doc} for row in rows])
        return
    for row in rows:
        default = json.dumps(row.default) if not isinstance(row.default, str) else row.default
        stdout.print(f"[bold]{row.name}[/]  {escape(row.type)}, default {escape(default)}")
        stdout.print(Padding(escape(row.doc), (0, 0, 0, 4)))


def _counts(plan: Plan) -> dict[str, int]:
    return {
        "settings": plan.num_settings,
        "trials": len(plan.trials),
        "duplicates": plan.duplicates,
        "invalid": len(plan.invalid),
        "not_required": len(plan.not_required),
        "packs": len(plan.packs),
    }


def _print_plan(plan: Plan) -> None:
    space, counts = plan.space, _counts(plan)
    stdout.print(f"[bold]{space.name}[/]  {escape(space.question)}")
    stdout.print(_axes_table(space))
    packs = f"{counts['packs']:,} pack{'s' if counts['packs'] != 1 else ''}"
    stdout.print(f"{counts['trials']:,} trials in {packs}, from {counts['settings']:,} settings")
    if plan.duplicates:
        stdout.print(f"{plan.duplicates:,} settings give a trial that another one gives too")
    if plan.invalid:
        stdout.print(f"[yellow]{len(plan.invalid):,} settings make no trial and are left out:[/]")
    _print_reasons(plan.invalid)
    if plan.not_required:
        stdout.print(f"{len(plan.not_required):,} settings do not meet what the space requires:")
    _print_reasons(plan.not_required)


def _axes_table(space: SearchSpace) -> Table:
    axes = Table("Axis", "Values", box=box.SIMPLE_HEAD)
    for settings in space.zipped:
        axes.add_row("zip", escape(", ".join(f"{name}={value}" for name, value in settings.items())))
    for name, axis in space.axes.items():
        word, arguments = next(iter(axis.to_dict().items()))
        when = f" when {space.conditions[name].text}" if name in space.conditions else ""
        axes.add_row(name, escape(f"{word}: {', '.join(map(str, arguments))}{when}"))
    for name, expression in space.derived.items():
        axes.add_row(name, escape(f"derived: {expression.text}"))
    for condition in space.require:
        axes.add_row("require", escape(condition.text))
    if space.random_axes:
        axes.add_row("draws", f"{space.num_draws} per combination, seed {space.search.seed}")
    axes.add_row("replicas", str(space.replicas))
    return axes


def _print_reasons(left_out: Sequence[InvalidSetting]) -> None:
    from rhm_sweeps.sweeps.plan import count_reasons

    for reason in count_reasons(left_out):
        first = ", ".join(f"{name}={value}" for name, value in reason.first.items())
        stdout.print(f"  {reason.count:,} x {escape(reason.sentence)} (first: {escape(first)})")
