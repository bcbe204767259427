"""Checkpoints are torn, zeroed, bit-flipped and removed, at every boundary of their records."""

from __future__ import annotations

import io
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from rhm_sweeps.errors import CheckpointError
from rhm_sweeps.packs.pack_run import PackRun
from rhm_sweeps.training.checkpoints import (
    latest_checkpoint,
    load_checkpoint,
    prune_checkpoints,
    save_checkpoint,
    step_path,
)

from ..pack_runs import trial
from .conftest import Report
from .damage import DAMAGES, damaged
from .stage import Stage

KILLED_WHILE_WRITING = """
import os, pathlib, signal, sys
from rhm_sweeps.whole_file import written_aside
with written_aside(pathlib.Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The newest checkpoint of a pack that trains."""
    folder = tmp_path_factory.mktemp("pack")
    run = PackRun([trial(0), trial(1)], folder / "pack", folder / "models")
    run.advance(10)
    run.advance(10)
    run.save()
    return max((folder / "pack").glob("step-*.ckpt")).read_bytes()


def boundaries(checkpoint: bytes) -> list[int]:
    """Where the digest, the archive and each record in it begin, and where its directory does."""
    start = checkpoint.index(b"\n") + 1
    with zipfile.ZipFile(io.BytesIO(checkpoint[start:])) as archive:
        records = [start + info.header_offset for info in archive.infolist()]
        return sorted({0, start - 65, start, *records, start + archive.start_dir, len(checkpoint) - 1})


@pytest.mark.parametrize("damage", DAMAGES)
def test_no_damaged_checkpoint_is_read_and_the_one_before_is(damage: str, checkpoint: bytes, tmp_path: Path) -> None:
    save_checkpoint(step_path(tmp_path, 1), {"step": 1})
    places = boundaries(checkpoint)
    assert len(places) > 10
    for at in places:
        content = damaged(checkpoint, at, damage)
        if content == checkpoint:
            continue  # what was zeroed were zeros
        step_path(tmp_path, 2).write_bytes(content)
        with pytest.raises(CheckpointError):
            load_checkpoint(step_path(tmp_path, 2))
        state, problems = latest_checkpoint(tmp_path)
        assert state == {"step": 1}
        assert len(problems) == 1
    step_path(tmp_path, 2).write_bytes(checkpoint)
    assert load_checkpoint(step_path(tmp_path, 2))["trainer"]["step"] == 2


def test_what_a_killed_process_left_unfinished_goes_with_the_next_checkpoint(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED_WHILE_WRITING, str(step_path(tmp_path, 1))]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".step-0000000001.ckpt.")
    assert latest_checkpoint(tmp_path) == (None, [])
    save_checkpoint(step_path(tmp_path, 2), {"step": 2})
    prune_checkpoints(tmp_path)
    assert list(tmp_path.iterdir()) == [step_path(tmp_path, 2)]


@pytest.mark.slow
@pytest.mark.parametrize("damage", [*DAMAGES, "missing"])
def test_a_sweep_goes_on_without_its_newest_checkpoint(damage: str, cut: Stage, report: Report) -> None:
    path = max(cut.folder.packs.glob("*/step-*.ckpt"), key=lambda file: (file.stat().st_mtime_ns, file.name))
    content = path.read_bytes()
    path.unlink() if damage == "missing" else path.write_bytes(damaged(content, len(content) // 2, damage))
    cut.here(again=True)
    happened = "the pack went on from the checkpoint before it, and said so"
    record = report(cut.oracle.look(f"newest checkpoint {damage}", happened))
    assert record.done == 4
    assert record.steps_redone <= 2 * 2  # two trials, back from step 4 to step 2


@pytest.mark.slow
def test_a_sweep_goes_on_without_any_checkpoint(cut: Stage, report: Report) -> None:
    shutil.rmtree(cut.folder.packs)
    cut.here(again=True)
    record = report(cut.oracle.look("all checkpoints missing", "unfinished trials began again, finished ones did not"))
    assert record.done == 4
    assert record.steps_redone <= 2 * 4
