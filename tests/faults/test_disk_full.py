"""The disk fills up while a sweep trains: no file is torn, and when there is room again the sweep goes on."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from rhm_sweeps.errors import DiskFullError
from rhm_sweeps.packs.pack_run import PackRun
from rhm_sweeps.training.checkpoints import latest_checkpoint

from ..pack_runs import exactly, finish, start, trial
from ..processes import Ended
from .conftest import Report, Stages
from .remains import torn_files
from .stage import NAME, PATIENCE_S, Stage, ended_well, recovery_s

DISK_MIB = 4
INTERVAL = ("--checkpoint-interval", "0.2")


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file of this process grows further: the system says EFBIG, as it says ENOSPC when a disk is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [0, 100, 5000])
def test_a_checkpoint_that_does_not_fit_leaves_the_one_before(size: int, tmp_path: Path) -> None:
    whole, _ = finish(start([trial(0)], tmp_path / "whole"))
    run: PackRun = start([trial(0)], tmp_path, checkpoint_interval_s=0)
    run.advance(10)
    before = sorted(path.name for path in (tmp_path / "pack").iterdir())
    with files_of_at_most(size), pytest.raises(DiskFullError, match="cannot write its checkpoint: file too large"):
        run.advance(10)
    assert sorted(path.name for path in (tmp_path / "pack").iterdir()) == before
    assert torn_files(tmp_path / "pack") == []
    state, problems = latest_checkpoint(tmp_path / "pack")
    assert state is not None
    assert (state["trainer"]["step"], problems) == (1, [])
    again, _ = finish(start([trial(0)], tmp_path))
    assert exactly(again) == exactly(whole)


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """A file system of its own of a few MiB."""
    place.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m,mode=0700", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a small file system, and not everywhere")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """For the whole sweep."""
    with small_disk(tmp_path / "disk") as place:
        yield place


@pytest.fixture
def packs_disk(mlflow_folder: Path) -> Iterator[Path]:
    """For what the processes write that train; ledger and models are on another."""
    with small_disk(mlflow_folder / "results" / NAME / "packs") as place:
        yield place


def fill(disk: Path) -> Path:
    """Take all the room that is left."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return filler


def fill_and_go_on(made: Stage, disk: Path, where: tuple[str, ...] = ()) -> tuple[Ended, tuple[int, ...], float]:
    """Fill the disk while a sweep trains, make room when it has ended, and resume it.

    Returns:
        What the first command said, the exit codes of both, and the seconds until it trained again.
    """
    command = made.start("launch", f"{NAME}.yaml", *where, *INTERVAL, step_s=0.004)
    made.wait_for_step(command, 1000)
    filler = fill(disk)
    full = command.wait(PATIENCE_S)
    assert full.code == 1
    assert "`rhm-sweep resume` goes on" in full.err
    assert torn_files(disk) == []
    filler.unlink()
    again = made.start("resume", NAME, *where, *INTERVAL, step_s=0.004)
    recovered_s = recovery_s(made.oracle, again)
    return full, (full.code, ended_well(again).code), recovered_s


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_full_disk(disk: Path, stage: Stages, report: Report) -> None:
    made = stage(2, steps="{grid: [1500, 1501]}")
    results = disk / "results"
    where = ("--results", str(results), "--tracking-uri", f"sqlite:///{made.path / 'mlflow.db'}")
    full, codes, recovered_s = fill_and_go_on(made, disk, where)
    assert "disk is full" in full.err
    happened = "the command ended with the reason and the cure; `resume` when there was room again"
    oracle = replace(made.oracle, sweep=results / NAME)
    record = report(oracle.look(f"disk full (tmpfs of {DISK_MIB} MiB)", happened, made.commands, recovered_s, codes))
    assert record.done == 4


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_disk_that_is_full_for_the_processes_that_train(packs_disk: Path, stage: Stages, report: Report) -> None:
    """No trial fails for it."""
    made = stage(2, steps="{grid: [1500, 1501]}")
    full, codes, recovered_s = fill_and_go_on(made, packs_disk)
    assert "cannot write its checkpoint: no space left on device" in full.err
    assert "Traceback" not in full.err
    happened = "the command ended with the reason and the cure, no trial failed; `resume` when there was room again"
    record = report(made.oracle.look("disk full for training alone", happened, made.commands, recovered_s, codes))
    assert (record.done, record.failed) == (4, 0)
