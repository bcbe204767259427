"""The address that a sweep was submitted to is kept for its user, and never a password."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.cache_folder import cache_folder
from rhm_sweeps.sweeps.submitted import remember_address, remembered_address


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RHM_SWEEP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_last_address_is_known(folder: Path) -> None:
    assert remembered_address("a") is None
    for address in ("http://10.0.0.1:8265", "https://ray.example.org", "ray://10.0.0.1:10001"):
        remember_address("a", address)
        assert remembered_address("a") == address
    assert remembered_address("b") is None
    modes = [path.stat().st_mode & 0o777 for path in (folder / "submitted", folder / "submitted" / "a")]
    assert modes == [0o700, 0o600]
    assert cache_folder() == folder


def test_passwords_and_nonsense_are_not_kept(folder: Path) -> None:
    remember_address("a", "http://me:hunter2@host")
    assert not folder.exists()
    (folder / "submitted").mkdir(parents=True)
    for content in (b"\xff\xfe", b"", b"-rf /", b"file:///etc/passwd"):
        (folder / "submitted" / "a").write_bytes(content)
        assert remembered_address("a") is None


def test_a_cache_that_cannot_be_written_is_no_error(folder: Path) -> None:
    folder.write_text("a file")
    remember_address("a", "http://host")
    assert remembered_address("a") is None
