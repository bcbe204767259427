"""Between a driver and packs on nodes that share nothing but a storage: files go there and come back at the right moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.packs.pack_orders import FILE_NAME as ORDERS
from rhm_sweeps.packs.pack_orders import PackOrders, clear_orders, write_orders
from rhm_sweeps.packs.pack_progress import Ending, Progress
from rhm_sweeps.pools.leaving_node import LeavingNode
from rhm_sweeps.running import storing_driver
from rhm_sweeps.running.storing_driver import StoringDriver
from rhm_sweeps.running.tasks import PackTask
from rhm_sweeps.storage.storage import Storage

from ..storage.conftest import storage  # noqa: F401 - a fixture
from .pack_driver import PackDriver

DONE = Progress(8, 8, 0, 1.0, endings=(Ending("a", "done"), Ending("b", "failed", "no")))


@pytest.fixture
def inner(tmp_path: Path) -> PackDriver:
    sources = {"a": tmp_path / "models" / "earlier.state"}
    task = PackTask("p", {"a": "", "b": ""}, tmp_path / "packs" / "p", tmp_path / "models", "local", sources)
    return PackDriver([task], {"local": 1})


@pytest.fixture
def driver(inner: PackDriver, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> StoringDriver:  # noqa: F811
    monkeypatch.setattr(storing_driver, "LOOK_INTERVAL_S", 0.0)
    return StoringDriver(inner, storage)


def write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def test_a_pack_finds_in_the_storage_what_it_begins_with(
    driver: StoringDriver,
    storage: Storage,  # noqa: F811
    tmp_path: Path,
) -> None:
    write(tmp_path / "models" / "earlier.state", "a state")
    write(tmp_path / "packs" / "p" / "step-0000000001.ckpt", "of a sweep that had no storage")
    storage.write(f"packs/p/{ORDERS}", b"of an earlier time")
    assert driver.next_pack()
    assert storage.read("models/earlier.state") == b"a state"
    assert storage.read("packs/p/step-0000000001.ckpt") == b"of a sweep that had no storage"
    assert not storage.has(f"packs/p/{ORDERS}")


def test_what_the_storage_has_counts_more_than_what_is_here(
    driver: StoringDriver,
    storage: Storage,  # noqa: F811
    tmp_path: Path,
) -> None:
    write(tmp_path / "packs" / "p" / "step-0000000001.ckpt", "old")
    storage.write("packs/p/step-0000000009.ckpt", b"new")
    assert driver.next_pack()
    assert list(storage.sizes("packs/p")) == ["step-0000000009.ckpt"]


def test_orders_follow_what_the_driver_writes(driver: StoringDriver, storage: Storage, tmp_path: Path) -> None:  # noqa: F811
    task = driver.next_pack()
    assert task
    write_orders(task.folder, PackOrders(leave=True))
    driver.should_stop()
    assert storage.read(f"packs/p/{ORDERS}") == (task.folder / ORDERS).read_bytes()
    clear_orders(task.folder)
    driver.should_stop()
    assert not storage.has(f"packs/p/{ORDERS}")
    write_orders(task.folder, PackOrders(leave=True, vacate=True))
    driver.vacate(LeavingNode("n"), ("p",))
    assert storage.read(f"packs/p/{ORDERS}") == (task.folder / ORDERS).read_bytes()


def test_when_everything_stops_the_orders_are_in_the_storage_at_once(
    driver: StoringDriver,
    inner: PackDriver,
    storage: Storage,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ray does not ask again."""
    monkeypatch.setattr(storing_driver, "LOOK_INTERVAL_S", 1e6)
    task = driver.next_pack()
    assert task

    def stop() -> bool:
        write_orders(task.folder, PackOrders(leave=True))
        return True

    monkeypatch.setattr(inner, "should_stop", stop)
    assert driver.should_stop()
    assert storage.read(f"packs/p/{ORDERS}") == (task.folder / ORDERS).read_bytes()


def test_what_members_left_is_here_before_the_driver_hears_of_their_end(
    driver: StoringDriver,
    inner: PackDriver,
    storage: Storage,  # noqa: F811
    tmp_path: Path,
) -> None:
    driver.next_pack()
    for name in (
        "models/a.safetensors",
        "models/a.state",
        "models/b.safetensors",
        "packs/p/pack.log",
        "packs/p/error.log",
    ):
        storage.write(name, name.encode())
    inner.heard = lambda pack, progress: here.extend(sorted(path.name for path in tmp_path.glob("[mp]*/**/*.*")))
    here: list[str] = []
    driver.progressed("p", DONE)
    assert here == ["a.safetensors", "a.state", "b.safetensors", "error.log", "pack.log"]
    assert inner.events == [("finished", "p")]


def test_a_pack_that_is_to_be_divided_brings_its_checkpoints(
    driver: StoringDriver,
    storage: Storage,  # noqa: F811
    tmp_path: Path,
) -> None:
    driver.next_pack()
    storage.write("packs/p/step-0000000004.ckpt", b"four")
    driver.progressed("p", Progress(4, 8, 2, 1.0, too_big="it is"))
    assert (tmp_path / "packs" / "p" / "step-0000000004.ckpt").read_bytes() == b"four"


def test_no_pack_is_handed_out_while_the_storage_is_down_and_none_is_lost(
    driver: StoringDriver,
    inner: PackDriver,
    tmp_path: Path,
) -> None:
    write(tmp_path / "packs" / "p" / "step-0000000001.ckpt", "to be brought")
    (tmp_path / "the storage").write_text("it is down")
    assert driver.next_pack() is None
    assert driver.next_pack() is None
    assert not driver.is_over()
    assert len(inner.messages) == 1
    (tmp_path / "the storage").unlink()
    driver._outage._not_before = 0.0
    task = driver.next_pack()
    assert task
    assert task.id == "p"
    assert driver.next_pack() is None


def test_an_end_is_told_although_its_model_cannot_be_fetched(
    driver: StoringDriver,
    inner: PackDriver,
    storage: Storage,  # noqa: F811
    tmp_path: Path,
) -> None:
    driver.next_pack()
    storage.remove_all()
    (tmp_path / "the storage").write_text("it is down")
    driver.progressed("p", DONE)
    assert inner.reports["p"] == [DONE]
    assert "it is tried again" in inner.messages[0]


def test_the_log_of_a_process_that_died_is_fetched(
    driver: StoringDriver,
    inner: PackDriver,
    storage: Storage,  # noqa: F811
    tmp_path: Path,
) -> None:
    driver.next_pack()
    storage.write("packs/p/pack.log", b"its last words")
    driver.crashed("p", "it died")
    assert (tmp_path / "packs" / "p" / "pack.log").read_text() == "its last words"
    assert inner.crashes == [("p", "it died")]
    assert driver.next_pack()
