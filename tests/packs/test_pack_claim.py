"""A process that was thought dead while another took its pack writes nothing any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.errors import TakenOverError
from rhm_sweeps.packs.pack_claim import PackClaim
from rhm_sweeps.packs.pack_orders import PackOrders, write_orders

from ..pack_runs import advance_to, exactly, finish, start, trial


def contents(folder: Path) -> dict[str, bytes]:
    """All but the orders, which are not its own, and the log, to which it may add."""
    names = ("orders.json", "pack.log")
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in names)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_who_took_it_last_has_it(tmp_path: Path) -> None:
    first = PackClaim.take(tmp_path)
    first.check()
    second = PackClaim.take(tmp_path)
    second.check()
    with pytest.raises(TakenOverError, match="was taken over by another process"):
        first.check()


def test_the_older_process_neither_saves_nor_ends_members_nor_leaves(tmp_path: Path) -> None:
    trials = [trial(0), trial(1)]
    old = start(trials, tmp_path)
    advance_to(old, 4)
    old.save()
    start(trials, tmp_path)
    before = contents(tmp_path)
    with pytest.raises(TakenOverError):
        old.save()
    with pytest.raises(TakenOverError):
        finish(old)
    write_orders(tmp_path / "pack", PackOrders(leave=True))
    with pytest.raises(TakenOverError):
        old.advance(10)
    assert contents(tmp_path) == before


def test_the_newer_process_does_not_notice(tmp_path: Path) -> None:
    """Here the older one trains on between its steps, and tries to save."""
    undisturbed, _ = finish(start([trial(0)], tmp_path / "undisturbed"))
    old = start([trial(0)], tmp_path / "disputed")
    advance_to(old, 4)
    old.save()
    new = start([trial(0)], tmp_path / "disputed")
    points = advance_to(new, 8)
    advance_to(old, 16)
    with pytest.raises(TakenOverError):
        old.save()
    rest, endings = finish(new)
    known = {(point.signature, point.step): point for point in points} | rest
    assert exactly(known) == exactly(undisturbed)
    assert {ending.state for ending in endings.values()} == {"done"}
