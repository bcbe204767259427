"""What a trial costs besides its training: trials that train nothing, through plan, packs, Ray, ledger and MLflow.

    python benchmarks/overhead.py --trials 10000 --alone 200 --plain 20

Three runs: packs of 16, packs of one, and plain Ray Tune with its MLflow callback, one function trial that imports torch for each
of a small share. Every trial reports four metrics once. Times per trial, the driver's memory, and how it grew, are printed.
"""

from __future__ import annotations

import io
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from rhm_sweeps.ledger import Ledger, MetricPoint, now_ms
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.pack_progress import Ending, Progress
from rhm_sweeps.sweeps.pools import Pool, Pools
from rhm_sweeps.sweeps.runner import run_packs
from rhm_sweeps.sweeps.session import SessionOptions, launch
from rhm_sweeps.sweeps.stop_request import StopRequest
from rhm_sweeps.sweeps.trainable import PackTrainable
from rhm_sweeps.tracking.projection import project

METRICS = {"train_loss": 0.1, "test_loss": 0.2, "validity_1": 0.9, "copies": 0.0}
SLOTS = 2


class NoTraining(PackTrainable):  # type: ignore[misc]
    """Reports the last point of every member at once."""

    def step(self) -> dict[str, Any]:
        steps = self._trials[0].training.steps
        points = tuple(MetricPoint(trial.signature, steps, METRICS, now_ms()) for trial in self._trials)
        endings = tuple(Ending(trial.signature, "done") for trial in self._trials)
        progress = Progress(steps, steps, 0, 1.0, points=points, endings=endings)
        return {"progress": progress, "done": True}


@dataclass
class Cost:
    """Of one run: seconds in all until training was over and recorded, until MLflow had everything, and the driver's memory."""

    trials: int
    plan_and_run_s: float
    mlflow_rest_s: float
    driver_gib: float
    growth_gib: float

    @property
    def per_trial_s(self) -> float:
        """Without the start of Ray, which is paid once."""
        return self.plan_and_run_s / self.trials


@contextmanager
def memory_watch() -> Iterator[list[float]]:
    """GiB that this process holds, every half second while the block lasts."""
    seen: list[float] = []
    over = threading.Event()
    page = os.sysconf("SC_PAGE_SIZE")

    def watch() -> None:
        while not over.wait(0.5):
            seen.append(int(Path("/proc/self/statm").read_text().split()[1]) * page / 2**30)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def ours(trials: int, *, packed: bool) -> Cost:
    """A sweep of so many trials, in packs of 16 or of one."""
    pool = Pool("local", "cpu", SLOTS, 1.0, 0.0, 8.0 if packed else 0.25)
    space = SearchSpace.build(
        "overhead",
        trial={"training": {"steps": 16, "train_size": 64, "test_size": 16}},
        space={"training.seed": {"range": [0, trials]}},
    )
    with tempfile.TemporaryDirectory() as folder, memory_watch() as memory:
        begun = time.monotonic()
        run = partial(run_packs, pools=Pools((pool,)), trainable=NoTraining)
        options = SessionOptions(Path(folder) / "results")
        result = launch(space, options, Pools((pool,)), run, Console(file=io.StringIO()), StopRequest())
        ran = begun + result.seconds_to_plan + result.seconds
        assert result.outcome.done == trials
        with Ledger(result.folder.path) as ledger:
            while not result.tracked and project(ledger, result.store):
                pass
        rest = time.monotonic() - ran
    quarter = memory[len(memory) // 4]
    return Cost(trials, ran - begun, rest, max(memory), memory[-1] - quarter)
