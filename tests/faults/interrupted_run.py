"""Runs in this process in whose middle something happens."""

from __future__ import annotations

from collections.abc import Callable

from rhm_sweeps.packs.pack_progress import Progress
from rhm_sweeps.running.in_process import run_in_process
from rhm_sweeps.running.tasks import Driver
from rhm_sweeps.sweeps.drive import Run


class CutError(Exception):
    """Stands for the end of the process."""


class _Counting:
    """A driver that, after so many reports were recorded, lets something happen."""

    def __init__(self, driver: Driver, after: int, then: Callable[[], None]) -> None:
        self._driver, self._left, self._then = driver, after, then

    def __getattr__(self, name: str) -> object:
        return getattr(self._driver, name)

    def progressed(self, pack: str, progress: Progress) -> None:
        self._driver.progressed(pack, progress)
        self._left -= 1
        if not self._left:
            self._then()


def breaking(fault: Callable[[], None], after: int) -> Run:
    """Train one pack after another, which save after each report; after so many reports let something happen."""
    return lambda driver: run_in_process(
        _Counting(driver, after, fault),  # type: ignore[arg-type]
        checkpoint_interval_s=0,
        report_interval_s=0,
    )


def cut_after(reports: int) -> Run:
    """End in the middle, after so many reports."""

    def cut() -> None:
        raise CutError

    return breaking(cut, reports)
