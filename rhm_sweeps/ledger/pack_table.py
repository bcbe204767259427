"""The ledger's packs, and what the trials in them are to start from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple

from rhm_sweeps.ledger.database import Database
from rhm_sweeps.ledger.records import PackRecord, file_name


class PackTable(Database):
    """Packs by id."""

    def set_packs(self, packs: Iterable[PackRecord]) -> None:
        with self.transaction():
            self._db.executemany("INSERT OR REPLACE INTO packs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", map(astuple, packs))

    def packs(self) -> dict[str, PackRecord]:
        return {row[0]: PackRecord(*row) for row in self._db.execute("SELECT * FROM packs")}

    def pack_ids(self) -> set[str]:
        """Every pack that the sweep has or had."""
        return {pack for (pack,) in self._db.execute("SELECT id FROM packs UNION SELECT pack FROM trials")}

    def set_sources(self, sources: Mapping[str, str]) -> None:
        """Let trials go on from where others ended, or they themselves did."""
        with self.transaction():
            self._db.executemany("INSERT OR REPLACE INTO sources VALUES (?, ?)", sources.items())

    def sources(self) -> dict[str, str]:
        """The signature of the trial from whose end a trial goes on, by its own signature."""
        rows = self._db.execute("SELECT signature, source FROM sources")
        return {signature: file_name(source) for signature, source in rows}
