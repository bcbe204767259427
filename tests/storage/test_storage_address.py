"""Addresses of storages: what people write, as all nodes read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.errors import UsageError
from rhm_sweeps.storage.storage import Storage
from rhm_sweeps.storage.storage_address import storage_at


def test_a_path_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert storage_at("a b", {}) == storage_at(str(tmp_path / "a b"), {}) == Storage(f"file://{tmp_path}/a%20b")
    assert storage_at("a b", {}).under("c").uri == f"file://{tmp_path}/a%20b/c"


def test_the_server_of_the_environment_becomes_part_of_the_address() -> None:
    url = "http://127.0.0.1:9000"
    with_server = Storage("s3://bucket/x?endpoint_override=http%3A%2F%2F127.0.0.1%3A9000")
    assert storage_at("s3://bucket/x/", {}) == Storage("s3://bucket/x")
    assert storage_at("s3://bucket/x", {"AWS_ENDPOINT_URL": url}) == with_server
    assert storage_at("s3://bucket/x", {"AWS_ENDPOINT_URL": "http://other", "AWS_ENDPOINT_URL_S3": url}) == with_server
    assert storage_at(with_server.uri, {"AWS_ENDPOINT_URL": "http://other"}) == with_server
    assert with_server.under("y").uri == "s3://bucket/x/y?endpoint_override=http%3A%2F%2F127.0.0.1%3A9000"
    assert storage_at("gs://bucket/x", {"AWS_ENDPOINT_URL": url}).uri == "gs://bucket/x?retry_limit_seconds=5"


@pytest.mark.parametrize(
    ("address", "environment"),
    [
        ("s3://key:hunter2@bucket/x", {}),
        ("s3://bucket/x?access_key=k&secret_key=hunter2", {}),
        ("s3://bucket/x", {"AWS_ENDPOINT_URL": "http://key:hunter2@127.0.0.1:9000"}),
    ],
)
def test_credentials_are_refused_and_not_repeated(address: str, environment: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="set them in the environment of every node: AWS_ACCESS_KEY_ID") as caught:
        storage_at(address, environment)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("address", ["http://host/x", "s3:///x", "hdfs://host/x", "gs://"])
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(UsageError, match="must be a path, s3://bucket/prefix or gs://bucket/prefix"):
        storage_at(address, {})
