"""The ledger's trials: the plan, and the state of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rhm_sweeps.credentials import redact
from rhm_sweeps.ledger.database import Database
from rhm_sweeps.ledger.records import STATES, TrialRecord, TrialState, file_name, now_ms

COLUMNS = "signature, position, pack, config, state, reason, started_ms, ended_ms"


class TrialTable(Database):
    """Trials by signature, in the order of the plan."""

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
        rows = self._db.execute(f"SELECT {COLUMNS} FROM trials {where} ORDER BY position", states)
        return [trial_record(row) for row in rows]

    def trials_of(self, pack: str) -> list[TrialRecord]:
        """The trials of a pack, whatever their state."""
        rows = self._db.execute(f"SELECT {COLUMNS} FROM trials WHERE pack = ? ORDER BY position", (pack,))
        return [trial_record(row) for row in rows]

    def pending(self, pack: str | None = None) -> dict[str, dict[str, int]]:
        """The positions in the plan of pending trials, by pack and signature; of all packs or of one."""
        # SQLite by itself would look through all that is pending for those of one pack, because that is in order.
        among = "WHERE" if pack is None else "INDEXED BY trials_by_pack WHERE pack = ? AND"
        query = f"SELECT pack, signature, position FROM trials {among} state = 'pending' ORDER BY position"
        packs: dict[str, dict[str, int]] = {}
        for name, signature, position in self._db.execute(query, () if pack is None else (pack,)):
            packs.setdefault(file_name(name), {})[file_name(signature)] = position
        return packs

    def configs(self, signatures: Iterable[str]) -> dict[str, str]:
        """The configurations of trials as JSON, as they are stored."""
        query = "SELECT config FROM trials WHERE signature = ?"
        return {name: self._db.execute(query, (name,)).fetchone()[0] for name in signatures}

    def states(self) -> dict[str, TrialState]:
        """The state of every trial, by signature, in the order of the plan."""
        rows = self._db.execute("SELECT signature, state FROM trials ORDER BY position")
        return {file_name(signature): state for signature, state in rows}

    def last_step(self, signature: str) -> int | None:
        """The optimizer step at which a trial ends if nothing stops it before; None if it is not planned."""
        query = "SELECT json_extract(config, '$.training.steps') FROM trials WHERE signature = ?"
        row = self._db.execute(query, (signature,)).fetchone()
        return None if row is None else row[0]

    def largest(self, name: str) -> float | None:
        """The largest value of a field, by its dotted name, among all trials; None if none has a number there."""
        query = "SELECT max(json_extract(config, ?)) FROM trials"
        found: float | None = self._db.execute(query, (f"$.{name}",)).fetchone()[0]
        return found

    def last_position(self) -> int:
        """The position of the last trial of the plan, -1 if there is none."""
        return int(self._db.execute("SELECT coalesce(max(position), -1) FROM trials").fetchone()[0])

    def counts(self) -> dict[TrialState, int]:
        """How many trials are in each state."""
        rows = dict(self._db.execute("SELECT state, count(*) FROM trials GROUP BY state"))
        return {state: rows.get(state, 0) for state in STATES}

    def set_state(self, signatures: Sequence[str], state: TrialState, reason: str = "") -> None:
        """Move trials to a state; finished trials (done) never leave it, but to be extended."""
        now = now_ms()
        started = now if state == "running" else None
        ended = now if state in ("done", "failed", "stopped") else None
        allowed = "state = 'done'" if state == "extended" else "state NOT IN ('done', 'extended')"
        with self.transaction():
            self._db.executemany(
                "UPDATE trials SET state = ?, reason = ?, started_ms = coalesce(started_ms, ?), "
                f"ended_ms = iif(state = 'done', ended_ms, ?) WHERE signature = ? AND {allowed}",
                [(state, redact(reason), started, ended, signature) for signature in signatures],
            )

    def set_pack(self, packs: Mapping[str, str]) -> None:
        """Move trials, by signature, to other packs."""
        with self.transaction():
            self._db.executemany(
                "UPDATE trials SET pack = ? WHERE signature = ?",
                [(pack, signature) for signature, pack in packs.items()],
            )

    def varied(self) -> list[str]:
        """Dotted names of the fields that take more than one value among the planned trials."""
        rows = self._db.execute(
            "SELECT replace(substr(fullkey, 3), '\"', '') FROM trials, json_tree(config) "
            "WHERE json_tree.type NOT IN ('object', 'array') "
            "GROUP BY fullkey HAVING count(DISTINCT coalesce(atom, 'null')) > 1"
        )
        return [name for (name,) in rows]


def trial_record(row: tuple[Any, ...]) -> TrialRecord:
    """The trial of a row of `COLUMNS`."""
    signature, position, pack, config, state, reason, started_ms, ended_ms = row
    return TrialRecord(signature, position, pack, json.loads(config), state, reason, started_ms, ended_ms)
