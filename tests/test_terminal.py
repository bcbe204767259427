"""What text from anywhere does to a terminal: nothing."""

from __future__ import annotations

import io

import pytest
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from rhm_sweeps.terminal import Terminal

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x9b1m\r\x08\u202e[bold]x[/]"
"""Sets a title, clears the screen, colours, goes back, turns the direction of writing; and Rich's own markup."""
STEERING = set("\x1b\x07\x9b\r\x08\u202e")


def shown(*what: object, terminal: bool = False, **options: bool) -> str:
    system = "standard" if terminal else None
    console = Terminal(
        file=io.StringIO(), width=200, highlight=False, force_terminal=terminal, color_system=system, _environ={}
    )
    console.print(*what, **options)  # type: ignore[arg-type]
    return console.file.getvalue()


def table() -> Table:
    made = Table("name", title=escape(HOSTILE))
    made.add_row(escape(HOSTILE))
    made.add_row(Text(HOSTILE))
    return made


@pytest.mark.parametrize("what", [HOSTILE, Text(HOSTILE), table()], ids=["words", "text", "table"])
def test_escape_sequences_are_shown_and_not_obeyed(what: object) -> None:
    said = shown(what, markup=False)
    assert not STEERING & set(said)
    assert "\ufffd[2J" in said


def test_what_rich_itself_sends_to_a_terminal_stays() -> None:
    said = shown(f"[red]ours[/] {escape(HOSTILE)}", terminal=True)
    assert said.startswith("\x1b[31mours\x1b[0m ")
    assert not STEERING & set(said.replace("\x1b[31mours\x1b[0m", ""))


def test_harmless_text_is_as_it_was() -> None:
    assert shown("τ_mem – “é” a:x:b\n\tline ━━ 100%", markup=False) == "τ_mem – “é” a:x:b\n        line ━━ 100%\n"
