"""Running commands in this process, as `rhm-sweep` does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rhm_sweeps.cli.main import main


@dataclass(frozen=True)
class Said:
    """What a command printed."""

    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        assert self.out.count("\n") == 1
        return json.loads(self.out)

    @property
    def words(self) -> str:
        """Standard error without line breaks."""
        return " ".join(self.err.split())


RhmSweep = Callable[..., Said]


@pytest.fixture
def rhm_sweep(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RhmSweep:
    """Run a command in an empty folder and check its exit code."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, code: int = 0) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        said = Said(*capsys.readouterr())
        assert (ended.value.code or 0) == code, said.err
        return said

    return run
