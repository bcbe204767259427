"""What a fault did to a sweep, in numbers: one line to read, one JSON object to keep."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

NEVER = (
    "lost",
    "duplicate_runs",
    "left_running",
    "points_missing",
    "points_duplicated",
    "steps_missing",
    "orphans",
    "torn_files",
)
"""What no fault may leave behind."""


@dataclass(frozen=True)
class FaultRecord:
    """One fault and what was left of it when the sweep had ended. Steps and points are those of single trials."""

    fault: str
    happened: str
    """In a few words."""
    planned: int
    done: int
    failed: int
    lost: int
    """Planned, but neither done nor failed with a reason nor stopped."""
    duplicate_runs: int
    left_running: int
    """Runs of MLflow that say RUNNING."""
    points_expected: int
    points_missing: int
    """Of done trials, in the ledger and in MLflow."""
    points_duplicated: int
    steps_executed: int
    steps_missing: int
    """Of done trials: never executed."""
    steps_redone: int
    orphans: int
    """Processes that outlived their command."""
    torn_files: int
    """Under their final names, when the sweep had ended."""
    recovery_s: float | None = None
    """From the fault's end, or the resume, to the next step or the point in the store."""
    exit_codes: tuple[int, ...] = ()
    test: str = ""

    @property
    def flaws(self) -> dict[str, int]:
        """What must never be and is."""
        return {name: count for name in NEVER if (count := getattr(self, name))}

    @property
    def recovery(self) -> str:
        return "-" if self.recovery_s is None else f"{self.recovery_s:.1f} s"

    @property
    def exits(self) -> str:
        return ", ".join(map(str, self.exit_codes)) or "-"

    def line(self) -> str:
        """All of it in one line."""
        return (
            f"{self.fault}: trials {self.planned} planned, {self.done} done, {self.failed} failed, {self.lost} lost; "
            f"MLflow {self.duplicate_runs} duplicate runs, {self.left_running} left RUNNING; "
            f"points {self.points_expected} expected, {self.points_missing} missing, {self.points_duplicated} duplicated; "
            f"steps {self.steps_executed} executed, {self.steps_redone} redone, {self.steps_missing} missing; "
            f"{self.orphans} orphan processes; {self.torn_files} torn files; recovery {self.recovery}; exit codes {self.exits}"
        )

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> FaultRecord:
        found = json.loads(text)
        return cls(**{**found, "exit_codes": tuple(found["exit_codes"])})
