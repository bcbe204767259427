"""Whether an SQLite store is ready for a sweep, seen without MLflow, whose import and first connection take seconds."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

from rhm_sweeps.tracking.store import Store

TIMEOUT_S = 1.0
MIGRATIONS = "store/db_migrations/versions"
"""In MLflow's package: a file `<version>_<what>.py` each."""
_EXPERIMENT = "SELECT 1 FROM experiments WHERE name = ? AND lifecycle_stage = 'active'"


def is_ready(store: Store) -> bool:
    """Whether its tables are those of the installed MLflow, and its experiment is there; False if in doubt: MLflow knows why."""
    path = store.sqlite_path
    if path is None or not path.is_file() or not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        return False
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=TIMEOUT_S)) as database:
            versions = [version for (version,) in database.execute("SELECT version_num FROM alembic_version")]
            found = database.execute(_EXPERIMENT, (store.experiment,)).fetchone()
    except sqlite3.Error:
        return False
    return found is not None and len(versions) == 1 and _is_newest(versions[0])


def _is_newest(version: str) -> bool:
    """Whether the installed MLflow has a migration to this version of its tables, and none from it."""
    found = find_spec("mlflow")
    package = Path(found.origin).parent if found and found.origin else Path()
    migrations = {file.name: file.read_text(encoding="utf-8") for file in (package / MIGRATIONS).glob("*.py")}
    leads_on = any(f'down_revision = "{version}"' in text for text in migrations.values())
    return not leads_on and any(name.startswith(f"{version}_") for name in migrations)
