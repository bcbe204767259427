"""How the plan of a sweep grows: new trials are added, some of which go on where earlier ones ended."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.ledger import Ledger, TrialRecord
from rhm_sweeps.packs.continuation import continues
from rhm_sweeps.pools.pool_packs import pool_packs
from rhm_sweeps.pools.pools import Pools
from rhm_sweeps.spaces.extension import extend_space
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.plan import Plan, make_plan
from rhm_sweeps.sweeps.plan_record import record_plan


@dataclass(frozen=True)
class Growth:
    """How many trials were added, and how many of these go on where others ended."""

    added: int
    continued: int


@dataclass(frozen=True)
class Source:
    """An ended trial, and its last optimizer step."""

    step: int
    signature: str


def extend_sweep(ledger: Ledger, folder: SweepFolder, changes: Sequence[str], pools: Pools) -> Growth:
    """Add to the space of a sweep, and to its plan what the space then has more.

    Raises:
        ConfigError, UsageError: if the changes cannot be read or made.
    """
    space = extend_space(SearchSpace.build(**ledger.meta("space")), changes)
    return add_plan(ledger, folder, make_plan(space, finished=ledger.states()), pools)


def add_plan(ledger: Ledger, folder: SweepFolder, plan: Plan, pools: Pools) -> Growth:
    """Add the trials of a plan that the ledger does not have.

    Those that have more steps than one that has ended, and are otherwise equal to it, go on from there; that one is `extended`
    from now on, unless the space still asks for it too.
    """
    found = continuations(ledger, folder, plan.trials)
    kept = {trial.signature for trial in plan.finished}
    packs = pool_packs(plan.trials, pools, {signature: source.step for signature, source in found.items()})
    with ledger.transaction():
        record_plan(ledger, plan.space, plan.trials, packs)
        ledger.set_sources({signature: source.signature for signature, source in found.items()})
        for trial in plan.trials:
            if (source := found.get(trial.signature)) and source.signature not in kept:
                goes_on = f"goes on to step {trial.training.steps} as {trial.signature}"
                ledger.set_state([source.signature], "extended", goes_on)
    return Growth(len(plan.trials), len(found))


def continuations(ledger: Ledger, folder: SweepFolder, trials: Sequence[TrialConfig]) -> dict[str, Source]:
    """For trials, by signature, that differ from an ended one of the sweep in nothing but more steps: the one with the most steps."""
    ended: dict[str, list[TrialRecord]] = {}
    for record in ledger.trials("done") if trials else ():
        ended.setdefault(_but_for_steps(record.config), []).append(record)
    last = ledger.last_points() if ended else {}
    found = {}
    for trial in trials if ended else ():
        sources = [
            Source(last[record.signature].step, record.signature)
            for record in ended.get(_but_for_steps(trial.model_dump()), ())
            if record.signature in last
            and folder.training_state(record.signature).is_file()
            and continues(trial, parse_trial(record.config))
        ]
        if sources:
            found[trial.signature] = max(sources, key=lambda source: source.step)
    return found


def _but_for_steps(config: Mapping[str, Any]) -> str:
    training = {name: value for name, value in config["training"].items() if name != "steps"}
    return json.dumps({**config, "training": training}, sort_keys=True)
