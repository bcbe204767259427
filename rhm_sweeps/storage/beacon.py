"""A small file by which a driver and its nodes find out whether they share a folder or a storage."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from rhm_sweeps.errors import StorageError
from rhm_sweeps.storage.storage import Storage

PREFIX = "driver-beacon-"
SEEN_WITHIN_S = 10.0
"""File systems of a network may show a new file after some seconds only."""


@dataclass(frozen=True)
class Beacon:
    """The file, which is there as long as a driver runs packs, and what is in it."""

    storage: Storage
    token: str
    shared_folder: bool
    """Whether packs use the place as a folder of their own node, and not through the storage."""

    @property
    def name(self) -> str:
        """A new one for each run: no file system has in its memory that it is not there."""
        return f"{PREFIX}{self.token[:8]}"

    def problem(self, node: str = "", within_s: float = SEEN_WITHIN_S) -> str:
        """Why the driver's file, or that of a node, is not seen from here; "" if it is."""
        deadline = time.monotonic() + within_s
        while True:
            try:
                found = self.storage.read(self.name + node)
            except StorageError as error:
                said = str(error)
            else:
                if found == self.token.encode():
                    return ""
                said = f"there is no file {self.name}{node}" if found is None else f"{self.name}{node} is another file"
            if time.monotonic() >= deadline:
                return said
            time.sleep(0.1)

    def answer(self, node: str) -> str:
        """Look for the driver's file, write one in return, and return what is wrong, "" if nothing is."""
        if problem := self.problem():
            return f"it does not see what this command wrote there: {problem}"
        try:
            self.storage.write(self.name + node, self.token.encode())
        except StorageError as error:
            return str(error)
        return ""

    def answered(self, node: str) -> str:
        """Look for a node's file, remove it, and return what is wrong, "" if nothing is."""
        problem = self.problem(node)
        self.forget(node)
        return problem and f"this command does not see what it wrote there: {problem}"

    def forget(self, node: str) -> None:
        """Remove a node's file, if it is seen from here."""
        with suppress(StorageError):
            self.storage.remove(self.name + node)

    def unshared(self, node: str, problem: str) -> str:
        """What is said of a node that does not see what it must, in a line with the cure."""
        if not self.shared_folder:
            return f"{node} cannot use the storage {self.storage.uri}: {problem}"
        folder = unquote(urlsplit(self.storage.uri).path)
        return (
            f"{node} does not share the folder {folder}: {problem}; choose a folder that all nodes share with --results, "
            "or keep checkpoints in a storage with --storage s3://bucket/prefix"
        )


@contextmanager
def lit_beacon(storage: Storage, *, shared_folder: bool) -> Iterator[Beacon]:
    """Write the file while the block lasts.

    Raises:
        StorageError: if it cannot be written.
    """
    beacon = Beacon(storage, secrets.token_hex(16), shared_folder)
    for left in [name for name in storage.sizes() if name.startswith(PREFIX)]:  # by a driver that was killed
        storage.remove(left)
    storage.write(beacon.name, beacon.token.encode())
    try:
        yield beacon
    finally:
        with suppress(StorageError):
            storage.remove(beacon.name)
