"""What a trial costs besides its training: trials that train nothing, through plan, packs, Ray, ledger and MLflow.

    python benchmarks/overhead.py --trials 10000 --alone 200 --plain 20

Three runs: packs of 16, packs of one, and plain Ray Tune with its MLflow callback, one function trial that imports torch for each
of a small share. Every trial reports four metrics once. Times per trial, the driver's memory, and how it grew, are printed.
"""

from __future__ import annotations

import argparse
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
from rhm_sweeps.packs.pack_progress import Ending, Progress
from rhm_sweeps.pools.pools import Pool, Pools
from rhm_sweeps.running.runner import run_packs
from rhm_sweeps.running.tasks import parse_trials
from rhm_sweeps.running.trainable import PackTrainable
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.session import launch
from rhm_sweeps.sweeps.session_options import SessionOptions
from rhm_sweeps.sweeps.stop_request import StopRequest
from rhm_sweeps.tracking.projection import is_behind, project

import ray  # isort: skip
from ray import tune  # isort: skip
from ray.air.integrations.mlflow import MLflowLoggerCallback  # isort: skip

METRICS = {"train_loss": 0.1, "test_loss": 0.2, "validity_1": 0.9, "copies": 0.0}
SLOTS = 2


class NoTraining(PackTrainable):  # type: ignore[misc]
    """Reports the last point of every member at once."""

    def step(self) -> dict[str, Any]:
        trials = parse_trials(self._trials)
        steps = trials[0].training.steps
        points = tuple(MetricPoint(trial.signature, steps, METRICS, now_ms()) for trial in trials)
        endings = tuple(Ending(trial.signature, "done") for trial in trials)
        progress = Progress(steps, steps, 0, 1.0, points=points, endings=endings)
        return {"progress": progress, "done": True}


@dataclass
class Cost:
    """Of one sweep: seconds of the launch, and then until MLflow had everything; the driver's memory, and how much it grew
    between a quarter of the time and the end."""

    trials: int
    launch_s: float
    mlflow_rest_s: float
    driver_gib: float
    growth_gib: float

    @property
    def seconds(self) -> float:
        return self.launch_s + self.mlflow_rest_s


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
    pools = Pools((Pool("local", "cpu", SLOTS, 1.0, 0.0, 8.0 if packed else 0.25),))
    space = SearchSpace.build(
        "overhead",
        trial={"training": {"steps": 16, "train_size": 64, "test_size": 16}},
        space={"training.seed": {"range": [0, trials]}},
    )
    with tempfile.TemporaryDirectory() as folder, memory_watch() as memory:
        begun = time.monotonic()
        run = partial(run_packs, pools=pools, trainable=NoTraining)
        options = SessionOptions(Path(folder) / "results")
        result = launch(space, options, pools, run, Console(file=io.StringIO()), StopRequest())
        launched = time.monotonic()
        assert result.outcome.done == trials
        with Ledger(result.folder.path) as ledger:
            while is_behind(ledger, result.store):
                project(ledger, result.store)
        sent = time.monotonic()
    quarter = memory[len(memory) // 4]
    return Cost(trials, launched - begun, sent - launched, max(memory), memory[-1] - quarter)


def function_trial(_: dict[str, Any]) -> None:
    """What people write: a function that imports torch and reports."""
    import torch  # noqa: PLC0415 - the cost that is measured

    tune.report({**METRICS, "threads": torch.get_num_threads()})


def plain(trials: int) -> float:
    """Seconds of plain Ray Tune with its MLflow callback, for so many function trials, Ray's start left out."""
    with tempfile.TemporaryDirectory() as folder:
        ray.init(address="local", num_cpus=SLOTS, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        try:
            begun = time.monotonic()
            callback = MLflowLoggerCallback(tracking_uri=f"sqlite:///{folder}/mlflow.db", experiment_name="plain")
            tune.Tuner(
                function_trial,
                param_space={"seed": tune.grid_search(list(range(trials)))},
                run_config=tune.RunConfig(storage_path=folder, callbacks=[callback], verbose=0),
            ).fit()
            return time.monotonic() - begun
        finally:
            ray.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=10_000, help="in packs of 16")
    parser.add_argument("--alone", type=int, default=200, help="in packs of one")
    parser.add_argument("--plain", type=int, default=20, help="by plain Ray Tune")
    chosen = parser.parse_args()
    ours(1, packed=True)  # what is done once in a process
    start = ours(SLOTS, packed=False).seconds  # every slot starts its process
    print(
        f"a launch of {SLOTS} trials takes {start:.1f} s: start and end of Ray, which the others pay once too",
        flush=True,
    )
    costs = {}
    for label, trials, packed in (("packed", chosen.trials, True), ("alone", chosen.alone, False)):
        cost = ours(trials, packed=packed)
        costs[label] = (cost.seconds - start) / trials
        print(
            f"{label:>7}: {trials:,} trials, launch {cost.launch_s:.1f} s, MLflow {cost.mlflow_rest_s:.1f} s more: "
            f"{1000 * costs[label]:.2f} ms a trial; driver {cost.driver_gib:.2f} GiB, growth {cost.growth_gib:+.2f} GiB",
            flush=True,
        )
    baseline = plain(chosen.plain) / chosen.plain
    print(f"  plain: {chosen.plain} trials of Ray Tune with its MLflow callback, {1000 * baseline:.0f} ms a trial")
    print("  ratio: " + ", ".join(f"{label} {baseline / cost:.0f}x" for label, cost in costs.items()))


if __name__ == "__main__":
    main()
