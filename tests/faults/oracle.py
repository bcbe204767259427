"""Counts what became of a sweep: from its plan, from the steps written down outside the product, from ledger and MLflow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.tracking.store import DEFAULT_EXPERIMENT

from ..processes import Command
from .fault_record import FaultRecord
from .remains import orphans, torn_files
from .tracked_points import Key, tracked_points, tracked_runs


@dataclass(frozen=True)
class Oracle:
    """Where to look. `planned` has the steps of each trial, by signature; without a store MLflow is not looked at."""

    planned: Mapping[str, int]
    sweep: Path
    steps_log: Path
    store: Path | str | None
    """The file of MLflow's database, or its address."""
    experiment: str = DEFAULT_EXPERIMENT

    def steps(self, born_after: float = 0.0) -> Counter[Key]:
        """How often each planned trial executed each step, in processes that were started after a moment, in Unix time.

        Packs that measure the pace alone are of one trial several times; they do not count.
        """
        if not self.steps_log.exists():
            return Counter()
        lines = (line.split() for line in self.steps_log.read_text().splitlines())
        packs = (
            (step, names) for step, born, *names in lines if len(set(names)) == len(names) and float(born) > born_after
        )
        return Counter((name, int(step)) for step, names in packs for name in names if name in self.planned)

    def executed(self, born_after: float = 0.0) -> int:
        """How many steps were executed, over all trials, in such processes."""
        return self.steps(born_after).total()

    def look(
        self,
        fault: str,
        happened: str,
        commands: Sequence[Command] = (),
        recovery_s: float | None = None,
        exit_codes: Iterable[int] = (),
    ) -> FaultRecord:
        """Take the whole record, now that the sweep has ended."""
        counts = {**self._trials(), **self._points(), **self._steps(), "orphans": orphans(commands)}
        counts["torn_files"] = len(torn_files(self.sweep))
        known: dict[str, Any] = {**dict.fromkeys(_COUNTS, 0), **counts}
        return FaultRecord(fault, happened, recovery_s=recovery_s, exit_codes=tuple(exit_codes), **known)

    def _states(self) -> dict[str, str]:
        with Ledger(self.sweep) as ledger:
            unexplained = {trial.signature for trial in ledger.trials("failed", "stopped") if not trial.reason}
            return {name: "unexplained" if name in unexplained else state for name, state in ledger.states().items()}

    def _done(self) -> set[str]:
        return {name for name, state in self._states().items() if state == "done"}

    def _trials(self) -> dict[str, int]:
        states = self._states()
        ended = {name for name in self.planned if states.get(name) in ("done", "failed", "stopped")}
        count = Counter(states.values())
        return {
            "planned": len(self.planned),
            "done": count["done"],
            "failed": count["failed"],
            "lost": len(self.planned.keys() - ended) + len(states.keys() - self.planned.keys()),
        }

    def _points(self) -> dict[str, int]:
        expected = {(name, step) for name in self._done() for step in log2_steps(self.planned[name])}
        with Ledger(self.sweep) as ledger:
            places = [Counter((point.signature, point.step) for point in ledger.points())]
        tracked = {"duplicate_runs": 0, "left_running": 0}
        if self.store:
            runs, points = tracked_runs(self.store, self.experiment), tracked_points(self.store, self.experiment)
            places.append(points)
            tracked = {
                "duplicate_runs": sum(count - 1 for count in Counter(name for name, _ in runs).values()),
                "left_running": sum(status == "RUNNING" for _, status in runs),
            }
        return {
            "points_expected": len(expected),
            "points_missing": sum(len(expected - place.keys()) for place in places),
            "points_duplicated": sum(count - 1 for place in places for count in place.values()),
            **tracked,
        }

    def _steps(self) -> dict[str, int]:
        steps = self.steps()
        needed = {(name, step) for name in self._done() for step in range(1, self.planned[name] + 1)}
        return {
            "steps_executed": steps.total(),
            "steps_missing": len(needed - steps.keys()),
            "steps_redone": steps.total() - len(steps),
        }


_COUNTS = [field.name for field in fields(FaultRecord) if field.type == "int"]


def log2_steps(steps: int) -> set[int]:
    """Where a trial is evaluated."""
    return {2**k for k in range(steps.bit_length()) if 2**k < steps} | {steps}
