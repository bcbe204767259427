"""How a running sweep is asked to stop; imports nothing, so that the command line may have it at once."""

from __future__ import annotations


class StopRequest:
    """Asks a running sweep to stop; set from a signal handler."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def __call__(self) -> bool:
        return self.signal is not None
