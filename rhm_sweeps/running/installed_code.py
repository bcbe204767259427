"""Which code a process trains with, to tell whether a node has the driver's."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import torch

from rhm_sweeps.code_identity import code_hash
from rhm_sweeps.version import __version__


@dataclass(frozen=True)
class InstalledCode:
    """What is installed somewhere: `code` decides what trials become, `beside` is what it runs on."""

    code: str
    beside: str

    def __str__(self) -> str:
        return f"{self.code} ({self.beside})"


@cache
def installed_code() -> InstalledCode:
    """That of this process."""
    beside = f"Python {platform.python_version()}, torch {torch.__version__}"
    return InstalledCode(f"{__version__} with code {code_hash()}", beside)


def other_code(here: str, there: Mapping[str, str]) -> str:
    """What is said of nodes, by name, whose code is not the driver's, in a line with the cure."""
    nodes = "; ".join(f"{node} has other code, rhm-sweep {code}" for node, code in there.items())
    return (
        f"{nodes}; the command has rhm-sweep {here}: install the same on every node, or send this one along: "
        "rhm-sweep submit ... --send-code"
    )
