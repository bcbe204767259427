"""`rhm-sweep plan`: what a launch would train, and what it would cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from .flags import Json
from .output import print_json, stdout
from .session_flags import DEFAULT_RESULTS, Results
from .spaces import Overrides, Space, load_space

if TYPE_CHECKING:
    from rhm_sweeps.sweeps.plan import Plan
    from rhm_sweeps.sweeps.pools import Pool


def plan(
    space: Space, *, overrides: Overrides = None, results: Results = DEFAULT_RESULTS, as_json: Json = False
) -> None:
    """Show trials, packs, memory and time of a launch, and start nothing."""
    chosen = load_space(space, overrides)

    from rhm_sweeps.sweeps.pools import local_pool
    from rhm_sweeps.sweeps.session import plan_space

    pool = local_pool()
    show_plan(plan_space(chosen, results, pool), pool, as_json=as_json)


def show_plan(plan: Plan, pool: Pool, *, as_json: bool) -> None:
    """Print a plan as one JSON document or as tables."""
    from rhm_sweeps.sweeps.session import estimate_plan

    estimate = estimate_plan(plan, pool)
    if as_json:
        print_json({
            "trials": len(plan.trials) + len(plan.finished),
            "finished": len(plan.finished),
            "invalid": len(plan.invalid),
            "packs": len(plan.packs),
            "estimate": {"seconds": estimate.seconds, "memory_gib": estimate.memory_gib, "flops": estimate.flops},
        })  # fmt: skip
        return
    from rhm_sweeps.sweeps.plan import count_reasons
    from rhm_sweeps.sweeps.progress import duration

    table = Table(box=box.SIMPLE_HEAD, show_header=False)
    sizes = sorted({len(pack.trials) for pack in plan.packs})
    for label, value in (
        ("trials", f"{len(plan.trials) + len(plan.finished):,}"),
        ("finished", f"{len(plan.finished):,}"),
        ("invalid, left out", f"{len(plan.invalid):,}"),
        ("not required, left out", f"{len(plan.not_required):,}"),
        ("repeated, merged", f"{plan.duplicates:,}"),
        ("packs", f"{len(plan.packs):,}" + (f" of {' or '.join(map(str, sizes))} trials" if sizes else "")),
        ("pool", f"{pool.name}: {pool.slots} {pool.device} slots"),
        ("memory per pack", f"{estimate.memory_gib:.2f} GiB"),
        ("floating-point work", f"{estimate.flops:.2e} FLOP"),
        ("time", f"about {duration(estimate.seconds)}"),
    ):
        table.add_row(label, value)
    stdout.print(f"{plan.space.name}: {plan.space.question}", markup=False)
    stdout.print(table)
    for reason in (*count_reasons(plan.invalid), *count_reasons(plan.not_required)):
        stdout.print(f"left out {reason}", markup=False)
