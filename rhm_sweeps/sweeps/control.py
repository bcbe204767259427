"""What other processes ask of the one that drives a sweep: they write it into the ledger, and the driver looks there."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from rhm_sweeps.ledger import Ledger

LOOK_INTERVAL_S = 0.2
WANTED, PLAN_VERSION = "wanted", "plan_version"


class Control:
    """The requests of other processes, looked up at most every `LOOK_INTERVAL_S` seconds and only when somebody has written.

    `wanted` is what the whole sweep is asked to do: run, pause or stop. `orders` says of single trials why they are to stop.
    `plan_version` counts the changes of the plan.
    """

    def __init__(self, ledger: Ledger, clock: Callable[[], float] = time.monotonic) -> None:
        self._ledger, self._clock = ledger, clock
        self._seen, self._looked = -1, 0.0
        self.wanted = "run"
        self.orders: Mapping[str, str] = {}
        self.plan_version = 0
        self.look()

    def look(self) -> bool:
        """Look for requests, and return whether there may be new ones."""
        now = self._clock()
        if self._seen >= 0 and now - self._looked < LOOK_INTERVAL_S:
            return False
        self._looked = now
        version = self._ledger.foreign_version
        if version == self._seen:
            return False
        self._seen = version
        self.wanted = self._ledger.meta(WANTED, "run")
        self.orders = self._ledger.orders()
        self.plan_version = self._ledger.meta(PLAN_VERSION, 0)
        return True


def ask(ledger: Ledger, wanted: str) -> None:
    """Ask the driver of a sweep to run, pause or stop."""
    ledger.set_meta(**{WANTED: wanted})


def plan_changed(ledger: Ledger) -> None:
    """Let the driver read the plan again."""
    with ledger.transaction():
        ledger.set_meta(**{PLAN_VERSION: ledger.meta(PLAN_VERSION, 0) + 1})


def stop_idle(ledger: Ledger, signatures: Sequence[str], orders: Mapping[str, str]) -> None:
    """Carry out the orders to stop of trials that do not run."""
    with ledger.transaction():
        for signature in signatures:
            ledger.set_state([signature], "stopped", orders[signature])
        ledger.drop_orders(signatures)
