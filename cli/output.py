"""Where text goes: data to stdout, everything else to stderr."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from rhm_sweeps.printable import printable
from rhm_sweeps.terminal import Terminal

stdout = Terminal(highlight=False, soft_wrap=False)
stderr = Terminal(stderr=True, highlight=False)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else there.")]


def print_data(text: str) -> None:
    """Print what other programs read: a pipe or a file gets it as it is, a terminal what cannot steer it."""
    sys.stdout.write(printable(text) if sys.stdout.isatty() else text)
    sys.stdout.flush()  # here, so that a closed pipe is noticed where it is handled


def print_json(document: Any) -> None:
    """Print one JSON document on stdout; infinities and NaN become null."""
    print(json.dumps(_finite(document), allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
