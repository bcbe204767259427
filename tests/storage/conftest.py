"""Storages: a folder, an S3 server, and one that speaks as Google's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rhm_sweeps.storage.storage import Storage

from .gcs_server import GcsServer
from .object_server import ObjectServer
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


@pytest.fixture(scope="session")
def gcs_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GcsServer]:
    server = GcsServer(account=tmp_path_factory.mktemp("account") / "account.json")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def s3(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """The server, which this process may reach."""
    let_in(s3_server, monkeypatch)
    return s3_server


@pytest.fixture(params=["s3_server", "gcs_server"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ObjectServer:
    """Of either kind, which this process may reach."""
    found: ObjectServer = request.getfixturevalue(request.param)
    let_in(found, monkeypatch)
    return found


def let_in(server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
