"""Calls into MLflow's store and the ledger's outbox, one of which fails: before it has done anything, or after it has done all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.tracking.run_tables import RunTables

CALLS: list[tuple[type, str]] = [
    (MlflowClient, "create_run"),
    (MlflowClient, "log_batch"),
    (MlflowClient, "set_terminated"),
    (MlflowClient, "update_run"),
    (RunTables, "write"),
    (Ledger, "set_projections"),
]


class PowerCutError(Exception):
    """Stands for the end of the process."""


class FailingCalls:
    """Counts down over all calls; that which comes to zero fails."""

    def __init__(self, which: int, *, done: bool, error: Exception) -> None:
        self._left, self._done, self._error = which, done, error

    def failing(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self._left -= 1
            if self._left == 0 and not self._done:
                raise self._error
            answer = original(*args, **kwargs)
            if self._left == 0:
                raise self._error
            return answer

        return call


@contextmanager
def one_call_fails(which: int, *, done: bool, error: Exception) -> Iterator[None]:
    """Let the call of this number fail while the block lasts; with `done` after it has done all that it should."""
    calls = FailingCalls(which, done=done, error=error)
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in CALLS:
            patch.setattr(owner, name, calls.failing(getattr(owner, name)))
        yield


def power_cut() -> Exception:
    return PowerCutError()


def refusal() -> Exception:
    return MlflowException("the answer was lost")
