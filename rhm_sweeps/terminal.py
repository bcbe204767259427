"""A console that text from anywhere cannot steer."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from rhm_sweeps.printable import printable


class Terminal(Console):
    """Rich's console; escape sequences in a name, a question or a server's answer are shown as U+FFFD and do nothing."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """The segments of what is to be shown; the codes that Rich itself sends stay."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else printable(text), style, control)
