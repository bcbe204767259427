"""How long it takes from `rhm-sweep launch` to the first metric, and `rhm-sweep --help`, and where the time goes.

    python benchmarks/startup.py --rounds 3

A launch of eight trials of one optimizer step, in a folder whose MLflow store exists: a warm machine; the first row is the one before,
which makes the store. The stages are: until the plan is written (imports, store, ledger); until a process of Ray begins its pack;
until the first metrics of a trial, after a step and an evaluation of 128 samples. Beside it a script of plain Ray Tune, until the
first report of the same trials. The help stands beside an interpreter that does nothing, and one that imports Typer and Rich;
what is imported for it is named with the seconds that it takes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from launched_sweep import COMMAND, Launched, launch, plain_sweep, trials_of
from measured import Report, flags, in_turn, parsed
from small_sweep import space_of

from rhm_sweeps.pools.machine import available_cores

COLUMNS = {
    "launch": "", "planned_s": ".1f", "ray_and_worker_s": ".1f", "pack_to_metric_s": ".1f",
    "first_metric_s": ".1f", "to_report_s": ".1f", "plain_first_metric_s": ".1f", "ratio": ".1f",
}  # fmt: skip
STAGES = [name for name in COLUMNS if name.endswith("_s")]
SHOWN = 8
TRIALS = 8


def stages(sweep: Launched) -> dict[str, float]:
    """Seconds that each stage took, in their order, then those of all until the first metric, and until the command ended."""
    planned, began, first = sweep.planned_s, sweep.began_s, sweep.first_metric_s
    return {
        "planned_s": planned, "ray_and_worker_s": began - planned, "pack_to_metric_s": first - began,
        "first_metric_s": first, "to_report_s": sweep.command.seconds,
    }  # fmt: skip


def launches(rounds: int, place: Path, cores: int) -> list[dict[str, float]]:
    """The stages of a first launch, and of others that alternate with a plain script."""
    found = [stages(launch(space_of(TRIALS, 1, "first"), place))]
    for index in range(rounds):
        space = space_of(TRIALS, 1, f"launch-{index}")
        plain = plain_sweep(trials_of(space), place / "plain", cores).first_metric_s
        ours = stages(launch(space, place))
        found.append({**ours, "plain_first_metric_s": plain})
    return found


def help_seconds(rounds: int) -> dict[str, float]:
    """Median seconds of the help and of less."""
    commands = {
        "rhm-sweep --help": [str(COMMAND), "--help"],
        "python -c pass": [sys.executable, "-c", "pass"],
        "python -c 'import typer, rich'": [sys.executable, "-c", "import typer, rich"],
    }
    return dict(zip(commands, in_turn([quiet(words) for words in commands.values()], rounds), strict=True))


def quiet(words: Sequence[str]) -> Callable[[], object]:
    """Runs a command and drops what it says."""
    return lambda: subprocess.run(words, check=True, capture_output=True)


def imports_of_help() -> list[tuple[str, float]]:
    """Packages, ours by part, and the seconds that their own modules take, by `-X importtime`; the slowest first."""
    words = [sys.executable, "-X", "importtime", str(COMMAND), "--help"]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stderr
    spent: Counter[str] = Counter()
    for line in said.splitlines():
        own_us, _, name = line.removeprefix("import time:").split("|") if line.count("|") == 2 else ("", "", "")
        if own_us.strip().isdigit():
            parts = name.strip().split(".")
            spent[".".join(parts[: 2 if parts[0] == "rhm_sweeps" else 1])] += int(own_us)
    return [(name, spent_us / 1e6) for name, spent_us in spent.most_common(SHOWN)]


def main(words: Sequence[str] | None = None) -> None:
    parser = flags(__doc__)
    parser.set_defaults(rounds=3)
    parser.add_argument("--only-help", action="store_true", help="launch nothing")
    chosen = parsed(parser, words, rounds=1)
    with Report(chosen, COLUMNS) as report:
        if not chosen.only_help:
            with tempfile.TemporaryDirectory() as place:
                first, *others = launches(chosen.rounds, Path(place), available_cores())
            report.add(launch="with a new store", **first)
            warm = {name: median(one[name] for one in others) for name in STAGES}
            report.add(launch="warm", **warm, ratio=warm["plain_first_metric_s"] / warm["first_metric_s"])
        times = help_seconds(chosen.rounds)
        report.note("; ".join(f"{name}: {taken:.2f} s" for name, taken in times.items()) + ".")
        slowest = ", ".join(f"{name} {taken:.3f}" for name, taken in imports_of_help())
        report.note(f"Imported for the help, seconds: {slowest}.")


if __name__ == "__main__":
    main()
