"""A connection to a tracking store: made within seconds or refused with the cure."""

from __future__ import annotations

import fcntl
import os
import re
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy
from mlflow import MlflowClient
from mlflow.entities import LifecycleStage
from mlflow.exceptions import MlflowException

from rhm_sweeps.credentials import redact
from rhm_sweeps.errors import LockedError, TrackingError
from rhm_sweeps.tracking.store import Store

OPEN_TIMEOUT_S = 120
"""Several processes may wait for the first one to make the tables of a fresh SQLite store, which takes some seconds."""
CONNECT_TIMEOUT_S = 5
DEFAULT_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
_CHECK = "check that it is up, or name another with --tracking-uri or MLFLOW_TRACKING_URI"
_LOG_IN = (
    "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, to those of a user who may"
)
_REFUSED = "it is up, but does not take what was recorded; `rhm-sweep export` and `report` do without it"
STORE_FAULTS = (MlflowException, sqlalchemy.exc.SQLAlchemyError, OSError, ImportError)
"""What MLflow raises when a store is down, refuses or cannot be opened."""


@dataclass(frozen=True)
class Connection:
    """A client of a tracking store and the id of the experiment in it."""

    client: MlflowClient
    experiment_id: str


def connect(store: Store, *, create: bool = False) -> Connection:
    """Open the store and find its experiment, or with `create` make what is missing, for this user only.

    Raises:
        TrackingError: if the store does not answer within about 10 s, or refuses.
    """
    path = store.sqlite_path
    try:
        if path is not None:
            if not create and not path.is_file():
                raise TrackingError(f"there is no tracking store {redact(store.uri)}; name another with --tracking-uri")
            path.parent.mkdir(parents=True, exist_ok=True)
        elif not store.is_server:
            _check_database(store.uri)
        if create and store.artifact_folder is not None:
            store.artifact_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(path.with_name(f"{path.name}.lock"), OPEN_TIMEOUT_S) if path is not None else nullcontext():
            if path is not None:
                _use_wal(path)
            client = MlflowClient(tracking_uri=store.uri)
            return Connection(client, _experiment_id(client, store, create))
    except (*STORE_FAULTS, sqlite3.Error) as error:
        raise store_error(store, error) from None


def store_error(store: Store, error: Exception) -> TrackingError:
    """Say which store failed, how, and what to do; without credentials."""
    text = str(error).strip().partition("\n")[0]
    cause = re.search(r"\[Errno -?\d+\] ([\w ]+)", text)  # what the system said, below the layers that passed it on
    reason = cause[1] if cause else redact(text)[:400] or type(error).__name__
    refused = isinstance(error, MlflowException) and error.error_code == "INVALID_PARAMETER_VALUE"
    cure = _LOG_IN if re.search(r"error code 40[13]\b", text) else _REFUSED if refused else _CHECK
    return TrackingError(
        f"the tracking store {redact(store.uri)} (experiment {store.experiment!r}) cannot be used: {reason}; {cure}"
    )


@contextmanager
def locked(path: Path, timeout_s: float = 0) -> Iterator[None]:
    """Hold a file's lock against all other processes and threads.

    Raises:
        LockedError: if another holds it for longer than `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    with open(path, "a", opener=_for_this_user) as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise LockedError(f"{path} is locked by another process; wait until it ends") from None
                time.sleep(0.05)
        yield


def _for_this_user(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _use_wal(path: Path) -> None:
    """Write-ahead logging stays on in the file: readers do not block the writer, and a transaction costs half."""
    with suppress(FileExistsError):
        path.touch(mode=0o600, exist_ok=False)  # SQLite gives its other files the mode of this one
    database = sqlite3.connect(path, timeout=CONNECT_TIMEOUT_S)
    try:
        database.execute("PRAGMA journal_mode=WAL")
    finally:
        database.close()


def _check_database(uri: str) -> None:
    """MLflow retries a refused database for 100 s; a plain attempt says within seconds what is wrong."""
    url = sqlalchemy.make_url(uri)
    if url.host:
        port = url.port or DEFAULT_PORTS.get(url.get_backend_name(), 0)
        socket.create_connection((url.host, port), CONNECT_TIMEOUT_S).close()
    try:
        engine = sqlalchemy.create_engine(url)
    except ModuleNotFoundError as error:
        raise TrackingError(
            f"{redact(uri)} needs the package {error.name}, which is not installed: `pip install {error.name}`"
        ) from None
    try:
        engine.connect().close()
    finally:
        engine.dispose()


def _experiment_id(client: MlflowClient, store: Store, create: bool) -> str:
    found = client.get_experiment_by_name(store.experiment)
    if found is None and create:
        try:
            # The kind spares the reader the UI's question what this experiment is for.
            kind = {"mlflow.experimentKind": "custom_model_development"}
            return str(client.create_experiment(store.experiment, artifact_location=store.artifact_root, tags=kind))
        except MlflowException:
            found = client.get_experiment_by_name(store.experiment)
            if found is None:
                raise
    if found is None:
        raise TrackingError(f"there is no experiment {store.experiment!r} in {redact(store.uri)}")
    if found.lifecycle_stage != LifecycleStage.ACTIVE:
        raise TrackingError(
            f"the experiment {store.experiment!r} in {redact(store.uri)} is deleted; restore it with "
            f"`mlflow experiments restore -x {found.experiment_id}`, or name another in MLFLOW_EXPERIMENT_NAME"
        )
    return str(found.experiment_id)
