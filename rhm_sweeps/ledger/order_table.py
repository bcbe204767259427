"""Orders of other processes to the one that drives the sweep, and the suggestions of its search."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from rhm_sweeps.ledger.database import Database
from rhm_sweeps.ledger.records import SuggestionRecord


class OrderTable(Database):
    """Trials that are to be stopped, by signature, until that is done."""

    def order_stop(self, signatures: Iterable[str], reason: str) -> None:
        with self.transaction():
            rows = [(signature, reason) for signature in signatures]
            self._db.executemany("INSERT OR REPLACE INTO orders VALUES (?, ?)", rows)

    def orders(self) -> dict[str, str]:
        """Why each trial is to be stopped."""
        return dict(self._db.execute("SELECT signature, reason FROM orders"))

    def drop_orders(self, signatures: Iterable[str]) -> None:
        with self.transaction():
            self._db.executemany("DELETE FROM orders WHERE signature = ?", [(signature,) for signature in signatures])


class SuggestionTable(Database):
    """Suggestions by number."""

    def add_suggestions(self, suggestions: Iterable[SuggestionRecord]) -> None:
        with self.transaction():
            self._db.executemany(
                "INSERT OR IGNORE INTO suggestions VALUES (?, ?, ?, ?)",
                [
                    (
                        s.number,
                        json.dumps(dict(s.settings)),
                        json.dumps(s.signatures),
                        None if s.values is None else json.dumps(s.values),
                    )
                    for s in suggestions
                ],
            )

    def set_objectives(self, values: Mapping[int, tuple[float, ...]]) -> None:
        """Record the values of suggestions by number; none for one without a result."""
        with self.transaction():
            self._db.executemany(
                "UPDATE suggestions SET objectives = ? WHERE number = ?",
                [(json.dumps(found), number) for number, found in values.items()],
            )

    def suggestions(self) -> list[SuggestionRecord]:
        rows = self._db.execute("SELECT number, settings, signatures, objectives FROM suggestions ORDER BY number")
        return [
            SuggestionRecord(
                number,
                json.loads(settings),
                tuple(json.loads(signatures)),
                None if found is None else tuple(json.loads(found)),
            )
            for number, settings, signatures, found in rows
        ]
