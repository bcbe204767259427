"""What a tracking store already has of a sweep, row by row: kept in memory, saved to the ledger in portions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rhm_sweeps.ledger import Ledger, Projection

SWEEP_ROW = ""
"""The signature of the row of the sweep itself; all points of all trials up to its last point are sent."""
SAVE_EVERY = 50


class Watermarks:
    """The rows of one ledger for one store.

    A row without a run announces that one is about to be made, so that after a crash it is known which to look for; a row
    without a state promises nothing: all of its trial is sent again.
    """

    def __init__(self, ledger: Ledger, target: str) -> None:
        self._ledger = ledger
        self._target = target
        self._rows = ledger.projections(target)
        self._unsaved: set[str] = set()

    def __getitem__(self, signature: str) -> Projection:
        return self._rows.get(signature) or Projection(signature, "")

    def signatures(self) -> set[str]:
        return set(self._rows)

    def announce(self, signatures: Iterable[str]) -> None:
        """Say durably that runs for these are about to be made."""
        for signature in signatures:
            if signature not in self._rows:
                self.put(Projection(signature, ""))
        self.save()

    def announced(self) -> set[str]:
        """The trials whose run may or may not have been made."""
        return {signature for signature, row in self._rows.items() if not row.run_id}

    def adopt(self, signature: str, run_ids: set[str]) -> set[str]:
        """Settle on one of the runs that the store has for a trial, if any, and return the others."""
        if self[signature].run_id not in run_ids:
            self.put(Projection(signature, min(run_ids, default="")))
        return run_ids - {self[signature].run_id}

    def sent_up_to(self, point_id: int) -> None:
        """All points of all trials up to this one are sent."""
        self.put(replace(self[SWEEP_ROW], last_point=point_id))

    def put(self, row: Projection) -> Projection:
        self._rows[row.signature] = row
        self._unsaved.add(row.signature)
        if len(self._unsaved) >= SAVE_EVERY:
            self.save()
        return row

    def save(self) -> None:
        if self._unsaved:
            self._ledger.set_projections(self._target, [self._rows[signature] for signature in self._unsaved])
            self._unsaved.clear()
