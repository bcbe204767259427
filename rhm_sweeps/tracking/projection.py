"""One pass that brings a tracking store up to date with a ledger; doing it again, or after a crash, changes nothing."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Self

from mlflow.exceptions import MlflowException

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.tracking.connection import STORE_FAULTS, locked, store_error
from rhm_sweeps.tracking.sending import send_sweep_state, send_trials, sweep_state
from rhm_sweeps.tracking.session import Session
from rhm_sweeps.tracking.store import Store
from rhm_sweeps.tracking.watermarks import SWEEP_ROW

LOCK_NAME = "projection.lock"
GONE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "INVALID_STATE")
"""MLflow's answers about a run that was removed, or deleted by a user."""


def project(ledger: Ledger, store: Store) -> int:
    """Bring the store up to date and return the number of metric points sent.

    Raises:
        TrackingError: if the store cannot be reached or refuses.
        LockedError: if another process is projecting this sweep.
    """
    with Projector(ledger, store) as projector:
        return projector.advance()


def is_behind(ledger: Ledger, store: Store) -> bool:
    """Whether the ledger has something that the store does not."""
    row = ledger.projections(store.target).get(SWEEP_ROW)
    if row is None or row.state != sweep_state(ledger):
        return True
    return any(ledger.points(after=row.last_point, limit=1)) or bool(ledger.unprojected(store.target))


class Projector:
    """Projects one ledger onto one store, pass after pass; alone, by a lock that it holds as a context."""

    def __init__(self, ledger: Ledger, store: Store) -> None:
        self._ledger = ledger
        self._store = store
        self._lock = ExitStack()
        self._session: Session | None = None

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            LockedError: if another process is projecting this sweep.
        """
        self._lock.enter_context(locked(self._ledger.path.with_name(LOCK_NAME)))
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.close()

    def advance(self) -> int:
        """One pass; returns the number of metric points sent. What was sent before a failure is remembered.

        Raises:
            TrackingError: if the store cannot be reached or refuses; call again later.
        """
        session, self._session = self._session, None
        try:
            sent, self._session = self._pass(session)
        except STORE_FAULTS as error:
            raise store_error(self._store, error) from None
        return sent

    def _pass(self, session: Session | None) -> tuple[int, Session]:
        """One pass; if a run is gone that the ledger says is there, look through the whole store and begin again."""
        thorough = False
        while True:
            try:
                session = session or Session(self._ledger, self._store, thorough=thorough)
                sent = send_trials(session)
                send_sweep_state(session)
                return sent, session
            except MlflowException as error:
                if thorough or error.error_code not in GONE:
                    raise
            finally:
                if session is not None:
                    session.rows.save()
            session, thorough = None, True
