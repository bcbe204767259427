"""The live view of a sweep: a table that updates in a terminal or a notebook, plain lines elsewhere; on stderr but in a notebook."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from rhm_sweeps.credentials import redact
from rhm_sweeps.packs.pack_progress import Progress
from rhm_sweeps.sweeps.notebook_display import NotebookDisplay
from rhm_sweeps.sweeps.progress import PackProgress, SweepProgress, duration

PLAIN_INTERVAL_S = 10.0
FINISHED_INTERVAL_S = 1.0
"""A finished pack is news, but not thousands of them."""
MAX_PACKS_SHOWN = 16
MAX_MESSAGES_SHOWN = 10
"""In a notebook; a terminal scrolls."""


class LiveView:
    """Shows a sweep's progress while it is open."""

    def __init__(self, progress: SweepProgress, console: Console, name: str) -> None:
        self.progress, self.console, self.name = progress, console, name
        self._screen = self._open_screen()
        self._messages: list[str] = []
        self._last_line = -math.inf

    def _open_screen(self) -> Live | NotebookDisplay | None:
        if self.console.is_jupyter:
            return NotebookDisplay(self._page, self.console.width)
        if self.console.is_terminal:
            return Live(console=self.console, get_renderable=self._table, refresh_per_second=1, transient=False)
        return None

    def __enter__(self) -> Self:
        if self._screen is not None:
            self._screen.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._screen is not None:
            self._screen.__exit__(kind, error, trace)
        else:
            self._print_line()

    def replan(self, unfinished: Mapping[str, int]) -> None:
        """The packs that are still to be trained, with their numbers of trials, have changed."""
        self.progress.replan(unfinished)

    def update(self, pack: str, progress: Progress) -> None:
        """Take in a report of a pack."""
        self.progress.update(pack, progress)
        interval = FINISHED_INTERVAL_S if progress.finished else PLAIN_INTERVAL_S
        if isinstance(self._screen, NotebookDisplay):
            self._screen.refresh()
        if self._screen is None and time.monotonic() - self._last_line >= interval:
            self._print_line()

    def say(self, message: str) -> None:
        """Print a message above the table, or in a notebook, show the last messages below it."""
        message = redact(message)
        self._messages.append(message)
        if not isinstance(self._screen, NotebookDisplay):
            self.console.print(message, markup=False, soft_wrap=True)

    def _print_line(self) -> None:
        self._last_line = time.monotonic()
        self.console.print(summary(self.progress), markup=False, soft_wrap=True)

    def _page(self) -> Group:
        hidden = len(self._messages) - MAX_MESSAGES_SHOWN
        more = [Text(f"{hidden:,} earlier messages")] if hidden > 0 else []
        return Group(self._table(), *more, *map(Text, self._messages[-MAX_MESSAGES_SHOWN:]))

    def _table(self) -> Group:
        running = [(pack, state) for pack, state in self.progress.packs.copy().items() if state.active]
        table = Table(box=None, pad_edge=False, padding=(0, 1))
        for heading in ("pack", "trials", "progress", "step", "steps/s", "valid", "copies"):
            table.add_column(
                heading,
                justify="left" if heading in ("pack", "progress") else "right",
                style="dim" if heading == "pack" else "",
            )
        for pack, state in running[:MAX_PACKS_SHOWN]:
            table.add_row(*_row(pack, state))
        hidden = len(running) - MAX_PACKS_SHOWN
        more = [Text(f"and {hidden} more packs", style="dim")] if hidden > 0 else []
        bar = ProgressBar(total=1.0, completed=self.progress.fraction, width=40)
        line = Table.grid()  # a bar alone does not end its line
        line.add_row(bar)
        return Group(
            Text(f"{self.name}: {summary(self.progress)}", style="bold"), line, *([table] if running else []), *more
        )


def summary(progress: SweepProgress) -> str:
    """One line: trials, steps per second, time."""
    others = "".join(
        f", {count} {state}" for state, count in (("failed", progress.failed), ("stopped", progress.stopped)) if count
    )
    return (
        f"{progress.finished_before + progress.done}/{progress.planned} trials{others} | {progress.fraction:.0%} | "
        f"{progress.steps_per_second:,.0f} steps/s | {duration(progress.elapsed_s)} elapsed, {duration(progress.eta_s)} to go"
    )


def _row(pack: str, state: PackProgress) -> tuple[str | ProgressBar, ...]:
    return (
        pack[:8],
        f"{state.active}/{state.members}",
        ProgressBar(total=1.0, completed=state.fraction, width=20),
        f"{state.step:,}/{state.steps:,}",
        f"{state.steps_per_second * state.active:,.0f}",
        "--" if state.validity is None else f"{state.validity:.3f}",
        "--" if state.copies is None else f"{state.copies:.3f}",
    )
