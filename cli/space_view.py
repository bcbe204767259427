"""What the command line prints of a search space and its plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from rhm_sweeps.terminal import literal

from .output import stdout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rhm_sweeps.spaces.search_space import SearchSpace
    from rhm_sweeps.sweeps.plan import Plan
    from rhm_sweeps.sweeps.sorted_settings import InvalidSetting


def say_size(space: SearchSpace) -> None:
    """Print the question of a space and how many settings it has, which is known before any is made."""
    stdout.print(f"{space.name}: {space.question}", markup=False)
    stdout.print(size_text(space))


def size_text(space: SearchSpace) -> str:
    """How many settings a space has, in words."""
    suggested = f", suggested by {space.search.algorithm} as results come in" if space.search.is_adaptive else ""
    return f"{'up to ' if space.conditions else ''}{space.size:,} settings{suggested}"


def counts(plan: Plan) -> dict[str, int]:
    """How many settings a plan has, and what becomes of them; packs are those of a pool with room for the largest."""
    from rhm_sweeps.packs.packing import make_packs

    return {
        "settings": plan.num_settings,
        "trials": len(plan.trials),
        "duplicates": plan.duplicates,
        "invalid": len(plan.invalid),
        "not_required": len(plan.not_required),
        "packs": len(make_packs(plan.trials)),
    }


def print_plan(plan: Plan) -> None:
    """Print what a space varies, its trials, and why settings are left out."""
    space, found = plan.space, counts(plan)
    stdout.print(f"[bold]{space.name}[/]  {literal(space.question)}")
    stdout.print(_axes_table(space))
    packs = f"{found['packs']:,} pack{'s' if found['packs'] != 1 else ''}"
    if space.search.is_adaptive:
        stdout.print(size_text(space))
    else:
        stdout.print(f"{found['trials']:,} trials in {packs}, from {found['settings']:,} settings")
    if plan.duplicates:
        stdout.print(f"{plan.duplicates:,} settings give a trial that another one gives too")
    print_left_out(plan)


def print_left_out(plan: Plan) -> None:
    """Print which settings make no trial, and why."""
    if plan.invalid:
        stdout.print(f"[yellow]{len(plan.invalid):,} settings make no trial and are left out:[/]")
    _print_reasons(plan.invalid)
    if plan.not_required:
        stdout.print(f"{len(plan.not_required):,} settings do not meet what the space requires:")
    _print_reasons(plan.not_required)


def _axes_table(space: SearchSpace) -> Table:
    axes = Table("Axis", "Values", box=box.SIMPLE_HEAD)
    for settings in space.zipped:
        axes.add_row("zip", literal(", ".join(f"{name}={value}" for name, value in settings.items())))
    for name, axis in space.axes.items():
        word, arguments = next(iter(axis.to_dict().items()))
        when = f" when {space.conditions[name].text}" if name in space.conditions else ""
        axes.add_row(name, literal(f"{word}: {', '.join(map(str, arguments))}{when}"))
    for name, expression in space.derived.items():
        axes.add_row(name, literal(f"derived: {expression.text}"))
    for settings in space.trials:
        axes.add_row(
            "trials", literal(", ".join(f"{name}={value}" for name, value in settings.items()) or "as in `trial`")
        )
    for condition in space.require:
        axes.add_row("require", literal(condition.text))
    if space.random_axes:
        axes.add_row("draws", f"{space.num_draws} per combination, seed {space.search.seed}")
    axes.add_row("replicas", str(space.replicas))
    return axes


def _print_reasons(left_out: Sequence[InvalidSetting]) -> None:
    from rhm_sweeps.sweeps.sorted_settings import count_reasons

    for reason in count_reasons(left_out):
        first = ", ".join(f"{name}={value}" for name, value in reason.first.items())
        stdout.print(f"  {reason.count:,} x {literal(reason.sentence)} (first: {literal(first)})")
