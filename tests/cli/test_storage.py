"""`--storage`: what is wrong with it is one line, before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..storage.object_server import free_port
from .conftest import RhmSweep
from .test_launch import SPACE


@pytest.fixture(autouse=True)
def space(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SPACE)


def test_credentials_in_the_address_are_refused_and_not_repeated(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    said = rhm_sweep("launch", "small.yaml", "--storage", "s3://key:hunter2@bucket/x", code=2)
    assert "set them in the environment of every node" in said.words
    assert "hunter2" not in said.err + said.out
    assert [path.name for path in tmp_path.iterdir()] == ["small.yaml"]


def test_a_storage_that_cannot_be_written_to_is_refused(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    said = rhm_sweep("launch", "small.yaml", "--storage", "small.yaml", code=1)
    assert "Error: cannot write check-" in said.words
    assert f"to file://{tmp_path}/small.yaml/small-" in said.words
    assert "Not a directory" in said.words
    assert not (tmp_path / "mlflow.db").exists()
    assert not (tmp_path / "results" / "small" / "ledger.db").exists()


@pytest.mark.slow
def test_a_server_that_is_down_is_refused(rhm_sweep: RhmSweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    said = rhm_sweep("launch", "small.yaml", "--storage", "s3://bucket/x", code=1)
    assert "its server does not answer; is the address right, and does the server run?" in said.words
    assert not (tmp_path / "results" / "small" / "ledger.db").exists()
