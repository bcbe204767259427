"""The durable record of a sweep: plan, trial states and metric points, in one SQLite file in the sweep's folder.

Everything that asks "what is done?" asks the ledger. A transaction that returned survives a power cut
(WAL, synchronous=FULL).
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from rhm_sweeps.errors import SweepError

TrialState = Literal["pending", "running", "done", "failed"]
STATES: tuple[TrialState, ...] = ("pending", "running", "done", "failed")
FILE_NAME = "ledger.db"
BUSY_TIMEOUT_S = 60

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS trials (
    signature TEXT PRIMARY KEY, position INTEGER NOT NULL, pack TEXT NOT NULL, config TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending', reason TEXT NOT NULL DEFAULT '', started_ms INTEGER, ended_ms INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS points (
    id INTEGER PRIMARY KEY, signature TEXT NOT NULL REFERENCES trials, step INTEGER NOT NULL,
    timestamp_ms INTEGER NOT NULL, metrics TEXT NOT NULL, UNIQUE (signature, step)
) STRICT;
CREATE TABLE IF NOT EXISTS projections (
    target TEXT NOT NULL, signature TEXT NOT NULL, run_id TEXT NOT NULL, last_point INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT '', PRIMARY KEY (target, signature)
) STRICT;
"""

_TRIAL_COLUMNS = "signature, position, pack, config, state, reason, started_ms, ended_ms"


@dataclass(frozen=True)
class TrialRecord:
    """A planned trial and what became of it. `config` is the nested TrialConfig; times are Unix milliseconds."""

    signature: str
    position: int
    pack: str
    config: dict[str, Any]
    state: TrialState = "pending"
    reason: str = ""
    started_ms: int | None = None
    ended_ms: int | None = None


@dataclass(frozen=True)
class MetricPoint:
    """The metrics of one trial at one optimizer step; `timestamp_ms` is frozen when the point is first recorded."""

    signature: str
    step: int
    metrics: Mapping[str, float]
    timestamp_ms: int = 0
    id: int = 0


@dataclass(frozen=True)
class Projection:
    """How much of a trial a tracking store has: its run there, the last point sent, the last `state:reason` sent."""

    signature: str
    run_id: str
    last_point: int = 0
    state: str = ""


def now_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


class Ledger:
    """One connection to a sweep's record; open one per thread."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        """Open the ledger of a sweep's folder.

        Raises:
            SweepError: if there is none, or it is not a ledger.
        """
        self.path = folder / FILE_NAME
        if not create and not self.path.is_file():
            raise SweepError(f"there is no sweep in {folder}: {FILE_NAME} is missing; `rhm-sweep ls` lists the sweeps")
        try:
            if create:
                folder.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise SweepError(f"cannot open the ledger {self.path}: {error}") from error

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block or nothing of it; durable when it returns. Blocks may nest: the outermost commits."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def set_meta(self, **values: Any) -> None:
        """Store facts about the sweep as JSON."""
        with self.transaction():
            self._db.executemany(
                "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                [(key, json.dumps(value)) for key, value in values.items()],
            )

    def meta(self, key: str, default: Any = None) -> Any:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return default if row is None else json.loads(row[0])

    def add_trials(self, trials: Iterable[TrialRecord]) -> None:
        """Plan trials; those already planned keep their state, pack and position."""
        with self.transaction():
            self._db.executemany(
                "INSERT OR IGNORE INTO trials (signature, position, pack, config) VALUES (?, ?, ?, ?)",
                [(t.signature, t.position, t.pack, json.dumps(t.config, sort_keys=True)) for t in trials],
            )

    def trials(self, *states: TrialState) -> list[TrialRecord]:
        """All trials, or those in the given states, in the order of the plan."""
        where = f"WHERE state IN ({','.join('?' * len(states))})" if states else ""
        rows = self._db.execute(
            f"SELECT {_TRIAL_COLUMNS} FROM trials {where} ORDER BY position",
            states,
        )
        return [_trial(row) for row in rows]

    def counts(self) -> dict[TrialState, int]:
        """How many trials are in each state."""
        rows = dict(self._db.execute("SELECT state, count(*) FROM trials GROUP BY state"))
        return {state: rows.get(state, 0) for state in STATES}

    def set_state(self, signatures: Sequence[str], state: TrialState, reason: str = "") -> None:
        """Move trials to a state; finished trials (done) never leave it."""
        now = now_ms()
        started = now if state == "running" else None
        ended = now if state in ("done", "failed") else None
        with self.transaction():
            self._db.executemany(
                "UPDATE trials SET state = ?, reason = ?, started_ms = coalesce(started_ms, ?), ended_ms = ? "
                "WHERE signature = ? AND state != 'done'",
                [(state, reason, started, ended, signature) for signature in signatures],
            )

    def add_points(self, points: Iterable[MetricPoint]) -> None:
        """Record metric points; a (trial, step) that is already recorded stays as it is."""
        now = now_ms()
        with self.transaction():
            self._db.executemany(
                "INSERT OR IGNORE INTO points (signature, step, timestamp_ms, metrics) VALUES (?, ?, ?, ?)",
                [(p.signature, p.step, p.timestamp_ms or now, json.dumps(dict(p.metrics))) for p in points],
            )

    def points(self, signature: str | None = None, after: int = 0, limit: int = -1) -> Iterator[MetricPoint]:
        """Points in the order of recording: of one trial or of all, those with an id above `after`, at most `limit`."""
        where, values = ("AND signature = ?", (after, signature, limit)) if signature else ("", (after, limit))
        rows = self._db.execute(
            f"SELECT signature, step, metrics, timestamp_ms, id FROM points WHERE id > ? {where} ORDER BY id LIMIT ?",
            values,
        )
        return (MetricPoint(sig, step, json.loads(metrics), ms, key) for sig, step, metrics, ms, key in rows)

    def varied(self) -> list[str]:
        """Dotted names of the fields that take more than one value among the planned trials."""
        rows = self._db.execute(
            "SELECT replace(substr(fullkey, 3), '\"', '') FROM trials, json_tree(config) "
            "WHERE json_tree.type NOT IN ('object', 'array') "
            "GROUP BY fullkey HAVING count(DISTINCT coalesce(atom, 'null')) > 1"
        )
        return [name for (name,) in rows]

    def projections(self, target: str) -> dict[str, Projection]:
        """What the tracking store `target` already has, by signature."""
        query = "SELECT signature, run_id, last_point, state FROM projections WHERE target = ?"
        rows = self._db.execute(query, (target,))
        return {row[0]: Projection(*row) for row in rows}

    def set_projections(self, target: str, projections: Iterable[Projection]) -> None:
        with self.transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO projections VALUES (?, ?, ?, ?, ?)",
                [(target, p.signature, p.run_id, p.last_point, p.state) for p in projections],
            )

    def unprojected(self, target: str) -> list[TrialRecord]:
        """Trials that left "pending" at any time and whose state is not the one that the store `target` has."""
        rows = self._db.execute(
            f"SELECT {_TRIAL_COLUMNS} FROM trials t WHERE (state != 'pending' OR started_ms IS NOT NULL) "
            "AND NOT EXISTS (SELECT 1 FROM projections p WHERE target = ? AND p.signature = t.signature "
            "AND p.state = t.state || ':' || reason) ORDER BY position",
            (target,),
        )
        return [_trial(row) for row in rows]


def _trial(row: tuple[Any, ...]) -> TrialRecord:
    signature, position, pack, config, state, reason, started_ms, ended_ms = row
    return TrialRecord(signature, position, pack, json.loads(config), state, reason, started_ms, ended_ms)
