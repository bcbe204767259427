"""Checkpoints are whole or not there, and a damaged one costs no more than itself."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import torch

from rhm_sweeps.errors import CheckpointError
from rhm_sweeps.training.checkpoints import (
    drop_checkpoints_after,
    latest_checkpoint,
    load_checkpoint,
    prune_checkpoints,
    save_checkpoint,
    step_path,
)

STATE = {"step": 7, "members": ["a", "b"], "trainer": {"weight": torch.arange(6.0).reshape(2, 3)}, "lived_s": 1.5}


class Bomb:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "new" / "step-7.ckpt", STATE)
    loaded = load_checkpoint(tmp_path / "new" / "step-7.ckpt")
    assert torch.equal(loaded.pop("trainer")["weight"], STATE["trainer"]["weight"])
    assert loaded == {key: value for key, value in STATE.items() if key != "trainer"}


def damaged(content: bytes, damage: str) -> bytes:
    middle = len(content) // 2
    return {
        "torn": content[:middle],
        "one bit": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "zeroed": bytes(len(content)),
        "header only": content.partition(b"\n")[0],
        "empty": b"",
        "longer": content + b"\0",
    }[damage]


@pytest.mark.parametrize("damage", ["torn", "one bit", "zeroed", "header only", "empty", "longer"])
def test_a_damaged_checkpoint_is_refused_by_name(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "step-1.ckpt"
    save_checkpoint(path, STATE)
    path.write_bytes(damaged(path.read_bytes(), damage))
    with pytest.raises(CheckpointError, match=r"step-1\.ckpt"):
        load_checkpoint(path)


def test_a_missing_checkpoint_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"nowhere\.ckpt: No such file"):
        load_checkpoint(tmp_path / "nowhere.ckpt")


def test_a_foreign_file_is_no_checkpoint(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "theirs.pt")
    with pytest.raises(CheckpointError, match=r"theirs\.pt is not a checkpoint of rhm-sweep"):
        load_checkpoint(tmp_path / "theirs.pt")


def test_nothing_in_a_checkpoint_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even in one with a right digest, and not when the environment undoes torch's default."""
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    victim = tmp_path / "victim"
    save_checkpoint(tmp_path / "bomb.ckpt", {"trainer": Bomb(victim)})
    with pytest.raises(CheckpointError, match=r"bomb\.ckpt"):
        load_checkpoint(tmp_path / "bomb.ckpt")
    assert not victim.exists()
    pickle.loads(pickle.dumps(Bomb(victim)))
    assert victim.exists()  # it would have gone off


def test_the_latest_whole_checkpoint_is_taken_and_the_damage_is_told(tmp_path: Path) -> None:
    for step in (9, 10, 100):
        save_checkpoint(step_path(tmp_path, step), {"step": step})
    step_path(tmp_path, 100).write_bytes(b"")
    state, problems = latest_checkpoint(tmp_path)
    assert state == {"step": 10}
    assert len(problems) == 1
    assert "step-0000000100.ckpt" in problems[0]
    step_path(tmp_path, 10).write_bytes(b"?")
    step_path(tmp_path, 9).unlink()
    state, problems = latest_checkpoint(tmp_path)
    assert state is None
    assert len(problems) == 2
    assert latest_checkpoint(tmp_path / "none") == (None, [])


def test_the_newest_two_are_kept(tmp_path: Path) -> None:
    for step in (1, 2, 1_000, 99):
        save_checkpoint(step_path(tmp_path, step), {"step": step})
        prune_checkpoints(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"step-0000000099.ckpt", "step-0000001000.ckpt"}


def test_later_checkpoints_are_dropped(tmp_path: Path) -> None:
    for step in (2, 9, 10, 100):
        save_checkpoint(step_path(tmp_path, step), STATE)
    (tmp_path / "pack.log").touch()
    drop_checkpoints_after(tmp_path, 9)
    assert {path.name for path in tmp_path.iterdir()} == {"step-0000000002.ckpt", "step-0000000009.ckpt", "pack.log"}
