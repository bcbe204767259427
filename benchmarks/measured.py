"""What all benchmarks share: sides that take turns, processes of their own, the machine, and the table with its record."""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import torch

from rhm_sweeps.code_identity import git_commit
from rhm_sweeps.pools.machine import available_cores
from rhm_sweeps.training.process_tuning import tune_process
from rhm_sweeps.version import __version__

Result = TypeVar("Result")
PACKAGES = ("torch", "ray", "mlflow", "numpy")
PRECISIONS = ("float32", "bf16")
BF16_FLAGS = ("avx512_bf16", "amx_bf16")


def seconds(call: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def in_turn(
    sides: Sequence[Callable[[], object]],
    rounds: int,
    warm_up: Sequence[Callable[[], object]] | None = None,
    of_rounds: Callable[[Sequence[float]], float] = statistics.median,
) -> list[float]:
    """Median seconds of each side over rounds in which all of them run once, one after another.

    Before them every side runs once to warm up, or `warm_up` does in its place. `of_rounds` may be `min`, for what is a limit.
    """
    for call in sides if warm_up is None else warm_up:
        call()
    taken = [[seconds(side) for side in sides] for _ in range(rounds)]
    return [of_rounds(column) for column in zip(*taken, strict=True)]


def finish(device: torch.device | str) -> None:
    """Wait until a GPU has done all that it was told to; a CPU has."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)


def in_fresh_process(function: Callable[..., Result], *arguments: object) -> Result:
    """What a function of a module returns in a process of its own, which imports everything anew."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def peak_gib() -> float:
    """Most resident memory that this process has had. `ru_maxrss` is not: it begins with that of the process that started this one."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**20


def machine() -> dict[str, Any]:
    """The processor, its cores and load, the versions and the commit of what was measured, and when."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    known = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processor": known.get("model name") or platform.processor() or platform.machine(),
        "bf16": [flag for flag in BF16_FLAGS if flag in known.get("flags", "").split()],
        "cores": available_cores(),
        "threads": torch.get_num_threads(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "versions": {"rhm-sweeps": __version__, **{name: version(name) for name in PACKAGES}},
        "commit": git_commit()[:12],
    }


def machine_line(found: Mapping[str, Any]) -> str:
    """The machine in a line."""
    versions = ", ".join(f"{name} {value}" for name, value in found["versions"].items())
    return (
        f"{found['date']}, {found['processor']} {' '.join(found['bf16'])}, {found['cores']} cores, "
        f"{found['threads']} thread, load {found['load']}, Python {found['python']}, {versions}, commit {found['commit']}"
    )


def flags(doc: str | None) -> argparse.ArgumentParser:
    """A parser with what all benchmarks understand; `parsed` gives their values."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="the median of so many counts")
    parser.add_argument("--quick", action="store_true", help="other defaults: fewer cases and rounds")
    parser.add_argument("--json", action="store_true", help="one record on stdout, and the table on stderr")
    return parser


def case_flags(parser: argparse.ArgumentParser, widths: Sequence[int], precisions: Sequence[str] = PRECISIONS) -> None:
    """Ask for widths and precisions; `cases` gives their pairs."""
    parser.add_argument("--width", type=int, nargs="+", default=list(widths))
    parser.add_argument("--precision", nargs="+", choices=PRECISIONS, default=list(precisions))


def cases(chosen: argparse.Namespace) -> Iterator[tuple[int, str]]:
    """Each width with each precision."""
    return itertools.product(chosen.width, chosen.precision)


def parsed(parser: argparse.ArgumentParser, words: Sequence[str] | None, **quick: Any) -> argparse.Namespace:
    """The flags' values, defaults being those of `quick` if it is asked for; this process is tuned as a worker of a sweep is."""
    tune_process()
    if "--quick" in (sys.argv[1:] if words is None else words):
        parser.set_defaults(**quick)
    return parser.parse_args(words)


class Report:
    """A Markdown table that grows row by row, then the machine; of all of it a record, as JSON if that is asked for."""

    def __init__(self, arguments: argparse.Namespace, columns: Mapping[str, str]) -> None:
        """Print the head; `columns` are the values' formats by their names in rows."""
        self._columns, self._as_json = columns, bool(arguments.json)
        self._flags = {name: value for name, value in vars(arguments).items() if name != "json"}
        self.rows: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self._machine = machine()
        self._say("| " + " | ".join(name.replace("_", " ") for name in columns) + " |")
        self._say("|---" * len(columns) + "|")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            return
        self._say(f"\n{machine_line(self._machine)}")
        if self._as_json:
            print(
                json.dumps(
                    {"machine": self._machine, "flags": self._flags, "rows": self.rows, "notes": self.notes},
                    default=str,
                )
            )

    def add(self, **row: Any) -> None:
        """Print a row; what is missing or None shows as --."""
        self.rows.append(row)
        cells = (self._cell(row.get(name), form) for name, form in self._columns.items())
        self._say("| " + " | ".join(cells) + " |")

    def note(self, text: str) -> None:
        """Print a sentence below the table."""
        self.notes.append(text)
        self._say(f"\n{text}")

    def _say(self, text: str) -> None:
        print(text, file=sys.stderr if self._as_json else sys.stdout, flush=True)

    @staticmethod
    def _cell(value: Any, form: str) -> str:
        return "--" if value is None else format(value, form)
