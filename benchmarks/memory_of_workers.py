"""Memory that Ray's processes share fairly, by kind, the most that there was while a block ran."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

WORKERS = ("ray::Sleeping", "ray::ImplicitFunc")
NODE = ("raylet", "ray::DashboardAgent", "ray::RuntimeEnvAgent", "dashboard_agent", "runtime_env_agent")


@dataclass
class Memory:
    """MiB of all processes of a kind together, and how many there were, when there were most workers."""

    workers: int = 0
    mib: Counter[str] = field(default_factory=Counter)

    @property
    def worker_mib(self) -> float | None:
        return self.mib["worker"] / self.workers if self.workers else None


def look() -> Memory:
    """The memory at this moment: proportional set sizes, in which pages that several share count in parts."""
    found = Memory()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ").strip()
            kind = (
                "worker" if words.startswith(WORKERS) else "node" if any(word in words[:200] for word in NODE) else ""
            )
            if kind:
                lines = (process / "smaps_rollup").read_text().splitlines()
                found.mib[kind] += int(next(line.split()[1] for line in lines if line.startswith("Pss:"))) // 1024
                found.workers += kind == "worker"
    return found


@contextmanager
def memory_of_workers(interval_s: float = 5.0) -> Iterator[list[Memory]]:
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
