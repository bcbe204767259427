"""How far a sweep is, from what its ledger has: the counts of its trials and the records of its packs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean

from rhm_sweeps.ledger import PackRecord

STALE_MS = 300_000
"""A pack that has not reported for so long does not train; between reports may lie a long evaluation."""


@dataclass(frozen=True)
class Standing:
    """How far a sweep is: the share of its optimizer steps that is done, those per second of all trials that train now, and
    the seconds to go at that pace, evaluations not counted; None if nothing trains. `running` are the packs that train."""

    fraction: float
    steps_per_second: float
    eta_s: float | None
    running: tuple[PackRecord, ...] = ()


UNKNOWN = Standing(0.0, 0.0, None)
"""Of a sweep that cannot be read."""


def standing(counts: Mapping[str, int], packs: Iterable[PackRecord], now_ms: int) -> Standing:
    """Return where a sweep stands.

    Args:
        counts: trials by state; what nobody drives is pending, not running.
        packs: all packs that have a record.
        now_ms: Unix time.
    """
    unfinished = counts["pending"] + counts["running"]
    planned = unfinished + counts["done"] + counts["failed"] + counts["stopped"]
    known = [pack for pack in packs if pack.steps]
    begun = [pack for pack in known if pack.active] if unfinished else []
    live = [pack for pack in begun if now_ms - pack.updated_ms <= STALE_MS] if counts["running"] else []
    partly = min(sum(pack.active * pack.step / pack.steps for pack in begun), unfinished)
    per_trial = fmean(pack.steps for pack in known) if known else 0.0
    left = max(unfinished - partly, 0) * per_trial
    pace = sum(pack.active * pack.steps_per_second for pack in live)
    return Standing(
        fraction=(planned - unfinished + partly) / planned if planned else 1.0,
        steps_per_second=pace,
        eta_s=0.0 if not unfinished else left / pace if pace else None,
        running=tuple(live),
    )
