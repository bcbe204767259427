"""How a running sweep is asked to stop; imports nothing, so that the command line may have it at once."""

from __future__ import annotations

INTERRUPT = 2
"""The number of SIGINT."""


class StopRequest:
    """Asks a running sweep to stop; set from a signal handler, or because another process asked for it."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def ask(self) -> None:
        """Stop as after Ctrl-C."""
        self.signal = INTERRUPT

    def __call__(self) -> bool:
        return self.signal is not None
