"""Trials that change their pack, and packs that change their pool."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace

from rhm_sweeps.config import parse_trial
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.packs.packing import pack_id
from rhm_sweeps.pools.pools import Pools
from rhm_sweeps.sweeps.folder import SweepFolder


def split_pack(ledger: Ledger, folder: SweepFolder, pack: str) -> tuple[str, ...]:
    """Move what is pending of a pack into two new ones that go on from its checkpoints; return their ids, none if nothing is left."""
    left = [trial.signature for trial in ledger.trials_of(pack) if trial.state == "pending"]
    middle = -(-len(left) // 2)
    halves = {unused_id(ledger, half): half for half in (left[:middle], left[middle:]) if half}
    record = ledger.packs().get(pack)
    for half in halves:
        for checkpoint in (folder.packs / pack).glob("*.ckpt"):
            (folder.packs / half).mkdir(parents=True, exist_ok=True)
            shutil.copy2(checkpoint, folder.packs / half / checkpoint.name)
    with ledger.transaction():
        for half, signatures in halves.items():
            ledger.set_pack(dict.fromkeys(signatures, half))
            ledger.set_packs([replace(record, id=half, crashes=0)] if record else [])
    return tuple(halves)


def unused_id(ledger: Ledger, signatures: Sequence[str]) -> str:
    """An id for a pack of these trials that no pack of the sweep has had: its folder holds nobody's checkpoints."""
    known = ledger.pack_ids()
    first = pack_id(signatures)
    ids = (first if attempt == 0 else f"{first}-{attempt}" for attempt in range(len(known) + 1))
    return next(one for one in ids if one not in known)


def reroute(ledger: Ledger, pools: Pools, *, or_wait: bool = False) -> int:
    """Send packs whose pool there is no more to the one where their trials would go now; return how many.

    Raises:
        SweepError: if that pool can never run a pack either, unless `or_wait`, which leaves the pack where it is.
    """
    records, moved = ledger.packs(), {}
    for trial in ledger.trials("pending", "running"):
        record = records.get(trial.pack)
        if record and record.pool not in pools.limits and trial.pack not in moved:
            config = parse_trial(trial.config)
            if not or_wait or pools.destination(config) in pools.limits:
                moved[trial.pack] = replace(record, pool=pools.route(config))
    ledger.set_packs(moved.values())
    return len(moved)
