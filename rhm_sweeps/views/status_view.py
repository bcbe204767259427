"""Where a sweep stands, for people: once, or again and again until no process drives it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from rhm_sweeps.ledger import Ledger, PackRecord, now_ms
from rhm_sweeps.printable import one_line
from rhm_sweeps.sweeps.folder import SweepFolder, sweep_status
from rhm_sweeps.sweeps.live import MAX_PACKS_SHOWN, PLAIN_INTERVAL_S
from rhm_sweeps.sweeps.progress import duration
from rhm_sweeps.sweeps.standing import Standing, standing
from rhm_sweeps.terminal import literal

LOOK_INTERVAL_S = 1.0
MAX_FAILURES = 20


@dataclass(frozen=True)
class SweepLook:
    """One look at a sweep: its status as scripts read it, how far its packs are, and the reasons of failures by signature."""

    status: Mapping[str, Any]
    stands: Standing
    failures: Mapping[str, str]

    @property
    def is_over(self) -> bool:
        """Whether no process drives it."""
        return self.status["state"] not in ("running", "paused")


def look_at(folder: SweepFolder) -> SweepLook:
    """Look at a sweep.

    Raises:
        SweepError: if there is no such sweep, or it cannot be read.
    """
    status = sweep_status(folder)
    with Ledger(folder.path) as ledger:
        packs = ledger.packs().values()
        failures = ledger.trials("failed") if status["trials"]["failed"] else []
    stands = standing(status["trials"], packs, now_ms())
    return SweepLook(status, stands, {trial.signature: trial.reason for trial in failures})


def watch(folder: SweepFolder, console: Console, interval_s: float = LOOK_INTERVAL_S) -> SweepLook:
    """Show a sweep until no process drives it, and return the last look; in a terminal in place, elsewhere line by line."""
    look = look_at(folder)
    if not console.is_terminal:
        return _print_lines(folder, look, console, interval_s)
    with Live(status_table(look), console=console, auto_refresh=False, transient=True) as live:
        while not look.is_over:
            time.sleep(interval_s)
            look = look_at(folder)
            live.update(status_table(look), refresh=True)
    return look


def _print_lines(folder: SweepFolder, look: SweepLook, console: Console, interval_s: float) -> SweepLook:
    last = -math.inf
    while not look.is_over:
        if time.monotonic() - last >= PLAIN_INTERVAL_S:
            console.print(f"{counts_line(look)} | {progress_line(look)}", markup=False, soft_wrap=True)
            last = time.monotonic()
        time.sleep(interval_s)
        look = look_at(folder)
    return look


def status_table(look: SweepLook) -> Group:
    """State, counts, progress, and the packs that train."""
    head = Text(one_line(f"{look.status['name']}: {look.status['state']}"), style="bold")
    packs = look.stands.running[:MAX_PACKS_SHOWN]
    hidden = len(look.stands.running) - len(packs)
    more = [Text(f"and {hidden:,} more packs", style="dim")] if hidden else []
    lines = [Text(counts_line(look))] + ([] if look.status["state"] == "finished" else [Text(progress_line(look))])
    return Group(head, *lines, *([_pack_table(packs)] if packs else []), *more)


def counts_line(look: SweepLook) -> str:
    """Trials by state; those states that few sweeps have, only if there are any."""
    counts = look.status["trials"]
    shown = {state: count for state, count in counts.items() if count or state not in ("stopped", "extended")}
    return ", ".join(f"{count:,} {state}" for state, count in shown.items())


def progress_line(look: SweepLook) -> str:
    """Share of the steps that is done, pace, and time to go."""
    stands = look.stands
    if not look.status["trials"]["planned"]:
        return "nothing is planned yet"
    if not stands.running:
        return f"{_percent(stands.fraction)} of the steps"
    pace = f"{stands.steps_per_second:,.0f} steps/s"
    return f"{_percent(stands.fraction)} of the steps | {pace} | {duration(stands.eta_s)} to go, and evaluations"


def failure_lines(look: SweepLook, most: int = MAX_FAILURES) -> list[str]:
    """Failed trials with their reasons, no more than `most`, then how many more there are."""
    lines = [one_line(f"failed {signature}: {reason}") for signature, reason in look.failures.items()]
    more = len(lines) - most
    return lines[:most] + (
        [f"and {more:,} more: rhm-sweep trials {look.status['name']} --where \"state == 'failed'\""] if more > 0 else []
    )


def _percent(fraction: float) -> str:
    """Rounded down: 100 % is all."""
    return f"{math.floor(fraction * 100)}%"


def _pack_table(packs: tuple[PackRecord, ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    for heading in ("pack", "pool", "trials", "progress", "step", "steps/s"):
        table.add_column(heading, justify="left" if heading in ("pack", "pool", "progress") else "right")
    for pack in packs:
        table.add_row(
            pack.id[:8],
            literal(pack.pool),
            str(pack.active),
            ProgressBar(total=1.0, completed=pack.step / pack.steps, width=20),
            f"{pack.step:,}/{pack.steps:,}",
            f"{pack.active * pack.steps_per_second:,.0f}",
        )
    return table
