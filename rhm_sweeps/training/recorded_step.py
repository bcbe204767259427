"""A step that a device records once and then repeats by itself, without Python between its kernels."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Protocol

from rhm_sweeps.training.chunk import Chunk

WARM_UP = 3
"""Steps before the one that is recorded: in these, libraries choose their kernels and optimizers make their moments."""

_log = logging.getLogger(__name__)


class Recorder(Protocol):
    """What a device needs to repeat work."""

    def warm_up(self, call: Callable[[], None]) -> None:
        """Do the work as it will be recorded."""
        ...

    def record(self, call: Callable[[], None]) -> Callable[[], None]:
        """Return what does the work of `call` again, on the memory that it used; by itself, recording does nothing."""
        ...


class RecordedStep:
    """Does steps: each by Python; or with a recorder the first few so, and from then on by repeating one.

    What is repeated is bound to its memory: whoever changes which tensors a step works on makes another of these. A step that cannot
    be recorded goes on by Python.
    """

    def __init__(self, step: Callable[[Chunk], None], recorder: Recorder | None) -> None:
        self._step, self._recorder = step, recorder
        self._warm = 0
        self._own: Chunk | None = None
        self._again: Callable[[], None] | None = None

    @property
    def is_recorded(self) -> bool:
        return self._again is not None

    def take(self, chunk: Chunk, room: int) -> Chunk:
        """The chunk to do steps of in place of this one: where there is a recorder always the same, with `room` for so many steps."""
        if self._recorder is None:
            return chunk
        if self._own is None:
            self._own = chunk.room(room)
        self._own.fill(chunk)
        return self._own

    def __call__(self, chunk: Chunk) -> None:
        """Do the next step of a chunk that `take` gave."""
        call = partial(self._step, chunk)
        if self._recorder is not None and self._warm < WARM_UP:
            self._warm += 1
            self._recorder.warm_up(call)
            return
        if self._recorder is not None and self._again is None:
            self._again = self._recorded(self._recorder, call)
        (self._again or call)()

    def _recorded(self, recorder: Recorder, call: Callable[[], None]) -> Callable[[], None] | None:
        try:
            return recorder.record(call)
        except RuntimeError as error:  # torch's class for all that CUDA says
            self._recorder = None
            _log.warning("steps go on without a CUDA graph, more slowly: %s", _first_words(error))
            return None


def _first_words(error: BaseException) -> str:
    """What failed first, in one line: what ends a recording fails too, and says only that."""
    while error.__context__ is not None:
        error = error.__context__
    return " ".join(str(error).split())
