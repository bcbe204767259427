"""Commands are loaded one by one, and listed without being loaded."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import typer

from rhm_sweeps.cli.app import COMMANDS, Commands, app

from .conftest import RhmSweep


@pytest.mark.parametrize("lazy", Commands.lazy, ids=lambda lazy: lazy.name)
def test_a_list_says_of_a_command_what_it_says_itself(lazy: Any) -> None:
    listed, loaded = lazy.listed(), lazy.load()
    assert (listed.name, listed.rich_help_panel) == (loaded.name, loaded.rich_help_panel)
    first = listed.help.partition("\n\n")[0].split()
    assert first == loaded.help.partition("\n\n")[0].split()
    assert first


def test_every_command_is_listed_once_in_order(rhm_sweep: RhmSweep) -> None:
    names = [name for panel in COMMANDS.values() for name in panel]
    assert list(typer.main.get_group(app).commands) == names
    lines = rhm_sweep("--help").out.splitlines()
    listed = [line.split()[1] for line in lines if line.startswith("│ ") and line[2] not in "- "]
    assert listed == names


def test_a_command_is_loaded_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, rhm_sweep: RhmSweep) -> None:
    for name in ("rhm_sweeps.cli.diff", "rhm_sweeps.cli.export"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    group = typer.main.get_group(app)
    group.commands["diff"]
    assert "rhm_sweeps.cli.diff" in sys.modules
    assert "rhm_sweeps.cli.export" not in sys.modules


def test_a_typo_is_answered_with_what_was_meant(rhm_sweep: RhmSweep) -> None:
    assert "Did you mean 'launch'" in rhm_sweep("lanch", code=2).err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ui", "one", "--port", "99999999"), "'--port': it is '99999999', but must be less than or equal to 65535"),
        (
            ("evaluate", "one", "--sampling-steps", "0"),
            "'--sampling-steps': it is '0', but must be greater than or equal to 1",
        ),
        (("evaluate", "one", "--num-samples", "x"), "'--num-samples': it is 'x', but must be a valid integer"),
        (("grammar", "show", "--num-features", "x"), "'--num-features': it is 'x', but must be a valid integer"),
    ],
)
def test_a_value_that_an_option_does_not_take_is_said_with_its_bound(
    rhm_sweep: RhmSweep, arguments: tuple[str, ...], said: str
) -> None:
    shown = rhm_sweep(*arguments, code=2).err
    assert said in " ".join(shown.replace("│", " ").split())
