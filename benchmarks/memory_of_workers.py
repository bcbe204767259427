"""Memory of Ray's workers, when there were most of them while a block ran."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

WORKERS = ("ray::Sleeping", "ray::ImplicitFunc")


@dataclass(frozen=True)
class Memory:
    """Of all workers at a moment: how many there were, and their MiB together."""

    workers: int = 0
    mib: float = 0.0

    @property
    def worker_mib(self) -> float | None:
        """MiB of one."""
        return self.mib / self.workers if self.workers else None


def look() -> Memory:
    """The workers now, by their proportional set sizes, in which pages that several share count in parts."""
    found = [size for process in Path("/proc").glob("[0-9]*") if (size := _mib(process))]
    return Memory(len(found), sum(found))


def _mib(process: Path) -> float:
    with suppress(OSError, StopIteration):
        if (process / "cmdline").read_bytes().decode(errors="replace").startswith(WORKERS):
            lines = (process / "smaps_rollup").read_text().splitlines()
            return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return 0.0


@contextmanager
def memory_of_workers(interval_s: float = 2.0) -> Iterator[list[Memory]]:
    """Looks again and again while the block runs; yields a list whose last entry is the look with most workers."""
    best, over = [Memory()], threading.Event()

    def watch() -> None:
        while not over.wait(interval_s):
            now = look()
            if now.workers >= best[-1].workers:
                best.append(now)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield best
    finally:
        over.set()
        thread.join()
