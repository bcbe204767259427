"""The share of training time that the ledger, the MLflow writer and the live view take together, in a real sweep.

    python benchmarks/bookkeeping.py --trials 32 --steps 2048

A sweep is launched in this process; Ray trains its packs, a core each. All that the ledger does while packs train, it does in calls to
the sweep's driver; the view is told there too, and draws a terminal of 120 columns in a thread of its own, once a second;
the writer is a thread. Each of these calls and threads is timed by the clock of its own thread's processor time, and the driver's
calls by the wall as well, since a pack waits for the answer. The shares are of the packs' own seconds, from their first step to
their last evaluation, a core each. What Ray's side of the driving process takes stands beside it, and is not in the sum.
"""

from __future__ import annotations

import io
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any
from unittest.mock import patch

from measured import Report, flags, parsed
from rich.live import Live
from small_sweep import space_of

from rhm_sweeps.pools.pools import local_pools
from rhm_sweeps.running.runner import run_packs
from rhm_sweeps.running.tasks import Driver
from rhm_sweeps.sweeps.live import LiveView
from rhm_sweeps.sweeps.session import SessionResult, launch
from rhm_sweeps.sweeps.session_options import SessionOptions
from rhm_sweeps.sweeps.stop_request import StopRequest
from rhm_sweeps.terminal import Terminal
from rhm_sweeps.tracking.results import results_from_ledger
from rhm_sweeps.tracking.writer import Writer

COLUMNS = {
    "trials": "d", "steps": "d", "training_s": ".1f", "ledger_s": ".3f", "writer_s": ".3f", "view_s": ".3f",
    "share": ".2%", "waiting_share": ".2%", "rest_of_driver_s": ".2f",
}  # fmt: skip


@dataclass
class Clock:
    """Seconds of processors, and on the wall, that calls took, by what they do."""

    processor_s: Counter[str] = field(default_factory=Counter)
    wall_s: Counter[str] = field(default_factory=Counter)

    def timed(self, what: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, which counts what it takes."""

        @wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            wall, processor = time.perf_counter(), time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                self.wall_s[what] += time.perf_counter() - wall
                self.processor_s[what] += time.thread_time() - processor

        return call


class TimedDriver:
    """A driver whose calls are timed."""

    def __init__(self, driver: Driver, clock: Clock) -> None:
        self._driver, self._clock = driver, clock

    def __getattr__(self, name: str) -> Any:
        return self._clock.timed("driver", getattr(self._driver, name))


def timed_sweep(trials: int, steps: int, place: Path, clock: Clock) -> SessionResult:
    """Launch a sweep of so many trials whose bookkeeping is timed."""
    pools = local_pools()
    console = Terminal(file=io.StringIO(), force_terminal=True, width=120)
    drawn = [
        (LiveView, "update", "told"),
        (LiveView, "say", "told"),
        (Live, "refresh", "drawn"),
        (Writer, "_run", "writer"),
    ]
    with ExitStack() as patches:
        for owner, name, what in drawn:
            patches.enter_context(patch.object(owner, name, clock.timed(what, getattr(owner, name))))

        def run(driver: Driver) -> None:
            begun = time.process_time()
            run_packs(TimedDriver(driver, clock), pools=pools)
            clock.processor_s["all"] = time.process_time() - begun

        options = SessionOptions(place / "results", tracking_uri=f"sqlite:///{place}/mlflow.db")
        return launch(space_of(trials, steps, "kept"), options, pools, run, console, StopRequest())


def measure(trials: int, steps: int, place: Path) -> dict[str, object]:
    """A row."""
    clock = Clock()
    results = results_from_ledger(timed_sweep(trials, steps, place, clock).folder.path)
    ages = results.points.join(results.trials["pack"], on="signature").groupby("pack")["wall_time_s"].max()
    spent, training_s = clock.processor_s, float(ages.sum())
    ledger_s, view_s = spent["driver"] - spent["told"], spent["told"] + spent["drawn"]
    sum_s = ledger_s + view_s + spent["writer"]
    return {
        "trials": trials, "steps": steps, "packs": len(ages), "points": len(results.points), "training_s": training_s,
        "ledger_s": ledger_s, "writer_s": spent["writer"], "view_s": view_s, "share": sum_s / training_s,
        "waiting_share": clock.wall_s["driver"] / training_s, "rest_of_driver_s": spent["all"] - sum_s,
    }  # fmt: skip


def main(words: Sequence[str] | None = None) -> None:
    parser = flags(__doc__)
    parser.add_argument("--trials", type=int, default=32)
    parser.add_argument("--steps", type=int, default=2048)
    chosen = parsed(parser, words, trials=16, steps=512)
    with tempfile.TemporaryDirectory() as place, Report(chosen, COLUMNS) as report:
        report.add(**measure(chosen.trials, chosen.steps, Path(place)))


if __name__ == "__main__":
    main()
