"""How a sweep is trained from Python: where, with which view, and what an interrupt does."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from rhm_sweeps.errors import Interrupted, UsageError
from rhm_sweeps.sweeps.drive import Outcome
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.place import Place, place_in_process, place_on_ray
from rhm_sweeps.sweeps.plan import MAX_SETTINGS
from rhm_sweeps.sweeps.session import SessionResult
from rhm_sweeps.sweeps.session_options import SessionOptions
from rhm_sweeps.sweeps.stop_request import StopRequest
from rhm_sweeps.sweeps.stop_signals import stop_on_signals
from rhm_sweeps.terminal import Terminal


@dataclass(frozen=True)
class Training:
    """Where a sweep is trained and tracked; the fields are the arguments of `Sweep.launch`."""

    pools: str | Path | None = None
    address: str | None = None
    in_process: bool = False
    tracking_uri: str | None = None
    experiment: str | None = None
    checkpoint_interval_s: float = 60.0
    accept_changes: bool = False
    max_settings: int = MAX_SETTINGS
    storage: str | None = None

    def __post_init__(self) -> None:
        if not self.checkpoint_interval_s >= 0:
            raise UsageError(f"checkpoint_interval_s is {self.checkpoint_interval_s}, but must be >= 0 seconds")
        if self.in_process and (self.pools or self.address):
            given = "pools" if self.pools else "address"
            raise UsageError(f"in_process trains in this process, which takes no {given}; leave one of them out")

    def options(self, folder: SweepFolder, place: Place) -> SessionOptions:
        """What a session of the sweep is told that trains at a place."""
        return SessionOptions(
            folder.path.parent,
            self.tracking_uri,
            self.experiment,
            self.accept_changes,
            Path(self.pools) if self.pools else None,
            self.max_settings,
            place.storage,
        )

    def place(self, folder: SweepFolder) -> Place:
        """Where the sweep's packs run.

        Raises:
            UsageError, ConfigError, SweepError: as `place_on_ray`.
        """
        if self.in_process:
            return place_in_process(folder, self.checkpoint_interval_s, self.storage)
        pools = Path(self.pools) if self.pools else None
        return place_on_ray(folder, pools, self.address, self.checkpoint_interval_s, self.storage)


def notice(message: str) -> None:
    """Say something on stderr, or in a notebook below its cell."""
    new_console().print(message, markup=False, soft_wrap=True)


def new_console() -> Console:
    """A console on the stderr of now."""
    return Terminal(stderr=True, highlight=False)


def train(session: Callable[[Console, StopRequest], SessionResult]) -> Outcome:
    """Run a session to its end. An interrupt lets the packs save where they are; SIGTERM then does what it does otherwise.

    Raises:
        Interrupted: if it left trials to be trained.
    """
    with stop_on_signals(notice) as stop:
        result = session(new_console(), stop)
    if stop.signal == signal.SIGTERM:
        signal.raise_signal(signal.SIGTERM)
    if not result.tracked:
        notice("the tracking store does not have everything yet; `resume()` sends the rest")
    if unfinished := result.outcome.unfinished:
        raise Interrupted(
            f"sweep {result.folder.path.name} was stopped with {unfinished} of its trials unfinished; nothing that they did is lost, "
            "and `resume()` goes on"
        )
    return result.outcome
