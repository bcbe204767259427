"""How long planning takes, and how much memory, beside the same settings from `itertools.product` and `json` alone.

    python benchmarks/plan_size.py --trials 10000 100000

A space of ten training-set sizes, as many grammars as needed, and two replicas. The floor makes the same nested dictionaries, with
what is written in them and nothing checked, and a SHA-256 of each one's JSON. Each measurement is a process of its own, whose peak
resident memory is that of everything in it, libraries included: `imports` is a process that plans one trial.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import multiprocessing
import platform
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass

from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.plan import make_plan
from rhm_sweeps.version import __version__

SIZES = range(64, 74)
REPLICAS = 2


@dataclass(frozen=True)
class Measured:
    """Seconds, and peak resident memory of the process."""

    trials: int
    seconds: float
    memory_gib: float


def space_of(trials: int) -> SearchSpace:
    """A space of so many trials, a multiple of 20, or of one."""
    if trials == 1:
        return SearchSpace.build("one")
    grammars = {"range": [0, trials // (len(SIZES) * REPLICAS)]}
    axes = {"grammar.seed_rules": grammars, "training.train_size": {"grid": list(SIZES)}}
    return SearchSpace.build("large", space=axes, replicas=REPLICAS)


def plan(trials: int) -> int:
    """Plan as `rhm-sweep plan` does, packs included."""
    return len(make_plan(space_of(trials), max_settings=trials).trials)


def floor(trials: int) -> int:
    """The same settings by their hashes, in packs of sixteen."""
    grammars = range(trials // (len(SIZES) * REPLICAS))
    found = {}
    for seed_rules, train_size, replica in itertools.product(grammars, SIZES, range(REPLICAS)):
        training = {"train_size": train_size, "seed": replica, "seed_sample": replica}
        setting = {"grammar": {"seed_rules": seed_rules}, "training": training}
        found[hashlib.sha256(json.dumps(setting, sort_keys=True).encode()).hexdigest()[:12]] = setting
    settings = list(found.values())
    packs = [settings[start : start + 16] for start in range(0, len(settings), 16)]
    return sum(map(len, packs))


def _measure(make: Callable[[int], int], trials: int, answer: multiprocessing.SimpleQueue[Measured]) -> None:
    start = time.perf_counter()
    count = make(trials)
    seconds = time.perf_counter() - start
    answer.put(Measured(count, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20))


def measure(make: Callable[[int], int], trials: int) -> Measured:
    """What a fresh process takes to make so many settings."""
    context = multiprocessing.get_context("spawn")
    answer: multiprocessing.SimpleQueue[Measured] = context.SimpleQueue()
    process = context.Process(target=_measure, args=(make, trials, answer))
    process.start()
    process.join()
    return answer.get()


def main() -> None:
    """Print one JSON line per size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, nargs="+", default=[10_000, 100_000])
    chosen = parser.parse_args()
    imports = measure(plan, 1).memory_gib
    print(json.dumps({"version": __version__, "python": platform.python_version(), "imports_gib": round(imports, 3)}))
    for trials in chosen.trials:
        ours, least = measure(plan, trials), measure(floor, trials)
        print(json.dumps({
            "trials": ours.trials,
            "seconds": round(ours.seconds, 2),
            "memory_gib": round(ours.memory_gib, 3),
            "floor_seconds": round(least.seconds, 2),
            "floor_memory_gib": round(least.memory_gib, 3),
            "ratio": round(ours.seconds / least.seconds, 1),
        }))  # fmt: skip


if __name__ == "__main__":
    main()
