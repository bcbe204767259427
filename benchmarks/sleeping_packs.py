"""Packs that sleep instead of training, on a simulated cluster of real Ray: through our driver, and through plain Ray Tune."""

from __future__ import annotations

import base64
import io
import json
import logging
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray
from busy_slots import Span
from ray import cloudpickle, tune
from ray.cluster_utils import Cluster
from rich.console import Console

from rhm_sweeps.ledger import Ledger, MetricPoint, now_ms
from rhm_sweeps.packs.pack_orders import read_orders
from rhm_sweeps.packs.pack_progress import Ending, Progress
from rhm_sweeps.packs.report_pace import ReportPace
from rhm_sweeps.pools.pools import Pool, Pools
from rhm_sweeps.running import pack_tuner
from rhm_sweeps.running.runner import run_packs
from rhm_sweeps.running.tasks import Driver
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.drive import Run
from rhm_sweeps.sweeps.session import launch
from rhm_sweeps.sweeps.session_options import SessionOptions
from rhm_sweeps.sweeps.stop_request import StopRequest

GIB = 2**30
PACK_GIB = 0.25
"""So little that every trial is a pack of its own."""
GPUS_PER_NODE = 32


class Sleeping(tune.Trainable):  # type: ignore[misc]
    """A pack that sleeps a second for each of its steps, and looks for orders and reports as those do that train."""

    def setup(self, config: dict[str, Any]) -> None:
        trials = json.loads(zlib.decompress(base64.b85decode(config["trials"])))
        self._names, (fields, *_) = list(trials), trials.values()
        self._seconds: int = json.loads(fields)["training"]["steps"]
        self._folder, self._pace = Path(config["folder"]), ReportPace(config["report_interval_s"])
        self._begun = 0.0

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.setup(new_config)
        return True

    def step(self) -> dict[str, Any]:
        progress = self._pace.next_report(self)
        return {"progress": progress, "done": progress.finished}

    def advance(self, budget_s: float) -> Progress:
        """Sleep for some seconds."""
        now, steps = time.time(), self._seconds
        self._begun = self._begun or now
        if read_orders(self._folder).leave:
            return Progress(int(now - self._begun), steps, len(self._names), 1.0, left=True)
        time.sleep(max(0.0, min(budget_s, self._begun + steps - now)))
        ended = time.time()
        if ended < self._begun + steps:
            return Progress(int(ended - self._begun), steps, len(self._names), 1.0)
        times = {"begun": self._begun, "ended": ended}
        points = tuple(MetricPoint(name, steps, times, now_ms()) for name in self._names)
        endings = tuple(Ending(name, "done") for name in self._names)
        return Progress(steps, steps, 0, 1.0, points=points, endings=endings)

    def cleanup(self) -> None:
        """Nothing is kept."""


def sleeping_function(config: dict[str, Any]) -> None:
    """The same for plain Ray Tune."""
    begun = time.time()
    while (left := begun + config["seconds"] - time.time()) > 0:
        time.sleep(min(1.0, left))
        tune.report({"begun": begun, "ended": time.time()})


@contextmanager
def simulated_cluster(slots: int) -> Iterator[Cluster]:
    """A Ray cluster on this machine whose nodes declare so many GPUs together; the head has none."""
    cloudpickle.register_pickle_by_value(__import__(__name__))
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        for first in range(0, slots, GPUS_PER_NODE):
            gpus = min(GPUS_PER_NODE, slots - first)
            cluster.add_node(num_cpus=gpus, num_gpus=gpus, memory=int(gpus * (PACK_GIB + 0.01) * GIB))
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()


@dataclass
class DriverTime:
    """Of the driving process, from the first report to the last: how many it heard, its processor seconds, and those of them that
    our driver's answers took."""

    reports: int = 0
    process_s: float = 0.0
    answers_s: float = 0.0
    _begun: float = 0.0

    def report(self) -> None:
        """Count a report that has been answered; of the first only the end."""
        now = time.process_time()
        self._begun = self._begun or now
        self.reports, self.process_s = self.reports + (now > self._begun), now - self._begun


class Timed:
    """A driver whose answers are timed."""

    def __init__(self, driver: Driver, spent: DriverTime) -> None:
        self._driver, self._spent = driver, spent

    def __getattr__(self, name: str) -> Callable[..., Any]:
        answer = getattr(self._driver, name)

        def timed(*arguments: Any, **named: Any) -> Any:
            begun = time.thread_time()
            try:
                return answer(*arguments, **named)
            finally:
                self._spent.answers_s += time.thread_time() - begun
                if name == "progressed":
                    self._spent.report()

        return timed


def sleeping_space(packs: int, seconds: int) -> SearchSpace:
    """So many trials of so many steps."""
    small = {"steps": seconds, "train_size": 8, "test_size": 4}
    return SearchSpace.build("sleep", trial={"training": small}, space={"training.seed": {"range": [0, packs]}})


def sleeping_sweep(packs: int, seconds: int, slots: int, place: Path, run: Run) -> Path:
    """Launch a sweep of packs that sleep; returns its folder."""
    pools = Pools((Pool("local", "cpu", slots, 0.0, 1.0, PACK_GIB),))
    options = SessionOptions(place / "results", tracking_uri=f"sqlite:///{place}/mlflow.db")
    return launch(
        sleeping_space(packs, seconds), options, pools, run, Console(file=io.StringIO()), StopRequest()
    ).folder.path


def ours(
    packs: int, seconds: int, slots: int, place: Path, spent: DriverTime, interval_s: float | None, light: bool
) -> list[Span]:
    """A sweep of sleeping packs on a simulated cluster, by `rhm-sweep`'s driver, ledger, MLflow writer and view.

    Processes load what those of packs that train load, PyTorch included; `light`: only Ray Tune.
    """
    if light:
        cloudpickle.register_pickle_by_value(pack_tuner)  # by reference it brings our packages along
    with simulated_cluster(slots) as cluster:
        pools = Pools((Pool("local", "cpu", slots, 0.0, 1.0, PACK_GIB),))

        def run(driver: Driver) -> None:
            timed: Any = Timed(driver, spent)
            run_packs(timed, pools, address=cluster.address, report_interval_s=interval_s, trainable=Sleeping)  # type: ignore[arg-type]

        folder = sleeping_sweep(packs, seconds, slots, place, run)
    with Ledger(folder) as ledger:
        return [Span(point.metrics["begun"], point.metrics["ended"]) for point in ledger.points()]


def plain(packs: int, seconds: int, slots: int, place: Path) -> list[Span]:
    """The same by plain Ray Tune: a function, no callback, no search."""
    with simulated_cluster(slots) as cluster:
        ray.init(address=cluster.address, log_to_driver=False, logging_level=logging.CRITICAL)
        tuner = tune.Tuner(
            tune.with_resources(sleeping_function, {"cpu": 0, "gpu": 1}),
            param_space={"seconds": seconds},
            tune_config=tune.TuneConfig(num_samples=packs),
            run_config=tune.RunConfig(storage_path=str(place), verbose=0),
        )
        return [Span(result.metrics["begun"], result.metrics["ended"]) for result in tuner.fit()]
