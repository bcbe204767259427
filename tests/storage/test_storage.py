"""A storage does with files by name what a folder does, wherever it is."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from rhm_sweeps.errors import StorageError, StorageRefusedError
from rhm_sweeps.storage.storage import Storage
from rhm_sweeps.storage.storage_address import storage_at

from .conftest import let_in
from .gcs_server import GcsServer
from .object_server import BUCKET, ObjectServer
from .s3_server import CREDENTIALS, S3Server


def check_all(storage: Storage, tmp_path: Path) -> None:
    """Everything that a storage does, from one that is empty to one that is empty."""
    storage.check()
    assert storage.sizes(below=True) == {}
    file = tmp_path / "a file"
    file.write_bytes(content := bytes(range(256)) * 12000)  # more than a chunk
    storage.put(file, "packs/p/step-1.ckpt")
    storage.write("packs/p/orders.json", b"{}")
    storage.write("models/m.safetensors", b"old")
    storage.write("models/m.safetensors", b"new one")
    assert storage.sizes("packs/p") == {"step-1.ckpt": len(content), "orders.json": 2}
    assert storage.sizes("packs") == {}
    assert storage.sizes("nothing") == {}
    assert storage.sizes(below=True) == {
        "packs/p/step-1.ckpt": len(content),
        "packs/p/orders.json": 2,
        "models/m.safetensors": 7,
    }
    assert storage.under("packs/p").sizes() == storage.sizes("packs/p")
    assert storage.fetch("packs/p/step-1.ckpt", tmp_path / "there" / "copy")
    assert (tmp_path / "there" / "copy").read_bytes() == content
    assert not storage.fetch("packs/p/step-2.ckpt", tmp_path / "there" / "other")
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["copy"]
    assert (storage.read("models/m.safetensors"), storage.read("models/none")) == (b"new one", None)
    assert (storage.has("models/m.safetensors"), storage.has("models/none"), storage.has("models")) == (
        True,
        False,
        False,
    )
    storage.remove("packs/p/orders.json")
    storage.remove("packs/p/orders.json")
    assert list(storage.sizes("packs/p")) == ["step-1.ckpt"]
    with pytest.raises(FileNotFoundError):
        storage.put(tmp_path / "none", "none")
    storage.remove_all()
    storage.remove_all()
    assert storage.sizes(below=True) == {}


def test_a_folder(storage: Storage, tmp_path: Path) -> None:
    check_all(storage, tmp_path)
    assert not (tmp_path / "the storage").exists()


def test_what_cannot_be_done_in_a_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(
        StorageError, match=r"^cannot write check-\w+ to file:///.*/file/x: .*[Nn]ot a directory[^\n]*$"
    ):
        Storage((tmp_path / "file" / "x").as_uri()).check()


@pytest.mark.slow
def test_a_server(server: ObjectServer, tmp_path: Path) -> None:
    check_all(storage_at(server.address("a/prefix"), server.environment), tmp_path)


@pytest.mark.slow
def test_no_bucket_is_refused_at_once(server: ObjectServer) -> None:
    with pytest.raises(
        StorageRefusedError, match=r"^cannot write \S+ to \w+://none/x\?\S+: there is no such bucket; [^\n]*$"
    ):
        storage_at(server.address("x", bucket="none"), server.environment).check()


@pytest.mark.slow
@pytest.mark.parametrize("kind", [S3Server, GcsServer])
def test_no_server_is_said_within_seconds(
    kind: type[ObjectServer], gcs_server: GcsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_in(gcs_server, monkeypatch)  # whose account is asked for first
    begun, server = time.monotonic(), kind()
    with pytest.raises(StorageError, match=r"its server does not answer; is the address right[^(]*\([^{]*$") as caught:
        storage_at(server.address("x"), server.environment).check()
    assert not isinstance(caught.value, StorageRefusedError)
    assert time.monotonic() - begun < 20


@pytest.mark.slow
def test_an_account_that_is_not_there_is_refused_at_once(
    gcs_server: GcsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/none.json")
    with pytest.raises(
        StorageRefusedError,
        match=r": set GOOGLE_APPLICATION_CREDENTIALS [^(]*\(Cannot open credentials file /none\.json\)$",
    ):
        storage_at(gcs_server.address("no-account"), {}).check()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("AWS_ACCESS_KEY_ID", "the AWS_ACCESS_KEY_ID in the environment is not known there"),
        ("AWS_SECRET_ACCESS_KEY", "the AWS_SECRET_ACCESS_KEY in the environment is not that of its AWS_ACCESS_KEY_ID"),
    ],
)
def test_wrong_credentials_are_refused_at_once(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch, name: str, cure: str
) -> None:
    monkeypatch.setenv(name, wrong := "of-another-server")
    storage = storage_at(f"s3://{BUCKET}/{name}", s3.environment)
    with pytest.raises(StorageRefusedError, match=cure) as caught:
        storage.check()
    with pytest.raises(StorageRefusedError, match="access is denied; the credentials in the environment"):
        storage.read("x")
    assert [secret for secret in (CREDENTIALS["AWS_SECRET_ACCESS_KEY"], wrong) if secret in str(caught.value)] == []


@pytest.mark.slow
@pytest.mark.long
def test_a_server_that_hangs_costs_seconds_and_then_all_is_there(s3: S3Server) -> None:
    storage = storage_at(f"s3://{BUCKET}/hung", s3.environment)
    storage.write("a", b"1")
    assert s3.process
    s3.process.send_signal(signal.SIGSTOP)
    begun = time.monotonic()
    try:
        with pytest.raises(StorageError, match="its server does not answer"):
            storage.read("a")
    finally:
        s3.process.send_signal(signal.SIGCONT)
    assert time.monotonic() - begun < 30
    assert storage.read("a") == b"1"
