"""What every test can rely on: one thread, plain output 120 columns wide, no settings from outside."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import settings

# Done here and not in a fixture: torch, matplotlib and Rich read them when they are first imported.
FOREIGN_PREFIXES = ("RHM_SWEEP_", "MLFLOW_", "RAY_", "SLURM_", "FORCE_COLOR", "GITHUB_ACTIONS")
for name in [name for name in os.environ if name.startswith(FOREIGN_PREFIXES)]:
    del os.environ[name]
os.environ |= {"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg", "NO_COLOR": "1", "COLUMNS": "120"}

# The same examples in each run, so that a red gate stays red; `pytest --hypothesis-profile=default` explores.
settings.register_profile("gate", derandomize=True, deadline=None)
settings.load_profile("gate")


@pytest.fixture(scope="session", autouse=True)
def _own_calibration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests neither read nor write what the user's machine has measured."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RHM_SWEEP_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def put_mlflow(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], None]:
    """Puts `mlflow.db`, an MLflow store with all its tables, into a folder: making them takes seconds, copying them does not."""
    from rhm_sweeps.tracking.connection import connect
    from rhm_sweeps.tracking.store import resolve_store

    empty = tmp_path_factory.mktemp("empty")
    connect(resolve_store(None, "unused", empty), create=True)

    def put(folder: Path) -> None:
        with (
            closing(sqlite3.connect(empty / "mlflow.db")) as source,
            closing(sqlite3.connect(folder / "mlflow.db")) as copy,
        ):
            source.backup(copy)

    return put


@pytest.fixture
def mlflow_folder(tmp_path: Path, put_mlflow: Callable[[Path], None]) -> Path:
    """A folder whose `results/` is tracked in the `mlflow.db` that is ready there."""
    put_mlflow(tmp_path)
    return tmp_path


LONGEST = (
    "test_readme.py",
    "test_control.py",
    "test_runner.py",
)
"""Files that take a minute and more: begun first, so that no core waits for them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, and otherwise keep the order."""
    place = {name: index for index, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(LONGEST)))
