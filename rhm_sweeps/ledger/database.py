"""The file of a ledger: SQLite in the sweep's folder, with transactions and the facts about the sweep.

A transaction that returned survives a power cut (WAL, synchronous=FULL).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from rhm_sweeps.errors import SweepError

FILE_NAME = "ledger.db"
BUSY_TIMEOUT_S = 60

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS trials (
    signature TEXT PRIMARY KEY, position INTEGER NOT NULL, pack TEXT NOT NULL, config TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending', reason TEXT NOT NULL DEFAULT '', started_ms INTEGER, ended_ms INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS trials_by_pack ON trials (pack);
CREATE INDEX IF NOT EXISTS trials_by_state ON trials (state, position);
CREATE TABLE IF NOT EXISTS points (
    id INTEGER PRIMARY KEY, signature TEXT NOT NULL REFERENCES trials, step INTEGER NOT NULL,
    timestamp_ms INTEGER NOT NULL, metrics TEXT NOT NULL, UNIQUE (signature, step)
) STRICT;
CREATE TABLE IF NOT EXISTS projections (
    target TEXT NOT NULL, signature TEXT NOT NULL, run_id TEXT NOT NULL, last_point INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT '', PRIMARY KEY (target, signature)
) STRICT;
CREATE TABLE IF NOT EXISTS packs (
    id TEXT PRIMARY KEY, pool TEXT NOT NULL DEFAULT '', crashes INTEGER NOT NULL DEFAULT 0, step INTEGER NOT NULL DEFAULT 0,
    steps INTEGER NOT NULL DEFAULT 0, active INTEGER NOT NULL DEFAULT 0, steps_per_second REAL NOT NULL DEFAULT 0,
    updated_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS orders (signature TEXT PRIMARY KEY, reason TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS sources (signature TEXT PRIMARY KEY, source TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS suggestions (
    number INTEGER PRIMARY KEY, settings TEXT NOT NULL, signatures TEXT NOT NULL, objectives TEXT
) STRICT;
"""


def _make_private(folder: Path, file: Path) -> None:
    """For this user only; in a folder that the user has opened to others, the file is open to the same."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        file.touch(mode=folder.stat().st_mode & 0o666, exist_ok=False)


def _cure(trouble: str) -> str:
    if "malformed" in trouble or "not a database" in trouble:
        return (
            f"move {FILE_NAME}* away and launch the sweep again: what checkpoints and models have is not trained again"
        )
    return "when that is mended, `rhm-sweep resume` goes on"


class Database:
    """One connection to the file; open one per thread."""

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
                _make_private(folder, self.path)
            self._db = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise SweepError(f"cannot open the ledger {self.path}: {error}; {_cure(str(error))}") from error

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        """Close it.

        Raises:
            SweepError: in the place of an error of SQLite or of what is no JSON, with the cure.
        """
        self.close()
        if isinstance(error, sqlite3.DatabaseError | json.JSONDecodeError):
            raise SweepError(f"the ledger {self.path} cannot be used: {error}; {_cure(str(error))}") from error

    def check(self) -> None:
        """Look through the whole file, which takes some 0.3 s for 100 MB.

        Raises:
            sqlite3.DatabaseError: if it is damaged.
        """
        (found,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(f"it is malformed: {found.splitlines()[-1]}")

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

    @property
    def foreign_version(self) -> int:
        """A number that changes when another connection has written."""
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

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
