"""What takes long is asked about before it starts, if a person is there; and what it took is compared with what was expected."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from rhm_sweeps.cli import expectation
from rhm_sweeps.cli.expectation import COMMAND_S, EXPENSIVE_S, PROCESS_S, Expectation

SHORT_S = EXPENSIVE_S - PROCESS_S - COMMAND_S - 1


def outlook(seconds: float | None) -> SimpleNamespace:
    return SimpleNamespace(estimate=SimpleNamespace(seconds=seconds), trials=(1, 2, 3), share=0.5)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The questions of a terminal in which a person says no."""
    questions: list[str] = []

    def confirm(text: str, **_: object) -> None:
        questions.append(text)
        raise typer.Abort

    monkeypatch.setattr(expectation.typer, "confirm", confirm)
    monkeypatch.setattr(expectation.sys, "stdin", SimpleNamespace(isatty=lambda: True))
    return questions


def test_a_long_launch_is_asked_about(asked: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Abort):
        Expectation(ask=True).confirm(outlook(2 * EXPENSIVE_S))
    assert asked == ["Launch?"]
    assert "6 trials, about 2:00:15" in capsys.readouterr().err


@pytest.mark.parametrize(("ask", "seconds"), [(False, 2 * EXPENSIVE_S), (True, SHORT_S), (True, None)])
def test_what_is_short_unknown_or_accepted_is_not_asked_about(
    asked: list[str], ask: bool, seconds: float | None
) -> None:
    Expectation(ask=ask).confirm(outlook(seconds))
    assert asked == []


def test_what_it_took_is_compared_with_what_was_expected(capsys: pytest.CaptureFixture[str]) -> None:
    expected = Expectation(ask=False)
    expected.compare(60.0)
    assert capsys.readouterr().err == ""
    expected.confirm(outlook(90.0))
    expected.compare(60.0)
    assert "1:00, 1:33 were expected (+55 %)" in capsys.readouterr().err


@pytest.mark.slow
def test_a_person_at_a_terminal_who_says_no_starts_nothing(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "rhm_sweeps", "launch", "memorization", "-s", "steps=100000000"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        os.write(master, b"n\n")
        _, err = process.communicate(timeout=120)
    os.close(master)
    os.close(slave)
    assert process.returncode == 1
    assert b"Launch?" in err
    assert not list(tmp_path.iterdir())
