"""Scratch folders: private, short, and never left for long."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from rhm_sweeps.running import scratch
from rhm_sweeps.running.local_ray import SESSIONS
from rhm_sweeps.running.scratch import LONGEST_BASE, PREFIX, scratch_folder

MAKE_AND_DIE = """
import os, sys, tempfile
from rhm_sweeps.running.scratch import scratch_folder
tempfile.tempdir = sys.argv[1]
with scratch_folder() as folder:
    (folder / "log").touch()
    print(folder, flush=True)
    os._exit(1)
"""


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files with a short name."""
    with tempfile.TemporaryDirectory(prefix="s", dir="/tmp") as name:
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield Path(name)


def test_only_this_user_can_look_into_it_and_it_is_gone_afterwards(base: Path) -> None:
    with scratch_folder() as folder:
        assert folder.parent == base
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "session").mkdir()
    assert not list(base.iterdir())


def test_a_socket_in_it_can_be_bound_however_long_the_users_folder_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * LONGEST_BASE)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with scratch_folder() as folder:
        socket = folder / SESSIONS / "session_2026-11-21_21-23-41_123456_4194304/sockets/plasma_store"
        assert len(str(socket)) <= 107


def test_the_folder_of_a_killed_process_goes_with_the_next_one(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-c", MAKE_AND_DIE, str(base)]
    left = Path(subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True).stdout.strip())
    assert left.is_dir()
    with scratch_folder() as folder:
        assert left.is_dir()  # too young to be sure of
    os.utime(left, (0, 0))
    other = base / "theirs"
    other.mkdir()
    os.utime(other, (0, 0))
    with scratch_folder() as living:
        assert not left.exists()
        os.utime(living, (0, 0))
        with scratch_folder() as folder:
            assert living.is_dir()  # old, but its process is there
            assert folder.name.startswith(PREFIX)
    assert list(base.iterdir()) == [other]


def test_a_link_is_not_followed(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "SETTLED_S", -1.0)
    (tmp_path / "precious").touch()
    (base / f"{PREFIX}link").symlink_to(tmp_path)
    with scratch_folder():
        assert (tmp_path / "precious").exists()
