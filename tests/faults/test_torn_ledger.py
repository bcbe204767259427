"""The ledger and its write-ahead log are torn, zeroed, bit-flipped and removed, at every boundary of their records."""

from __future__ import annotations

import shutil
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rhm_sweeps.errors import SweepError
from rhm_sweeps.ledger import FILE_NAME, Ledger, MetricPoint
from rhm_sweeps.sweeps.folder import list_sweeps

from ..tiny_sweeps import record, tiny_plan
from .conftest import Report
from .damage import DAMAGES, damaged
from .stage import Stage

PAGE = 4096
ONCE_MORE = "; MLflow got other runs, counted here, in an experiment of their own, beside those of the lost ledger"


@pytest.mark.slow
def test_a_ledger_that_is_lost_is_made_again_from_the_checkpoints(cut: Stage, report: Report) -> None:
    """In another experiment: the runs of the lost ledger stay, and nothing says that they are of the same sweep."""
    for path in cut.folder.path.glob(f"{FILE_NAME}*"):
        path.unlink()
    with pytest.raises(SweepError, match="there is no sweep in"):
        cut.here(again=True)
    cut.here(experiment="again")
    happened = f"`launch` planned again and took all points from the packs' checkpoints{ONCE_MORE}"
    made = report(replace(cut.oracle, experiment="again").look("ledger missing", happened))
    assert made.done == 4
    assert made.steps_redone == 0


Snapshot = tuple[tuple[tuple[str, str], ...], int]


def snapshot(ledger: Ledger) -> Snapshot:
    """What a ledger says, in a form that can be compared."""
    return tuple(ledger.states().items()), sum(1 for _ in ledger.points())


def log_frames(log: bytes) -> Iterator[int]:
    """Where each frame of a write-ahead log begins: a header of 32 bytes, then a page and its header of 24 each."""
    (page,) = struct.unpack(">I", log[8:12])
    yield from range(32, len(log), page + 24)


@pytest.fixture
def history(tmp_path: Path) -> tuple[Path, list[Snapshot]]:
    """A ledger as a killed driver leaves it, with its write-ahead log, and what it said after each transaction."""
    source, left = tmp_path / "source", tmp_path / "left"
    with Ledger(source, create=True) as ledger:
        told = [snapshot(ledger)]
        record(ledger, tiny_plan())
        told.append(snapshot(ledger))
        names = list(ledger.states())
        for step in (1, 2, 4, 8):
            with ledger.transaction():
                ledger.add_points(MetricPoint(name, step, {"train_loss": 1 / step}) for name in names)
                ledger.set_state(names[: step // 2], "done")
            told.append(snapshot(ledger))
        shutil.copytree(source, left)
    return left, told


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_log_of_the_ledger_takes_back_whole_transactions_only(
    damage: str, history: tuple[Path, list[Snapshot]], tmp_path: Path
) -> None:
    left, told = history
    log = (left / f"{FILE_NAME}-wal").read_bytes()
    places = list(log_frames(log))
    assert len(places) > len(told)
    found = []
    for number, at in enumerate(places):
        folder = tmp_path / f"at-{number}"
        folder.mkdir()
        shutil.copy(left / FILE_NAME, folder)
        (folder / f"{FILE_NAME}-wal").write_bytes(damaged(log, at, damage))
        with Ledger(folder) as ledger:
            found.append(told.index(snapshot(ledger)))
    assert found == sorted(found)
    assert set(found) > {0, 1}
    assert Counter(found)[len(told) - 1] <= 1


def damaged_ledgers(content: bytes, damage: str) -> Iterator[bytes]:
    """The file with one page damaged where it begins, page after page."""
    for at in range(PAGE if damage == "torn" else 0, len(content), PAGE):
        yield damaged(content, at, damage, PAGE)


def refusal(folder: Path, told: Snapshot) -> str:
    """Why a ledger is refused; empty if it is not and says what it should."""
    try:
        with Ledger(folder) as ledger:
            ledger.check()
            assert snapshot(ledger) == told
    except SweepError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_ledger_is_refused_with_the_cure_or_is_whole(damage: str, tmp_path: Path) -> None:
    """A page that holds nothing yet may be damaged without a loss."""
    with Ledger(tmp_path / "whole", create=True) as ledger:
        record(ledger, tiny_plan())
        ledger.add_points(
            MetricPoint(name, step, {"train_loss": 1 / step}) for name in ledger.states() for step in (1, 2)
        )
        told = snapshot(ledger)
    content, refused = (tmp_path / "whole" / FILE_NAME).read_bytes(), 0
    for number, found in enumerate(damaged_ledgers(content, damage)):
        folder = tmp_path / f"at-{number}"
        folder.mkdir()
        (folder / FILE_NAME).write_bytes(found)
        said = refusal(folder, told)
        refused += bool(said)
        assert not said or f"move {FILE_NAME}* away and launch the sweep again" in said
    assert refused >= 10
    assert {one["name"] for one in list_sweeps(tmp_path)} == {path.name for path in tmp_path.iterdir()}


@pytest.mark.slow
def test_a_sweep_whose_ledger_is_damaged_is_launched_again(cut: Stage, report: Report) -> None:
    path = cut.folder.path / FILE_NAME
    path.write_bytes(path.read_bytes()[:PAGE] + bytes(PAGE) + path.read_bytes()[2 * PAGE :])
    for again in (True, False):
        with pytest.raises(SweepError, match="launch the sweep again"):
            cut.here(again=again)
    path.rename(path.with_name("damaged"))
    cut.here(experiment="again")
    happened = f"refused with the cure; after it, as a missing ledger{ONCE_MORE}"
    made = report(replace(cut.oracle, experiment="again").look("ledger damaged", happened))
    assert (made.done, made.steps_redone) == (4, 0)
