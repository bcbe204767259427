"""Trials that failed or were stopped and are to be trained after all."""

from __future__ import annotations

from collections.abc import Sequence

from rhm_sweeps.config import parse_trial
from rhm_sweeps.errors import UsageError
from rhm_sweeps.ledger import Ledger, PackRecord, TrialRecord
from rhm_sweeps.pools.pool_packs import pool_packs
from rhm_sweeps.pools.pools import Pools
from rhm_sweeps.sweeps.control import plan_changed
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.repacking import unused_id
from rhm_sweeps.sweeps.trial_filter import select_trials
from rhm_sweeps.training.checkpoints import load_checkpoint


def choose_again(
    ledger: Ledger, folder: SweepFolder, states: Sequence[str], where: str | None = None, trials: Sequence[str] = ()
) -> list[TrialRecord]:
    """Return those trials in some of the states `failed` and `stopped` that `select_trials` finds.

    Raises:
        UsageError: if there is none, or as `select_trials`.
    """
    chosen = [trial for trial in select_trials(ledger, where, trials) if trial.state in states]
    if not chosen:
        counts = ", ".join(f"{count} {state}" for state, count in ledger.counts().items() if count)
        raise UsageError(f"no trial to try again is {' or '.join(states)}; sweep {folder.path.name} has {counts}")
    return chosen


def take_up(ledger: Ledger, folder: SweepFolder, records: Sequence[TrialRecord], pools: Pools) -> None:
    """Plan trials again, in packs of their own: the failed from step 0, the stopped from where they were stopped."""
    trials = [parse_trial(record.config, f"trial {record.signature}") for record in records]
    steps = {record.signature: step for record in records if (step := _stopped_step(folder, record)) is not None}
    with ledger.transaction():
        for pool, packs in pool_packs(trials, pools, steps).items():
            for pack in packs:
                signatures = [trial.signature for trial in pack.trials]
                pack_id = unused_id(ledger, signatures)
                ledger.set_packs([PackRecord(pack_id, pool)])
                ledger.set_pack(dict.fromkeys(signatures, pack_id))
                ledger.set_state(signatures, "pending")
        ledger.set_sources({signature: signature for signature in steps})
        ledger.drop_orders(record.signature for record in records)
        plan_changed(ledger)


def _stopped_step(folder: SweepFolder, record: TrialRecord) -> int | None:
    """The optimizer step from which a stopped trial can go on; None for others."""
    path = folder.training_state(record.signature)
    if record.state != "stopped" or not path.is_file():
        return None
    return int(load_checkpoint(path)["step"])
