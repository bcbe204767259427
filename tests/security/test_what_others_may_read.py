"""What a sweep leaves is for its user only, however open the user's own files are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rhm_sweeps.sweep import Sweep

from ..tiny_sweeps import TINY

OPEN_TO_OTHERS = 0o077


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def readable(folder: Path) -> set[str]:
    """Names of all that other users can get at below a folder that they may enter."""
    found = {path for path in folder.iterdir() if path.stat().st_mode & OPEN_TO_OTHERS}
    inside = {f"{path.name}/{name}" for path in found if path.is_dir() for name in readable(path)}
    return {path.name for path in found} | inside


def test_the_search_for_what_is_readable_finds_it(tmp_path: Path, open_umask: None) -> None:
    (tmp_path / "open/closed").mkdir(parents=True)
    (tmp_path / "open/closed").chmod(0o700)
    for name in ("open/a", "open/b", "open/closed/c"):
        (tmp_path / name).touch()
    (tmp_path / "open/b").chmod(0o600)
    assert readable(tmp_path) == {"open", "open/a"}


@pytest.mark.slow
def test_others_see_the_names_of_sweeps_and_nothing_else(tmp_path: Path, open_umask: None) -> None:
    sweep = Sweep.build(
        "tiny", trial=TINY, space={"training.train_size": {"grid": [4, 8]}}, results=tmp_path / "results"
    )
    assert sweep.launch(in_process=True).done == 2
    sweep.report()
    left = {path.name for path in tmp_path.iterdir()}
    assert left >= {"results", "mlflow.db", "mlartifacts"}
    assert readable(tmp_path) == {"results"}
    assert (tmp_path / "mlflow.db").stat().st_mode & 0o777 == 0o600
    assert any((tmp_path / "mlartifacts").rglob("report.html"))
