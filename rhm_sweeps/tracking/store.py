"""Where runs are tracked: which store, which experiment, and a connection to it that is bounded in time."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rhm_sweeps.credentials import redact
from rhm_sweeps.errors import UsageError
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.printable import one_line

DEFAULT_EXPERIMENT = "rhm-sweeps"
DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
SERVERS = ("http", "https", "databricks", "uc")


@dataclass(frozen=True)
class Store:
    """A tracking store and an experiment in it; `artifact_root` is a file URI, or None: a server keeps the files."""

    uri: str
    experiment: str
    artifact_root: str | None = None

    @property
    def target(self) -> str:
        """The name of this store in a ledger, without credentials."""
        return f"{redact(self.uri)}#{self.experiment}"

    @property
    def is_server(self) -> bool:
        return _scheme(self.uri) in SERVERS

    @property
    def sqlite_path(self) -> Path | None:
        """The file of an SQLite store; None for all others."""
        return Path(_sqlite_file(self.uri)) if _scheme(self.uri) == "sqlite" else None

    @property
    def artifact_folder(self) -> Path | None:
        """The folder of the artifacts if it is on this machine."""
        root = urlsplit(self.artifact_root or "")
        return Path(unquote(root.path)) if root.scheme == "file" else None


def resolve_store(tracking_uri: str | None, experiment: str | None, folder: Path) -> Store:
    """Return the store that is named by an argument, MLFLOW_TRACKING_URI and MLFLOW_EXPERIMENT_NAME, or the default.

    The default is `mlflow.db` with artifacts in `mlartifacts/`, both in `folder`. Relative paths become absolute here.

    Raises:
        UsageError: if the URI is of a kind that cannot hold runs, or the experiment's name is too long or cannot be shown.
    """
    folder = folder.resolve()
    uri = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI") or _sqlite_uri(folder / "mlflow.db")
    name = experiment or os.environ.get("MLFLOW_EXPERIMENT_NAME") or DEFAULT_EXPERIMENT
    if len(name) > 250:
        raise UsageError(f"the experiment name {name[:40]!r}... has {len(name)} characters, but must have <= 250")
    if name != one_line(name):
        raise UsageError(f"the experiment name is {name!r}, but must have characters that can be shown, in one line")
    scheme = _scheme(uri)
    if scheme in SERVERS:
        return Store(uri.rstrip("/"), name)
    if scheme not in DATABASES:
        raise UsageError(
            f"the tracking URI {redact(uri)!r} cannot hold runs; use sqlite:///path/to/mlflow.db, the http(s):// "
            "address of an MLflow server, or postgresql://host/database"
        )
    if scheme == "sqlite":
        uri = _absolute_sqlite(uri)
        folder = Path(_sqlite_file(uri)).parent
    return Store(uri, name, (folder / "mlartifacts").as_uri())


def remember_store(ledger: Ledger, store: Store) -> None:
    """Make it the store of a sweep, in which later sessions and commands find it; credentials are not kept."""
    ledger.set_meta(tracking_uri=redact(store.uri), experiment=store.experiment, artifact_location=store.artifact_root)


def sweep_store(ledger: Ledger, tracking_uri: str | None, folder: Path, experiment: str | None = None) -> Store:
    """Return the store of a sweep that exists: the one asked for, else where its ledger says it is; and the experiment likewise.

    A folder that came from another machine names an SQLite file that is not here: then as for a new sweep.

    Raises:
        UsageError: if the store needs credentials, which a ledger does not keep, and the environment has none for it.
    """
    recorded, experiment = ledger.meta("tracking_uri"), experiment or ledger.meta("experiment")
    usual = resolve_store(tracking_uri, experiment, folder)
    if tracking_uri or not recorded or redact(usual.uri) == redact(recorded):
        return usual
    if redact(recorded) != recorded or "***" in recorded:
        raise UsageError(
            f"the sweep is tracked in {redact(recorded)}; give this address with its credentials by --tracking-uri or "
            "MLFLOW_TRACKING_URI"
        )
    store = resolve_store(recorded, experiment, folder)
    return store if store.sqlite_path is None or store.sqlite_path.is_file() else usual


def _scheme(uri: str) -> str:
    return re.split(r"[:+]", uri, maxsplit=1)[0].lower()


def _sqlite_file(uri: str) -> str:
    return uri.partition(":///")[2].partition("?")[0]


def _sqlite_uri(path: Path) -> str:
    if set("%?") & set(str(path)):
        raise UsageError(f"{path} cannot be an SQLite store: its path has `%` or `?`; name another with --tracking-uri")
    return f"sqlite:///{path}"


def _absolute_sqlite(uri: str) -> str:
    file = _sqlite_file(uri)
    if not file or file.startswith(":memory:"):
        raise UsageError(f"the tracking URI {uri!r} must name a file: sqlite:///path/to/mlflow.db")
    return "".join((_sqlite_uri(Path(file).resolve()), *uri.partition("?")[1:]))
