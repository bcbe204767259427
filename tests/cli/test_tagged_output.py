"""Two outputs in one log come apart again."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from rhm_sweeps.cli.tagged_output import ERR, OUT, TaggedOutput

from .conftest import RhmSweep


def test_lines_are_tagged_as_soon_as_they_are_whole() -> None:
    log = io.StringIO()
    out, err = TaggedOutput(OUT, log), TaggedOutput(ERR, log)
    print("one", end="", file=out)
    print("two\n\nthree", file=err)
    assert log.getvalue() == f"{ERR}two\n{ERR}\n{ERR}three\n"
    out.end()
    err.end()
    assert log.getvalue().endswith(f"{ERR}three\n{OUT}one\n")


@pytest.mark.slow
def test_a_command_ends_as_it_does_without_tags(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    plain = rhm_sweep("status", "nowhere", code=1).err
    command = [sys.executable, "-m", "rhm_sweeps.cli.tagged_output", "status", "nowhere"]
    tagged = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path)
    assert tagged.returncode == 1
    assert tagged.stdout == "".join(f"{ERR}{line}\n" for line in plain.splitlines())
