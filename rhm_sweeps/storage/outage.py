"""A storage that fails for a while: when it is tried again, and when nobody waits for it any longer."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from rhm_sweeps.errors import StorageError, StorageRefusedError

PATIENCE_S = 1800.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
"""Between attempts; doubles with each failure."""


@dataclass
class Outage:
    """Counts the failures of a storage since it last did what it was asked."""

    patience_s: float = PATIENCE_S
    clock: Callable[[], float] = time.monotonic
    _since: float | None = None
    _not_before: float = 0.0
    _pause_s: float = FIRST_PAUSE_S
    _news: str = ""
    _worked: bool = False

    @property
    def is_time(self) -> bool:
        """Whether to try now."""
        return self.clock() >= self._not_before

    def failed(self, error: StorageError) -> None:
        """Note a failure.

        Raises:
            StorageRefusedError: the error itself, if the storage refuses what it has never done.
            StorageError: the error, with the time, if the storage has failed for longer than the patience. Without bound, neither.
        """
        if isinstance(error, StorageRefusedError) and not self._worked and math.isfinite(self.patience_s):
            raise error
        now = self.clock()
        if self._since is None:
            self._since, self._pause_s = now, FIRST_PAUSE_S
            bound = f" for up to {self.patience_s / 60:g} min" if math.isfinite(self.patience_s) else ""
            self._news = f"{error}; it is tried again{bound}"
        elif now - self._since >= self.patience_s:
            raise StorageError(f"{error}; it was tried again for {(now - self._since) / 60:.3g} min")
        self._not_before, self._pause_s = now + self._pause_s, min(2 * self._pause_s, LONGEST_PAUSE_S)

    def over(self) -> None:
        """Note that it did what it was asked."""
        if self._since is not None:
            self._news = f"the storage answers again, after {self.clock() - self._since:.0f} s"
        self._since, self._not_before, self._worked = None, 0.0, True

    def attempt(self, action: Callable[[], object], *, at_once: bool = False) -> bool:
        """Do something with the storage if it is time for it, or `at_once`, and return whether it is done.

        Raises:
            StorageError: as `failed`.
        """
        if not (at_once or self.is_time):
            return False
        try:
            action()
        except StorageError as error:
            self.failed(error)
            return False
        self.over()
        return True

    def news(self) -> tuple[str, ...]:
        """What people should know, each once."""
        news, self._news = self._news, ""
        return (news,) if news else ()
