"""The plan of a sweep in its ledger, and the code that it was started with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rhm_sweeps.code_identity import code_hash, git_commit
from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.errors import ConfigError, SweepError
from rhm_sweeps.ledger import Ledger, PackRecord, TrialRecord, now_ms
from rhm_sweeps.packs.packing import Pack
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.control import plan_changed
from rhm_sweeps.version import __version__


def is_planned(ledger: Ledger) -> bool:
    """Whether the ledger has a plan; one that was only just made when its process was killed has none."""
    return ledger.meta("code_hash") is not None


def record_plan(
    ledger: Ledger, space: SearchSpace, trials: Sequence[TrialConfig], packs: Mapping[str, Sequence[Pack]]
) -> None:
    """Write a plan into the ledger: its trials in their order, in the packs of each pool; trials that it has stay as they are."""
    with ledger.transaction():
        add_packs(ledger, trials, packs)
        if not is_planned(ledger):
            ledger.set_meta(created_ms=now_ms(), version=__version__, code_hash=code_hash(), git_commit=git_commit())
        ledger.set_meta(name=space.name, space=space.to_dict())


def add_packs(ledger: Ledger, trials: Sequence[TrialConfig], packs: Mapping[str, Sequence[Pack]]) -> None:
    """Plan more trials, in the packs of each pool."""
    pack_of = {trial.signature: pack.id for found in packs.values() for pack in found for trial in pack.trials}
    first = ledger.last_position() + 1
    with ledger.transaction():
        ledger.add_trials(
            TrialRecord(trial.signature, position, pack_of[trial.signature], trial.model_dump())
            for position, trial in enumerate(trials, start=first)
        )
        ledger.set_packs(PackRecord(pack.id, pool) for pool, found in packs.items() for pack in found)
        plan_changed(ledger)


def check_code(ledger: Ledger, *, accept_changes: bool = False) -> None:
    """Refuse to mix results of different code in one sweep.

    Raises:
        SweepError: naming both versions, unless `accept_changes`, which makes the present code the sweep's; even then if it
            cannot train a trial that is left.
    """
    recorded, present = ledger.meta("code_hash"), code_hash()
    if recorded == present:
        return
    if not accept_changes:
        raise SweepError(
            f"sweep {ledger.meta('name')} was started with code {recorded} (version {ledger.meta('version')}), but this is code "
            f"{present} (version {__version__}), which may train other models; go on all the same with --accept-changes"
        )
    for trial in ledger.trials("pending", "running"):
        _check_readable(trial, ledger.meta("version") or "")
    ledger.set_meta(code_hash=present, version=__version__, git_commit=git_commit())


def _check_readable(trial: TrialRecord, version: str) -> None:
    """A trial that other code planned is one here too, and the same."""
    try:
        same = parse_trial(trial.config).signature == trial.signature
        why = "" if same else ": its fields mean another trial here"
    except ConfigError as error:
        why = f": {error}"
    if why:
        raise SweepError(
            f"trial {trial.signature} was planned by version {version} and cannot be trained by version {__version__}{why}; "
            f"go on with version {version}, or stop it with `rhm-sweep stop` and resume"
        )
