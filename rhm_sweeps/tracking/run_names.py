"""The names of a sweep's runs: what tells each trial from the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rhm_sweeps.config import seeds_last
from rhm_sweeps.ledger import Ledger, TrialRecord
from rhm_sweeps.tracking import runs


class RunNames:
    """Which fields vary is read once, from the plan as it is then; of trials planned later, each is compared with an earlier one."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._earlier: Mapping[str, Any] | None = None
        self._varied: list[str] = []

    def name(self, trial: TrialRecord) -> str:
        """The name of a trial's run."""
        if self._earlier is None:
            self._earlier, self._varied = trial.config, seeds_last(self._ledger.varied())
        new = set(differences(self._earlier, trial.config)).difference(self._varied)
        if new:
            self._varied = seeds_last(sorted(new.union(self._varied)))
        return runs.run_name(trial, self._varied)


def differences(one: Mapping[str, Any], other: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the dotted names of the fields that both have, with values that differ."""
    for name in one.keys() & other.keys():
        if one[name] == other[name]:
            continue
        if isinstance(one[name], Mapping) and isinstance(other[name], Mapping):
            yield from differences(one[name], other[name], f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"
