"""Ray on this machine, started in the background while its driver still reads, plans and connects."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from rhm_sweeps.running.local_ray import local_ray


class RayAhead:
    """Ray of our own, from the beginning of the block to its end, with these resources.

    It lives in a thread that lasts as long: the system ends Ray's processes with the thread that started them.
    """

    def __init__(self, resources: Mapping[str, float]) -> None:
        self._resources = resources
        self._settled, self._over = threading.Event(), threading.Event()
        self._scratch: Path | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._live, name="ray")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    @contextmanager
    def joined(self) -> Iterator[Path]:
        """Wait until it is up; yield a scratch folder; end Ray.

        Raises:
            SweepError: if Ray cannot start.
        """
        self._settled.wait()
        if self._error is not None:
            raise self._error
        assert self._scratch is not None
        try:
            yield self._scratch
        finally:
            self._end()

    def _end(self) -> None:
        self._over.set()
        self._thread.join()

    def _live(self) -> None:
        try:
            with local_ray(self._resources) as scratch:
                self._scratch = scratch
                self._settled.set()
                self._over.wait()
        except Exception as error:  # for the thread that waits
            self._error = error
        finally:
            self._settled.set()
