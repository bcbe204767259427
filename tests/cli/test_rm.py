"""`rhm-sweep rm`."""

from __future__ import annotations

import io
import os
import socket
from pathlib import Path

import pytest

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.storage.storage import Storage
from rhm_sweeps.sweeps.lock import sweep_lock
from rhm_sweeps.sweeps.sweep_storage import remember_storage

from .conftest import RhmSweep
from .sweeps_on_disk import make_sweep


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """The sweeps one and two, one with a checkpoint, a training state, a model and a log."""
    results = tmp_path / "results"
    for name in ("one", "two"):
        make_sweep(results, name)
    for file in ("packs/pack0/step-0000000064.ckpt", "packs/pack0/pack.log", "models/a.state", "models/a.safetensors"):
        path = results / "one" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 1000)
    return results


def test_a_sweep_is_removed_as_a_whole_and_no_other(rhm_sweep: RhmSweep, results: Path) -> None:
    size = sum(path.stat().st_size for path in (results / "one").rglob("*") if path.is_file())
    found = rhm_sweep("rm", "one", "--yes", "--json").document
    assert found["removed"] == [str(results / "one")]
    assert size <= found["freed_bytes"] <= size + 2**20  # what SQLite writes when it opens
    assert [path.name for path in results.iterdir()] == ["two"]
    said = rhm_sweep("rm", "two", "--yes")
    assert "removed two" in said.words
    assert "what MLflow has of them stays there" in said.words
    assert not list(results.iterdir())


def test_checkpoints_go_and_results_stay(rhm_sweep: RhmSweep, results: Path) -> None:
    with Ledger(results / "one") as ledger:
        before = list(ledger.points())
    assert rhm_sweep("rm", "one", "--checkpoints", "--yes", "--json").document["freed_bytes"] == 2000
    files = {path.name for path in (results / "one").rglob("*") if path.is_file()}
    assert {"pack.log", "a.safetensors", "ledger.db"} <= files
    assert not files & {"step-0000000064.ckpt", "a.state"}
    with Ledger(results / "one") as ledger:
        assert list(ledger.points()) == before


def test_nothing_is_removed_unasked(rhm_sweep: RhmSweep, results: Path) -> None:
    said = rhm_sweep("rm", "one", code=2)
    assert "nobody can be asked here whether to remove it: add --yes" in said.words
    assert (results / "one" / "packs" / "pack0" / "step-0000000064.ckpt").is_file()


@pytest.mark.parametrize(
    ("answer", "code", "left"), [("y\n", 0, ["two"]), ("n\n", 1, ["one", "two"]), ("\n", 1, ["one", "two"])]
)
def test_a_person_is_asked(
    rhm_sweep: RhmSweep, results: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, left: list[str]
) -> None:
    stdin = io.StringIO(answer)
    monkeypatch.setattr(stdin, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", stdin)
    said = rhm_sweep("rm", "one", code=code)
    assert "one: everything, " in said.words
    assert said.out == ""
    assert sorted(path.name for path in results.iterdir()) == left


def test_a_running_sweep_is_refused_and_no_other_is_touched(rhm_sweep: RhmSweep, results: Path) -> None:
    with sweep_lock(results / "one"):
        said = rhm_sweep("rm", "two", "one", "--yes", code=1)
    assert f"sweep one is already running: process {os.getpid()} on {socket.gethostname()}" in said.words
    assert sorted(path.name for path in results.iterdir()) == ["one", "two"]


def test_only_sweeps_are_removed(rhm_sweep: RhmSweep, results: Path, tmp_path: Path) -> None:
    (results / "mine").mkdir()
    (results / "mine" / "thesis.tex").touch()
    assert "ledger.db is missing" in rhm_sweep("rm", "mine", "--yes", code=1).words
    assert (results / "mine" / "thesis.tex").is_file()
    (results / "link").symlink_to(results / "one")
    assert "is a link" in rhm_sweep("rm", "link", "--yes", code=1).words
    assert "the sweep name is '../x'" in rhm_sweep("rm", "../x", "--yes", code=2).words
    assert (results / "one" / "ledger.db").is_file()


def test_a_damaged_sweep_can_be_removed(rhm_sweep: RhmSweep, results: Path) -> None:
    (results / "one" / "ledger.db").write_bytes(b"not a database" * 100)
    rhm_sweep("rm", "one", "--yes")
    assert not (results / "one").exists()


def store(results: Path, place: Path) -> Storage:
    """Give sweep one a storage, with a checkpoint, a training state and a model."""
    storage = Storage(place.as_uri())
    for name in ("packs/pack0/step-0000000064.ckpt", "models/a.state", "models/a.safetensors"):
        storage.write(name, b"x" * 10**6)
    with Ledger(results / "one") as ledger:
        remember_storage(ledger, storage)
    return storage


def test_what_is_in_its_storage_goes_too(rhm_sweep: RhmSweep, results: Path, tmp_path: Path) -> None:
    storage = store(results, tmp_path / "storage" / "one-0123abcd")
    freed = rhm_sweep("rm", "one", "--checkpoints", "--yes", "--json").document["freed_bytes"]
    assert freed == 2 * 10**6 + 2000
    assert list(storage.sizes(below=True)) == ["models/a.safetensors"]
    assert rhm_sweep("rm", "one", "--yes", "--json").document["freed_bytes"] > 10**6
    assert not list((tmp_path / "storage").iterdir())


def test_a_ledger_cannot_name_somebody_elses_folder(rhm_sweep: RhmSweep, results: Path, tmp_path: Path) -> None:
    storage = store(results, tmp_path / "my documents")
    rhm_sweep("rm", "one", "--yes")
    assert len(storage.sizes(below=True)) == 3
