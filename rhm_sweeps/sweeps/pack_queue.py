"""The packs of a sweep that are still to be trained: which is next, in which pool, and when one whose process died may try again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from rhm_sweeps.ledger import Ledger, PackRecord
from rhm_sweeps.packs.pack_orders import clear_orders
from rhm_sweeps.packs.report_pace import report_interval_s
from rhm_sweeps.running.tasks import PackTask
from rhm_sweeps.sweeps.folder import SweepFolder

CRASHES_FORGIVEN = 3
"""How often a pack whose process died is started again."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
"""Before a pack is started again; doubles with each death."""


@dataclass
class PackQueue:
    """Unfinished packs of a ledger in the order of the plan, each pool for itself.

    `limits` is the number of packs that each pool runs at once; a pool that is not named runs none.
    """

    ledger: Ledger
    folder: SweepFolder
    limits: Mapping[str, int]
    judged: bool = False
    """Whether a scheduler stops trials by their metric points."""
    clock: Callable[[], float] = time.monotonic
    running: dict[str, str] = field(default_factory=dict)
    """The pool of each pack that was handed out."""
    _waiting: dict[str, dict[str, int]] = field(default_factory=dict)
    """Positions in the plan, by pack and trial."""
    _not_before: dict[str, float] = field(default_factory=dict)
    _unwritten: set[str] = field(default_factory=set)
    """Packs that are further than the ledger says."""

    def refresh(self) -> None:
        """Read from the ledger what is pending; packs that run are not looked at."""
        self._records = self.ledger.packs()
        self._sources = self.ledger.sources()
        self._waiting = {pack: left for pack, left in self.ledger.pending().items() if pack not in self.running}

    def pool_of(self, pack: str) -> str:
        """The pool that the plan chose for a pack."""
        record = self._records.get(pack)
        return (record and record.pool) or next(iter(self.limits), "")

    @property
    def taken_up(self) -> set[str]:
        """Trials that were stopped and then wanted after all: no scheduler stops them again."""
        return {signature for signature, source in self._sources.items() if signature == source}

    @property
    def waiting(self) -> Mapping[str, int]:
        """How many trials each pack has that was not handed out."""
        return {pack: len(trials) for pack, trials in self._waiting.items()}

    @property
    def is_empty(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return not self.running and not self._waiting

    @property
    def free_places(self) -> int:
        """How many more packs could run now, were there any."""
        return sum(self.limits.values()) - len(self.running)

    def take(self) -> PackTask | None:
        """Hand out the next pack that has a place."""
        if self.free_places <= 0:
            return None
        taken = Counter(self.running.values())
        now = self.clock()
        for pack in self._waiting:
            pool = self.pool_of(pack)
            if taken[pool] < self.limits.get(pool, 0) and self._not_before.get(pack, 0.0) <= now:
                return self._hand_out(pack, pool)
        return None

    def _hand_out(self, pack: str, pool: str) -> PackTask:
        trials = self._waiting.pop(pack)
        self.running[pack] = pool
        clear_orders(self.folder.packs / pack)
        sources = {name: self._sources[name] for name in trials if name in self._sources}
        return PackTask(
            pack,
            self.ledger.configs(trials),
            self.folder.packs / pack,
            self.folder.models,
            pool,
            {signature: self.folder.training_state(source) for signature, source in sources.items()},
            report_interval_s(min(sum(self.limits.values()), len(self.running) + len(self._waiting))),
            self.judged,
        )

    def free(self, pack: str) -> None:
        """Give a pack's place back; what is left of the pack is pending in the ledger."""
        self.running.pop(pack, None)
        if left := self.ledger.pending(pack):
            self._rest(pack, len(left[pack]))
            waiting = {**self._waiting, **left}
            self._waiting = dict(sorted(waiting.items(), key=lambda item: min(item[1].values())))

    def _rest(self, pack: str, left: int) -> None:
        """Nothing of the pack trains now."""
        if record := self._records.get(pack):
            self._records[pack] = replace(record.resting, active=left)
            self.ledger.set_packs([self._records[pack]])

    def count_crash(self, pack: str) -> int:
        """Record the death of a pack's process, let the pack wait, and return how many there were."""
        record = self._records.get(pack) or PackRecord(pack, self.running.get(pack, ""))
        self._records[pack] = record = replace(record, crashes=record.crashes + 1)
        self.ledger.set_packs([record])
        self._not_before[pack] = self.clock() + min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (record.crashes - 1))
        return record.crashes

    def note(self, record: PackRecord) -> None:
        """Take note of how far a pack is; its pool and its crashes stay."""
        known = self._records.get(record.id) or PackRecord(record.id, self.running.get(record.id, ""))
        self._records[record.id] = replace(record, pool=known.pool, crashes=known.crashes)
        self._unwritten.add(record.id)

    def write_notes(self) -> None:
        """Record how far packs are."""
        self.ledger.set_packs([self._records[pack] for pack in sorted(self._unwritten) if pack in self._records])
        self._unwritten.clear()
