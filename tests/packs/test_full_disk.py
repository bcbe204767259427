"""A full disk is told apart from other errors, whatever was raised while it was handled."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from rhm_sweeps.errors import DiskFullError
from rhm_sweeps.packs.full_disk import full_disk, full_disk_told


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_it_is_found_below_what_torch_raises(code: int) -> None:
    said = r"^the process that trains in /x/pack cannot write its checkpoint: .*`rhm-sweep resume` goes on from the last checkpoints$"
    error = RuntimeError("unexpected pos 64 vs 0")
    error.__context__ = OSError(code, "No more")
    with pytest.raises(DiskFullError, match=said), full_disk_told(Path("/x/pack")):
        raise error


def test_other_errors_pass() -> None:
    assert full_disk(OSError(errno.EACCES, "Permission denied")) is None
    with pytest.raises(ValueError, match="other"), full_disk_told(Path("pack")):
        raise ValueError("other")
