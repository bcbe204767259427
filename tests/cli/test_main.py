"""The entry point: one clean message per error, the right exit code, help that is quick and has examples."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from rhm_sweeps.cli import app as app_module
from rhm_sweeps.cli.main import main
from rhm_sweeps.errors import ConfigError, Interrupted, Problem, SweepError, UsageError
from rhm_sweeps.version import __version__

from .conftest import RhmSweep


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make every command raise this error."""

    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(app_module, "app", fail)


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (SweepError("it is [bold]gone[/]"), 1, "Error: it is [bold]gone[/]\n"),
        (UsageError("no"), 2, "Error: no\n"),
        (Interrupted("later"), 130, "Error: later\n"),
        (KeyboardInterrupt(), 130, "Error: interrupted\n"),
        (ConfigError([Problem("a.b", "is 1"), Problem("", "is 2")], "x.yaml"), 2, "Error: x.yaml: 2 problems\n  a.b: is 1\n"),
        (ZeroDivisionError("division"), 1, "Error: unexpected ZeroDivisionError: division\nRun again with --debug"),
    ],
)  # fmt: skip
def test_an_error_is_one_message_and_a_code(
    rhm_sweep: RhmSweep, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, sentence: str
) -> None:
    raising(monkeypatch, error)
    said = rhm_sweep(code=code)
    assert said.err.startswith(sentence)
    assert said.out == ""
    assert "Traceback" not in said.err


@pytest.mark.parametrize("error", [SweepError("gone"), ZeroDivisionError("division")])
def test_debug_lets_the_traceback_through(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    raising(monkeypatch, error)
    with pytest.raises(type(error)):
        main(["anything", "--debug"])
    monkeypatch.setenv("RHM_SWEEP_DEBUG", "1")
    with pytest.raises(type(error)):
        main(["anything"])


@pytest.mark.parametrize("debug", [(), ("--debug",)])
def test_no_error_shows_a_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], debug: tuple[str, ...]
) -> None:
    cause = OSError("postgresql://me:hunter2@host refused")
    cause.__cause__ = ValueError("http://host?token=hunter2")
    raising(monkeypatch, cause)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    with pytest.raises((OSError, SystemExit)) as raised:
        main(["anything", *debug])
    if debug:  # what is not caught goes to this hook
        sys.excepthook(raised.type, raised.value, raised.tb)
    said = capsys.readouterr().err
    assert "postgresql://***@host refused" in said
    assert "hunter2" not in said
    assert ("Traceback" in said) == bool(debug)


def rhm(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rhm_sweeps", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, **environment})


def test_debug_shows_the_traceback_to_the_user(tmp_path: Path) -> None:
    ended = rhm("status", "nowhere", "--results", str(tmp_path), "--debug")
    assert ended.returncode == 1
    assert "Traceback (most recent call last)" in ended.stderr
    assert "SweepError: there is no sweep in" in ended.stderr


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m rhm_sweeps spaces show memorization | head -c 1"
    ended = subprocess.run(["bash", "-c", command], check=False, capture_output=True, text=True)
    assert ended.stderr == ""


def test_the_version(rhm_sweep: RhmSweep) -> None:
    assert rhm_sweep("--version").out == f"rhm-sweep {__version__}\n"


def test_without_a_command_there_is_help(rhm_sweep: RhmSweep) -> None:
    said = rhm_sweep(code=2)
    assert "launch" in said.out + said.err


def commands() -> list[tuple[str, ...]]:
    """Every command, groups included, as it is typed."""

    def walk(command: object, path: tuple[str, ...]) -> list[tuple[str, ...]]:
        inner = getattr(command, "commands", {})
        return [path, *(found for name, child in inner.items() for found in walk(child, (*path, name)))]

    return walk(typer.main.get_command(app_module.app), ())


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_explains_itself(rhm_sweep: RhmSweep, command: tuple[str, ...]) -> None:
    said = rhm_sweep(*command, "--help")
    assert said.err == ""
    assert rhm_sweep(*command, "-h").out == said.out
    groups = {found[:-1] for found in commands() if found}
    if command not in groups:
        example = re.search(r"Example: rhm-sweep ([\w -]+)", " ".join(said.out.split()))
        assert example is not None
        assert tuple(example[1].split())[: len(command)] == command
