"""`rhm-sweep pools`: what the machine or the cluster has, what fits on it, and what never could."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.table import Table

from rhm_sweeps.terminal import literal

from .output import Json, print_json, stdout
from .session_flags import Address, PoolsFile
from .spaces import Overrides, load_space

if TYPE_CHECKING:
    from rhm_sweeps.pools.cluster import Cluster
    from rhm_sweeps.sweeps.pool_outlook import PoolOutlook

SpaceToPlan = Annotated[str | None, typer.Argument(help="Show also what each pool would do of this search space.")]


def pools(
    space: SpaceToPlan = None,
    *,
    overrides: Overrides = None,
    pools: PoolsFile = None,
    address: Address = None,
    as_json: Json = False,
) -> None:
    """Show the nodes, how many packs of each pool fit on them at once, and what could never run; start nothing.

    On a cluster, all nodes must see the results folder under one path.
    """
    chosen = load_space(space, overrides) if space else None

    from rhm_sweeps.pools.cluster import local_cluster
    from rhm_sweeps.running.ray_cluster import look_at_cluster
    from rhm_sweeps.sweeps.plan import make_plan
    from rhm_sweeps.sweeps.pool_choice import pools_on
    from rhm_sweeps.sweeps.pool_outlook import pool_outlooks

    cluster = look_at_cluster(address) if address else local_cluster()
    trials = make_plan(chosen).trials if chosen else ()
    outlooks = pool_outlooks(pools_on(cluster, pools, is_local=not address), trials)
    if as_json:
        print_json(_document(cluster, outlooks))
        return
    stdout.print(_nodes_table(cluster))
    stdout.print(_pools_table(outlooks, with_plan=chosen is not None))
    for outlook in outlooks:
        if outlook.never:
            stdout.print(f"pool {outlook.pool.name} can never run a pack here: {outlook.never}", markup=False)


def _document(cluster: Cluster, outlooks: Sequence[PoolOutlook]) -> dict[str, Any]:
    return {
        "nodes": [
            {"name": node.name, "resources": node.resources, "available": node.available, "labels": node.labels}
            for node in cluster.nodes
        ],
        "pools": [_pool_document(outlook) for outlook in outlooks],
    }


def _pool_document(outlook: PoolOutlook) -> dict[str, Any]:
    pool, cost = outlook.pool, outlook.estimate
    return {
        "name": pool.name,
        "device": pool.device,
        "slots": pool.slots,
        "request": pool.request,
        "labels": pool.labels,
        "memory_gib": pool.memory_gib,
        "never": outlook.never,
        "trials": outlook.trials,
        "packs": cost.packs if cost else 0,
        "seconds": cost.seconds if cost else None,
    }


def _nodes_table(cluster: Cluster) -> Table:
    table = Table("Node", "Resources", "Labels", box=box.SIMPLE_HEAD)
    for node in cluster.nodes:
        labels = ", ".join(f"{name}={value}" for name, value in node.labels.items())
        table.add_row(literal(node.name), literal(_amounts(node.resources)), literal(labels))
    return table


def _pools_table(outlooks: Sequence[PoolOutlook], *, with_plan: bool) -> Table:
    from rhm_sweeps.sweeps.progress import duration

    table = Table("Pool", "Device", box=box.SIMPLE_HEAD)
    table.add_column("At once", justify="right")
    table.add_column("Each pack asks for")
    for name in ("Trials", "Packs", "Time") if with_plan else ():
        table.add_column(name, justify="right")
    for outlook in outlooks:
        pool, cost = outlook.pool, outlook.estimate
        asks = ", ".join([_amounts(pool.request), *(f"{name}={value}" for name, value in pool.labels.items())])
        plan = (f"{outlook.trials:,}", f"{cost.packs:,}" if cost else "--", duration(cost.seconds if cost else None))
        slots = "never" if outlook.never else f"{pool.slots:,}"
        table.add_row(pool.name, pool.device, slots, literal(asks), *(plan if with_plan else ()))
    return table


def _amounts(resources: Mapping[str, float]) -> str:
    return ", ".join(_amount(name, amount) for name, amount in sorted(resources.items()))


def _amount(name: str, amount: float) -> str:
    if name == "memory":
        return f"{amount / 2**30:.1f} GiB"
    kind = name.removeprefix("accelerator_type:")
    return kind if kind != name else f"{amount:g} {name}"
