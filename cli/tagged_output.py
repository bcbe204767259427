"""`python -m rhm_sweeps.cli.tagged_output ...`: a command whose output says line by line where it belongs.

A job of a Ray cluster has one log for both outputs, in which Ray writes too. The other side takes them apart again.
"""

from __future__ import annotations

import io
import sys
from typing import TextIO

OUT = "1> "
ERR = "2> "


class TaggedOutput(io.TextIOBase):
    """Writes each line to a stream, behind a tag, as soon as it is whole."""

    encoding = "utf-8"
    errors = "strict"

    def __init__(self, tag: str, stream: TextIO) -> None:
        super().__init__()
        self._tag, self._stream, self._begun = tag, stream, ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._stream.write(f"{self._tag}{line}\n")
        if lines:
            self._stream.flush()
        return len(text)

    def end(self) -> None:
        """Write what is left of a line that does not end."""
        if self._begun:
            self.write("\n")


def main(arguments: list[str] | None = None) -> None:
    """Run `rhm-sweep` with tagged output and exit as it does."""
    from .main import main as rhm_sweep

    stream = sys.stdout
    out, err = TaggedOutput(OUT, stream), TaggedOutput(ERR, stream)
    sys.stdout, sys.stderr = out, err
    try:
        rhm_sweep(arguments)
    finally:
        sys.stdout, sys.stderr = stream, sys.__stderr__
        out.end()
        err.end()


if __name__ == "__main__":
    main()
