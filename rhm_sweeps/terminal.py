"""A console that text from anywhere cannot steer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment

from rhm_sweeps.printable import one_line, printable


class Terminal(Console):
    """Rich's console; escape sequences in a name, a question or a server's answer are shown as U+FFFD and do nothing."""

    def __init__(self, **options: Any) -> None:
        """Of Rich's options; `:x:` in a text stays what it is, no emoji."""
        super().__init__(emoji=False, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """The segments of what is to be shown; the codes that Rich itself sends stay."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else printable(text), style, control)


def literal(text: str) -> str:
    """A text that may come from anywhere, for where Rich reads markup: shown as it is, in one line."""
    return escape(one_line(text))
