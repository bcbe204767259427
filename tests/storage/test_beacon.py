"""Whether a place is shared is found out by files that both sides write, of which none is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.storage import beacon as module
from rhm_sweeps.storage.beacon import Beacon, lit_beacon
from rhm_sweeps.storage.storage import Storage


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.time, "sleep", lambda _: pytest.fail("it waits"))


def test_a_shared_place(storage: Storage) -> None:
    with lit_beacon(storage, shared_folder=True) as beacon:
        assert beacon.answer("node-1") == beacon.answer("node-2") == ""
        assert len(storage.sizes()) == 3
        assert beacon.answered("node-1") == beacon.answered("node-2") == ""
    assert storage.sizes() == {}


def test_a_node_that_sees_another_folder_writes_nothing_there(storage: Storage, tmp_path: Path) -> None:
    with lit_beacon(storage, shared_folder=True) as beacon:
        elsewhere = Beacon(Storage((tmp_path / "elsewhere").as_uri()), beacon.token, True)
        problem = elsewhere.problem(within_s=0)
        assert problem == f"there is no file {beacon.name}"
        assert not (tmp_path / "elsewhere").exists()
        said = beacon.unshared("node b (01234567)", problem)
    assert said == (
        f"node b (01234567) does not share the folder {tmp_path}/the storage: there is no file {beacon.name}; choose a folder "
        "that all nodes share with --results, or keep checkpoints in a storage with --storage s3://bucket/prefix"
    )
    assert beacon.problem(within_s=0) == f"there is no file {beacon.name}"


def test_another_drivers_file_is_none(storage: Storage) -> None:
    with lit_beacon(storage, shared_folder=False) as beacon:
        storage.write(beacon.name, b"of somebody else")
        assert beacon.problem(within_s=0) == f"{beacon.name} is another file"
        assert beacon.unshared("node b (0)", "x") == f"node b (0) cannot use the storage {storage.uri}: x"


def test_what_a_killed_driver_left_goes(storage: Storage) -> None:
    storage.write(f"{module.PREFIX}0123abcd", b"left")
    with lit_beacon(storage, shared_folder=True) as beacon:
        assert list(storage.sizes()) == [beacon.name]
