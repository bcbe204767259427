"""Every error that the library raises on purpose: what is wrong, its value, its bound and its cure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class RhmSweepError(Exception):
    """Base of all errors raised on purpose; the command line prints it without a traceback and exits with `exit_code`."""

    exit_code = 1


class UsageError(RhmSweepError):
    """What was asked for cannot be: a wrong flag, name or file."""

    exit_code = 2


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a configuration: `where` is a dotted field or a place in a file, `message` says what and how to cure it."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class ConfigError(UsageError):
    """A configuration with at least one problem; all of them are listed at once."""

    def __init__(self, problems: Sequence[Problem], source: str = "configuration") -> None:
        self.problems = tuple(problems)
        self.source = source
        count = len(self.problems)
        lines = [
            f"{source}: {count} problem{'s' if count != 1 else ''}",
            *(f"  {problem}" for problem in self.problems),
        ]
        super().__init__("\n".join(lines) if count != 1 else f"{source}: {self.problems[0]}")


class SweepError(RhmSweepError):
    """A sweep cannot be opened, run or resumed."""


class LockedError(SweepError):
    """Another process drives this sweep."""


class TakenOverError(SweepError):
    """Another process has the pack now: this one was thought dead, and must not write."""


class DiskFullError(SweepError):
    """A process that trains cannot write: its disk is full, or a limit of its user is reached."""


class OtherCodeError(SweepError):
    """A node would train with other code than the driver's."""


class CheckpointError(RhmSweepError):
    """A checkpoint is missing, torn or belongs to other code."""


class StorageError(SweepError):
    """The storage of checkpoints cannot be reached, or a node does not share it."""


class StorageRefusedError(StorageError):
    """The storage answers, but does not let this process in: there is no bucket, or there are no credentials for it."""


class TrackingError(RhmSweepError):
    """The tracking store cannot be reached or refuses what is sent."""


class Interrupted(RhmSweepError):  # noqa: N818 - an outcome, not a fault
    """The sweep was asked to stop and can be resumed."""

    exit_code = 130
