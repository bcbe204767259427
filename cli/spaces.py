"""Write and look at search spaces: list, show, start and check them, and the fields they may set."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from rhm_sweeps.errors import ConfigError
from rhm_sweeps.spaces.overrides import OVERRIDE_HELP
from rhm_sweeps.terminal import literal

from .output import Json, print_data, print_json, stderr, stdout
from .space_view import counts, print_plan
from .trial_preview import Show, first_trials, print_trials

if TYPE_CHECKING:
    from rhm_sweeps.spaces.search_space import SearchSpace

app = typer.Typer(help=__doc__, no_args_is_help=True)

Space = Annotated[str, typer.Argument(help="Name of a shipped search space, or path of a YAML file.")]
Overrides = Annotated[list[str] | None, typer.Option("-s", "--set", metavar="FIELD=...", help=OVERRIDE_HELP)]

MaxSettings = Annotated[
    int | None,
    typer.Option("--max-settings", min=1, help="Accept a space of up to so many settings; default: 1,000,000."),
]


def load_space(space: str, overrides: list[str] | None) -> SearchSpace:
    """The space of the command line: a shipped one or a file, with its overrides."""
    from rhm_sweeps.spaces.overrides import apply_overrides
    from rhm_sweeps.spaces.search_space import SearchSpace

    return apply_overrides(SearchSpace.load(space), overrides or [])


def accepted(max_settings: int | None) -> int:
    """How many settings a space may have."""
    from rhm_sweeps.sweeps.plan import MAX_SETTINGS

    return MAX_SETTINGS if max_settings is None else max_settings


@app.command("list", epilog="Example: rhm-sweep spaces list")
def list_spaces(*, as_json: Json = False) -> None:
    """List the shipped search spaces, each with its question and its number of trials."""
    from rhm_sweeps.spaces.search_space import SearchSpace
    from rhm_sweeps.spaces.space_files import shipped_spaces

    spaces = [SearchSpace.load(name) for name in shipped_spaces()]
    if as_json:
        print_json([{"name": space.name, "question": space.question, "trials": space.size} for space in spaces])
        return
    table = Table("Name", "Question", box=box.SIMPLE_HEAD)
    table.add_column("Trials", justify="right")
    for space in spaces:
        table.add_row(space.name, literal(space.question), f"{space.size:,}")
    stdout.print(table)


@app.command(epilog="Example: rhm-sweep spaces show memorization > my_space.yaml")
def show(space: Space, *, as_json: Json = False) -> None:
    """Print the YAML of a search space, to read or to start one's own from."""
    from rhm_sweeps.spaces.search_space import SearchSpace
    from rhm_sweeps.spaces.space_files import read_space

    file = read_space(space)
    if as_json:
        print_json({"source": file.source, "yaml": file.text, "space": SearchSpace.load(space).to_dict()})
        return
    print_data(file.text)


@app.command(epilog="Example: rhm-sweep spaces new my_space && rhm-sweep spaces check my_space.yaml --show 3")
def new(
    name: Annotated[str, typer.Argument(help="Name of the search space, and of sweeps over it.")],
    *,
    out: Annotated[Path | None, typer.Option("--out", help="File to write; default: NAME.yaml.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if there is one.")] = False,
    as_json: Json = False,
) -> None:
    """Write a commented search space to start one's own from."""
    from rhm_sweeps.spaces.scaffold import write_scaffold

    path = out or Path(f"{name}.yaml")
    write_scaffold(name, path, force=force)
    if as_json:
        print_json({"name": name, "file": str(path)})
        return
    print(path)
    stderr.print(f"check it with `rhm-sweep spaces check {path}`", markup=False, soft_wrap=True)


@app.command(epilog="Example: rhm-sweep spaces schema > space.schema.json")
def schema(*, as_json: Json = False) -> None:
    """Print the JSON schema of search space files, by which editors complete and check them.

    Save it, and name it in a comment of the search space: `# yaml-language-server: $schema=space.schema.json`. Editors with the
    YAML language server (VS Code, Neovim, Emacs, JetBrains) then know all keys, fields, types and bounds.
    """
    from rhm_sweeps.spaces.space_schema import space_schema

    print(json.dumps(space_schema(), indent=None if as_json else 2))


@app.command(epilog="Example: rhm-sweep spaces check my_space.yaml -s train_size=grid:64,128 -s replicas=2")
def check(
    space: Space,
    *,
    overrides: Overrides = None,
    show: Show = 0,
    max_settings: MaxSettings = None,
    as_json: Json = False,
) -> None:
    """Say how many trials a search space has, or everything that is wrong with it (exit code 2)."""
    from rhm_sweeps.sweeps.plan import make_plan
    from rhm_sweeps.sweeps.sorted_settings import count_reasons

    try:
        plan = make_plan(load_space(space, overrides), max_settings=accepted(max_settings))
    except ConfigError as error:
        if not as_json:
            raise
        problems = [{"where": problem.where, "message": problem.message} for problem in error.problems]
        print_json({"valid": False, "problems": problems})
        raise typer.Exit(error.exit_code) from None
    if as_json:
        reasons = [asdict(reason) for reason in (*count_reasons(plan.invalid), *count_reasons(plan.not_required))]
        first = {"first": first_trials(plan.space, plan.trials[:show])} if show else {}
        print_json({"valid": True, "space": plan.space.to_dict(), **counts(plan), "reasons": reasons, **first})
        return
    print_plan(plan)
    print_trials(plan.space, plan.trials[:show])


@app.command(epilog="Example: rhm-sweep spaces fields")
def fields(*, as_json: Json = False) -> None:
    """List the fields of a trial that a search space may fix or vary: type, default and meaning."""
    from rhm_sweeps.spaces.fields import trial_fields

    rows = trial_fields()
    if as_json:
        print_json([{"field": row.name, "type": row.type, "default": row.default, "doc": row.doc} for row in rows])
        return
    for row in rows:
        default = json.dumps(row.default) if not isinstance(row.default, str) else row.default
        stdout.print(f"[bold]{row.name}[/]  {escape(row.type)}, default {escape(default)}")
        stdout.print(Padding(escape(row.doc), (0, 0, 0, 4)))
