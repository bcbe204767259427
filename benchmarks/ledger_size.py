"""How long a large sweep's status and results take to read, beside reading its rows with `json.loads` alone.

    python benchmarks/ledger_size.py --trials 10000 --points 25 --metrics 40

The ledger is made in a temporary folder, with values drawn at random; each reading runs in a process of its own, whose peak
resident memory is that of everything in it, libraries included.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.ledger import FILE_NAME, Ledger, MetricPoint, PackRecord, TrialRecord, now_ms
from rhm_sweeps.sweeps.folder import SweepFolder, sweep_status
from rhm_sweeps.tracking.results import results_from_ledger

MEMBERS = 16


def fill(folder: Path, trials: int, points: int, metrics: int) -> None:
    """Write a sweep of packs of `MEMBERS` trials, all running, in the order in which packs report."""
    config = TrialConfig().model_dump()
    names = [f"a_metric_{index}" for index in range(metrics)]
    signatures = [f"{index:012x}" for index in range(trials)]
    packs = [f"{index // MEMBERS:012x}" for index in range(trials)]
    with Ledger(folder, create=True) as ledger, ledger.transaction():
        ledger.set_meta(name=folder.name, created_ms=now_ms(), state="running")
        ledger.add_trials(
            TrialRecord(signature, index, packs[index], config) for index, signature in enumerate(signatures)
        )
        ledger.set_state(signatures, "running")
        ledger.set_packs(
            PackRecord(pack, "local", 0, 2**20, 2**24, MEMBERS, 100.0, now_ms()) for pack in dict.fromkeys(packs)
        )
        for point in range(points):
            ledger.add_points(_points(signatures, point, names))


def _points(signatures: list[str], point: int, names: list[str]) -> Iterator[MetricPoint]:
    draw = random.Random(point).random
    for signature in signatures:
        yield MetricPoint(signature, 2**point, {name: draw() for name in names}, 1_790_000_000_000 + point)


def read_rows(folder: Path) -> None:
    """The floor of reading row by row: SQLite and `json.loads`, keeping nothing."""
    for (text,) in sqlite3.connect(folder / FILE_NAME).execute("SELECT metrics FROM points"):
        json.loads(text)


def read_status(folder: Path) -> None:
    sweep_status(SweepFolder(folder))


def read_results(folder: Path) -> None:
    results_from_ledger(folder)


def _measured(
    read: Callable[[Path], None], folder: Path, answer: multiprocessing.SimpleQueue[tuple[float, float, int]]
) -> None:
    start, worked = time.perf_counter(), time.process_time()
    read(folder)
    answer.put(
        (time.perf_counter() - start, time.process_time() - worked, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    )


def measure(read: Callable[[Path], None], folder: Path) -> tuple[float, float, float]:
    """Seconds, seconds of processor time, and peak memory in GiB of a fresh process that reads the folder."""
    context = multiprocessing.get_context("spawn")
    answer = context.SimpleQueue()
    process = context.Process(target=_measured, args=(read, folder, answer))
    process.start()
    seconds, worked_s, kibibytes = answer.get()
    process.join()
    return seconds, worked_s, kibibytes / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--points", type=int, default=25)
    parser.add_argument("--metrics", type=int, default=40)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "large"
        start = time.perf_counter()
        fill(folder, arguments.trials, arguments.points, arguments.metrics)
        size = (folder / FILE_NAME).stat().st_size
        rows = arguments.trials * arguments.points
        print(f"{arguments.trials:,} trials, {rows:,} points, {rows * arguments.metrics:,} values")
        print(f"{size / 2**20:,.0f} MiB, written in {time.perf_counter() - start:.1f} s")
        found = {read.__name__: measure(read, folder) for read in (read_status, read_rows, read_results)}
    floor_s = found["read_rows"][1]
    for name, (seconds, worked_s, gibibytes) in found.items():
        print(
            f"{name:12} {seconds:8.3f} s {worked_s:8.3f} s of processors {gibibytes:6.2f} GiB {worked_s / floor_s:7.3f} x read_rows"
        )


if __name__ == "__main__":
    main()
