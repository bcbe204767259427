"""One output of a notebook cell that is drawn anew in its place."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from importlib import import_module
from types import TracebackType
from typing import Self

from rich.console import RenderableType

from rhm_sweeps.terminal import Terminal

REFRESH_INTERVAL_S = 0.5
_PAGE = """<pre style="white-space:pre;overflow-x:auto;line-height:1.3">{code}</pre>"""


class NotebookDisplay:
    """Shows what `render` returns, and again at each `refresh`, in the output of the cell that opened it.

    Rich's own `Live` needs ipywidgets for this; notebooks have IPython, which no other place has to have.
    """

    def __init__(self, render: Callable[[], RenderableType], width: int) -> None:
        self._render, self._width = render, width
        self._drawn = 0.0

    def __enter__(self) -> Self:
        display = import_module("IPython.display").display
        self._handle = display(self._page(), raw=True, display_id=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._draw()

    def refresh(self) -> None:
        """Draw it again, unless that was a moment ago."""
        if time.monotonic() - self._drawn >= REFRESH_INTERVAL_S:
            self._draw()

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        self._handle.update(self._page(), raw=True)

    def _page(self) -> dict[str, str]:
        """As a notebook stores it; without colours, which are for dark or for light pages."""
        console = Terminal(
            file=io.StringIO(), record=True, width=self._width, force_jupyter=False, force_terminal=True, no_color=True
        )
        console.print(self._render())
        text = console.export_text(clear=False)
        return {"text/html": console.export_html(code_format=_PAGE, inline_styles=True), "text/plain": text}
