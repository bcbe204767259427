"""Orders to a running pack, in a file of its folder: written by the driver, read once a second by the process that trains."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rhm_sweeps.whole_file import write_atomically

FILE_NAME = "orders.json"


@dataclass(frozen=True)
class PackOrders:
    """Members to stop, each with the reason, and whether the pack is to save and give up its place."""

    stop: Mapping[str, str] = field(default_factory=dict)
    leave: bool = False
    vacate: bool = False
    """Whether its process is to end then, so that no other pack takes its place: the node leaves the cluster."""


def write_orders(folder: Path, orders: PackOrders) -> None:
    """Put orders in the place of earlier ones; carrying them out twice changes nothing.

    The disk is not waited for: thousands of packs may be told to leave at once, and no pack outlives a power cut either.
    """
    write_atomically(folder / FILE_NAME, json.dumps(asdict(orders)).encode(), synced=False)


def read_orders(folder: Path) -> PackOrders:
    """The orders of a pack; none if there is no file."""
    try:
        content = (folder / FILE_NAME).read_bytes()
    except FileNotFoundError:
        return PackOrders()
    return PackOrders(**json.loads(content))


def clear_orders(folder: Path) -> None:
    (folder / FILE_NAME).unlink(missing_ok=True)
