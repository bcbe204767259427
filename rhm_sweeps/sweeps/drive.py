"""Drives a sweep: plans it into its ledger, runs what is unfinished, and leaves it so that a resume goes on exactly there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.errors import SweepError
from rhm_sweeps.ledger import Ledger, TrialRecord, now_ms
from rhm_sweeps.sweeps.code_identity import code_hash, git_commit
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.plan import Plan
from rhm_sweeps.sweeps.recorder import Recorder, View
from rhm_sweeps.sweeps.stop_request import StopRequest
from rhm_sweeps.sweeps.tasks import Listener, PackTask
from rhm_sweeps.version import __version__

Run = Callable[[Sequence[PackTask], Listener], None]


@dataclass(frozen=True)
class Outcome:
    """How a drive ended: trials by state, and whether it was asked to stop."""

    done: int
    failed: int
    unfinished: int
    interrupted: bool


def is_planned(ledger: Ledger) -> bool:
    """Whether the ledger has a plan; one that was only just made when its process was killed has none."""
    return ledger.meta("code_hash") is not None


def record_plan(ledger: Ledger, plan: Plan) -> None:
    """Write a plan into the ledger; trials that it has stay as they are."""
    first = 1 + max((trial.position for trial in ledger.trials()), default=-1)
    members = [(pack.id, trial) for pack in plan.packs for trial in pack.trials]
    order = {trial.signature: position for position, trial in enumerate(plan.trials, start=first)}
    records = [TrialRecord(t.signature, order[t.signature], pack, t.model_dump()) for pack, t in members]
    with ledger.transaction():
        ledger.add_trials(records)
        if not is_planned(ledger):
            ledger.set_meta(created_ms=now_ms(), version=__version__, code_hash=code_hash(), git_commit=git_commit())
        ledger.set_meta(name=plan.space.name, space=plan.space.to_dict())


def check_code(ledger: Ledger, *, accept_changes: bool = False) -> None:
    """Refuse to mix results of different code in one sweep.

    Raises:
        SweepError: naming both versions, unless `accept_changes`, which makes the present code the sweep's.
    """
    recorded, present = ledger.meta("code_hash"), code_hash()
    if recorded == present:
        return
    if not accept_changes:
        raise SweepError(
            f"sweep {ledger.meta('name')} was started with code {recorded} (version {ledger.meta('version')}), but this is code "
            f"{present} (version {__version__}), which may train other models; go on all the same with --accept-changes"
        )
    ledger.set_meta(code_hash=present, version=__version__, git_commit=git_commit())


def unfinished_tasks(ledger: Ledger, folder: SweepFolder) -> list[PackTask]:
    """The packs that still have members to train, in the order of the plan."""
    packs: dict[str, list[TrialRecord]] = {}
    for trial in ledger.trials("pending", "running"):
        packs.setdefault(trial.pack, []).append(trial)
    return [
        PackTask(pack, tuple(map(_trial, members)), folder.packs / pack, folder.models)
        for pack, members in packs.items()
    ]


def _trial(record: TrialRecord) -> TrialConfig:
    return parse_trial(record.config, f"trial {record.signature}")


def drive(ledger: Ledger, folder: SweepFolder, run: Run, view: View, stop: StopRequest) -> Outcome:
    """Run everything unfinished. The caller holds the sweep's lock."""
    _return_to_pending(ledger)
    tasks = unfinished_tasks(ledger, folder)
    ledger.set_meta(state="running")
    try:
        if tasks:
            run(tasks, Recorder(ledger, view, stop))
    finally:
        _return_to_pending(ledger)
        outcome = _outcome(ledger, stop)
        ledger.set_meta(state="interrupted" if outcome.unfinished else "failed" if outcome.failed else "finished")
    return outcome


def _return_to_pending(ledger: Ledger) -> None:
    ledger.set_state([trial.signature for trial in ledger.trials("running")], "pending")


def _outcome(ledger: Ledger, stop: StopRequest) -> Outcome:
    counts = ledger.counts()
    return Outcome(counts["done"], counts["failed"], counts["pending"] + counts["running"], stop())
