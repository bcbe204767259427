"""A background thread that keeps a tracking store up to date with a ledger while a sweep runs."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rhm_sweeps.credentials import redact
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.tracking.store import Store

if TYPE_CHECKING:
    from rhm_sweeps.tracking.projection import Projector

IMPORT_AFTER_S = 10.0
"""MLflow's import takes seconds of a core, which the first packs need."""
INTERVAL_S = 2.0
MAX_PAUSE_S = 60.0
REST = 4.0
"""A pass of one second is followed by a pause of at least four: the writer works a fifth of the time at most."""


class Writer:
    """Projects a sweep's folder onto a store until it is closed; a store that is down delays nobody, loses nothing."""

    def __init__(self, folder: Path, store: Store, interval_s: float = INTERVAL_S) -> None:
        self.last_error: str | None = None
        self.busy_s = 0.0
        """CPU seconds used so far."""
        self._folder = folder
        self._store = store
        self._interval_s = interval_s
        self._failures = 0
        self._closing = threading.Event()
        self._abandoned = threading.Event()
        self._up_to_date = False
        self._thread = threading.Thread(target=self._run, name="tracking-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self, timeout_s: float = 30.0) -> bool:
        """Send what is left and stop; False if that was not done in time (`project` can send the rest later)."""
        self._closing.set()
        self._thread.join(timeout_s)
        self._abandoned.set()
        return self._up_to_date

    def _run(self) -> None:
        if "mlflow" not in sys.modules:
            self._closing.wait(IMPORT_AFTER_S)
        from rhm_sweeps.tracking.projection import Projector  # noqa: PLC0415 - MLflow's import takes seconds

        while not self._up_to_date and not self._abandoned.is_set():
            try:
                with Ledger(self._folder) as ledger, Projector(ledger, self._store) as projector:
                    self._repeat(projector)
            except Exception as error:  # whatever happens to the store or the disk, the sweep goes on
                self._failures += 1
                self.last_error = redact(str(error)) or type(error).__name__
                self._pause(min(self._interval_s * 2.0 ** min(self._failures, 10), MAX_PAUSE_S))

    def _repeat(self, projector: Projector) -> None:
        while not self._abandoned.is_set():
            closing = self._closing.is_set()
            started, cpu = time.monotonic(), time.thread_time()
            projector.advance()
            self.busy_s += time.thread_time() - cpu
            self._failures, self.last_error = 0, None
            if closing:
                self._up_to_date = True
                return
            self._pause(max(self._interval_s, REST * (time.monotonic() - started)))

    def _pause(self, seconds: float) -> None:
        """Wait, but when closing only a moment."""
        if self._closing.is_set():
            self._abandoned.wait(min(seconds, 0.5))
        else:
            self._closing.wait(seconds)
