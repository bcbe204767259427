"""The ledger's metric points."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from rhm_sweeps.ledger.database import Database
from rhm_sweeps.ledger.records import MetricPoint, now_ms


class PointTable(Database):
    """Metric points, one per trial and step."""

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
        return self._points(f"WHERE id > ? {where} ORDER BY id LIMIT ?", values)

    def point_texts(self, count: int) -> Iterator[list[tuple[str, int, int, str]]]:
        """All points in the order of recording, `count` at a time: signature, step, time in ms, metrics as JSON text."""
        rows = self._db.execute("SELECT signature, step, timestamp_ms, metrics FROM points ORDER BY id")
        while found := rows.fetchmany(count):
            yield found

    def last_points(self) -> dict[str, MetricPoint]:
        """The point at the highest step of each trial that has one, by signature."""
        found = self._points(
            "JOIN (SELECT signature AS s, max(step) AS last FROM points GROUP BY signature) ON signature = s AND step = last",
            (),
        )
        return {point.signature: point for point in found}

    def _points(self, where: str, values: tuple[str | int, ...]) -> Iterator[MetricPoint]:
        rows = self._db.execute(f"SELECT signature, step, metrics, timestamp_ms, id FROM points {where}", values)
        return (MetricPoint(sig, step, json.loads(metrics), ms, key) for sig, step, metrics, ms, key in rows)
