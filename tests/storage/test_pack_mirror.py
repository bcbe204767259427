"""What a pack has on its node is in the storage soon, in an order in which nothing is lost at any moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.errors import StorageError, TakenOverError
from rhm_sweeps.packs.pack_claim import FILE_NAME as CLAIM
from rhm_sweeps.packs.pack_log import FILE_NAME as LOG
from rhm_sweeps.packs.pack_orders import FILE_NAME as ORDERS_FILE
from rhm_sweeps.storage import pack_mirror
from rhm_sweeps.storage.outage import Outage
from rhm_sweeps.storage.pack_mirror import LOGS, ORDERS, PackMirror
from rhm_sweeps.storage.storage import Storage
from rhm_sweeps.training.checkpoints import step_path

SOON_S = 10.0


def leave(mirror: PackMirror, *files: str) -> None:
    """Let the pack write files of its own: steps of checkpoints by their number, others by their name."""
    for file in files:
        path = step_path(mirror.folder, int(file)) if file.isdigit() else mirror.here / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {path.name}")


def steps(storage: Storage) -> list[int]:
    return sorted(int(name[5:15]) for name in storage.sizes("packs/p") if name.startswith("step-"))


@pytest.fixture
def mirror(storage: Storage, tmp_path: Path) -> PackMirror:
    mirror = PackMirror(storage, "p", tmp_path / "node")
    mirror.fetch()
    return mirror


def test_its_names_are_those_that_packs_use() -> None:
    assert ORDERS == ORDERS_FILE
    assert LOG in LOGS
    assert CLAIM not in (ORDERS, *LOGS), "each process has a claim of its own"


def test_another_node_finds_all_of_it(mirror: PackMirror, storage: Storage, tmp_path: Path) -> None:
    leave(mirror, "1", "2", "packs/p/pack.log", "models/m.safetensors", "models/m.state")
    assert mirror.is_brought(SOON_S)
    other = PackMirror(storage, "p", tmp_path / "other")
    other.fetch()
    assert {path.name for path in other.folder.iterdir()} == {step_path(other.folder, k).name for k in (1, 2)} | {
        "pack.log"
    }
    assert step_path(other.folder, 2).read_text() == "content of step-0000000002.ckpt"
    assert other.fetch_source("m.state").read_text() == "content of m.state"
    assert not other.fetch_source("none.state").exists()
    assert sorted(storage.sizes("models")) == ["m.safetensors", "m.state"]


def test_what_is_removed_here_is_removed_there_after_what_is_new_has_come(
    mirror: PackMirror, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(mirror, "1", "2")
    assert mirror.is_brought(SOON_S)
    found: list[list[int]] = []
    remove = Storage.remove

    def watch(self: Storage, name: str) -> None:
        found.append(steps(self))
        remove(self, name)

    monkeypatch.setattr(Storage, "remove", watch)
    step_path(mirror.folder, 1).unlink()
    leave(mirror, "3")
    assert mirror.is_brought(SOON_S)
    assert found == [[1, 2, 3]]
    assert steps(storage) == [2, 3]


def test_models_come_before_the_checkpoint_that_says_that_their_members_have_ended(
    mirror: PackMirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    put = Storage.put

    def watch(self: Storage, file: Path, name: str) -> None:
        order.append(name)
        put(self, file, name)

    monkeypatch.setattr(Storage, "put", watch)
    leave(mirror, "7", "models/m.safetensors")
    assert mirror.is_brought(SOON_S)
    assert order[:2] == ["models/m.safetensors", "packs/p/step-0000000007.ckpt"]


def test_a_file_that_vanishes_before_it_is_brought_costs_no_earlier_one(
    mirror: PackMirror, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pack that saves faster than the storage takes has removed what was about to be brought."""
    leave(mirror, "1", "2")
    assert mirror.is_brought(SOON_S)
    put = Storage.put

    def overtaken(self: Storage, file: Path, name: str) -> None:
        for step in (1, 2, 3):
            step_path(mirror.folder, step).unlink(missing_ok=True)
        put(self, file, name)

    step_path(mirror.folder, 1).unlink()
    leave(mirror, "3")
    with monkeypatch.context() as patch:
        patch.setattr(Storage, "put", overtaken)
        mirror._bring()
    assert steps(storage) == [2]
    leave(mirror, "4")
    assert mirror.is_brought(SOON_S)
    assert steps(storage) == [4]


def test_orders_come_while_it_trains(mirror: PackMirror, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_mirror, "ORDERS_INTERVAL_S", 0.0)
    mirror.bring()
    mirror.close()
    assert not (mirror.folder / ORDERS).exists()
    storage.write(f"packs/p/{ORDERS}", b"{}")
    again = PackMirror(storage, "p", mirror.here)
    again.bring()
    again.close()
    assert (mirror.folder / ORDERS).read_bytes() == b"{}"


def test_who_was_only_thought_dead_stores_nothing_more(mirror: PackMirror, storage: Storage, tmp_path: Path) -> None:
    leave(mirror, "1")
    assert mirror.is_brought(SOON_S)
    PackMirror(storage, "p", tmp_path / "other").fetch()
    leave(mirror, "2")
    with pytest.raises(TakenOverError, match="pack p was taken over by another process"):
        mirror.is_brought(SOON_S)
    assert steps(storage) == [1]


@pytest.mark.slow
def test_while_the_storage_is_down_it_goes_on_and_afterwards_nothing_is_missing(
    mirror: PackMirror, storage: Storage, tmp_path: Path
) -> None:
    place, away = tmp_path / "the storage", tmp_path / "away"
    place.rename(away)
    place.write_text("it is down")
    leave(mirror, "1")
    assert not mirror.is_brought(0.3)
    (news,) = mirror.outage.news()
    assert "cannot read packs/p/owner from" in news
    assert "tried again for up to 30 min" in news
    place.unlink()
    away.rename(place)
    assert mirror.is_brought(SOON_S)
    assert steps(storage) == [1]
    assert mirror.outage.news()[0].startswith("the storage answers again")


@pytest.mark.slow
def test_patience_has_a_bound(storage: Storage, tmp_path: Path) -> None:
    mirror = PackMirror(storage, "p", tmp_path / "node", Outage(patience_s=0.5))
    mirror.fetch()
    (tmp_path / "the storage").rename(tmp_path / "away")
    (tmp_path / "the storage").write_text("it is down")
    leave(mirror, "1")
    with pytest.raises(StorageError, match="it was tried again for"):
        mirror.is_brought(SOON_S)
