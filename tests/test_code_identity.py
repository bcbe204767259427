"""Which code made a result."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from rhm_sweeps import code_identity
from rhm_sweeps.code_identity import PACKAGE, SCIENCE, code_hash, git_commit


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sources that may be changed."""
    copy = tmp_path / "site-packages" / "rhm_sweeps"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code_identity, "PACKAGE", copy)
    return copy


def test_the_hash_is_that_of_the_sources_wherever_they_lie(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = code_hash()
    monkeypatch.undo()
    assert copied == code_hash()
    assert re.fullmatch("[0-9a-f]{12}", copied)


@pytest.mark.parametrize("folder", SCIENCE)
def test_a_change_where_numbers_are_made_is_another_hash(package: Path, folder: str) -> None:
    before = code_hash()
    file = next((package / folder).glob("*.py"))
    file.write_text(file.read_text() + "# changed\n")
    assert code_hash() != before


@pytest.mark.parametrize("file", ["ledger.py", "sweeps/live.py", "tracking/store.py"])
def test_a_change_elsewhere_is_not(package: Path, file: str) -> None:
    before = code_hash()
    (package / file).write_text("")
    assert code_hash() == before


def test_a_moved_file_is_another_hash(package: Path) -> None:
    before = code_hash()
    (package / "models" / "bp_unet.py").rename(package / "models" / "other.py")
    assert code_hash() != before


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    return subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_the_commit_is_named_and_whether_it_was_changed(package: Path) -> None:
    assert git_commit() == ""  # no repository
    git(package, "init", "-q")
    git(package, "add", "version.py")
    git(package, "commit", "-q", "-m", "a")
    git(package, "tag", "v1")
    assert git_commit() == git(package, "rev-parse", "HEAD")
    (package / "version.py").write_text("")
    assert git_commit() == git(package, "rev-parse", "HEAD") + "-dirty"


def test_somebody_elses_repository_around_the_installed_package_is_not_named(package: Path) -> None:
    outer = package.parents[1]
    git(outer, "init", "-q")
    (outer / ".gitignore").write_text("site-packages\n")
    git(outer, "add", ".gitignore")
    git(outer, "commit", "-q", "-m", "a")
    assert git_commit() == ""


def test_without_git_there_is_no_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert git_commit() == ""
