"""Storages: a folder, and an S3 server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rhm_sweeps.storage.storage import Storage

from .s3_server import S3Server


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    """In a folder of this machine."""
    return Storage((tmp_path / "the storage").as_uri())


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    server = S3Server()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def s3(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """The server, which this process may reach."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return s3_server
