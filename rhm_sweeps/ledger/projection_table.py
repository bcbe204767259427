"""What tracking stores have of a ledger."""

from __future__ import annotations

from collections.abc import Iterable

from rhm_sweeps.ledger.database import Database
from rhm_sweeps.ledger.records import Projection, TrialRecord
from rhm_sweeps.ledger.trial_table import COLUMNS, trial_record


class ProjectionTable(Database):
    """Projections of trials, by store."""

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
            f"SELECT {COLUMNS} FROM trials t WHERE (state != 'pending' OR started_ms IS NOT NULL) "
            "AND NOT EXISTS (SELECT 1 FROM projections p WHERE target = ? AND p.signature = t.signature "
            "AND p.state = t.state || ':' || reason) ORDER BY position",
            (target,),
        )
        return [trial_record(row) for row in rows]
