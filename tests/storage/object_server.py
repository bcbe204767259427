"""A server of objects over HTTP on this machine, as a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

BUCKET = "checkpoints"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class ObjectServer(ABC):
    """Can be stopped, which loses what it holds, and started at the same port."""

    port: int = field(default_factory=free_port)
    settings: Mapping[str, str] = field(default_factory=dict)
    """Of the server, as environment variables."""
    process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    @abstractmethod
    def environment(self) -> Mapping[str, str]:
        """What a node must have to reach it."""

    @abstractmethod
    def address(self, path: str, bucket: str = BUCKET) -> str:
        """A place in it, as a user writes it."""

    @property
    @abstractmethod
    def _command(self) -> Sequence[str]:
        """What starts it, on its port."""

    def start(self) -> None:
        """Until it answers, and has its bucket."""
        self.process = subprocess.Popen(
            self._command,
            env={**os.environ, **self.settings},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                assert time.monotonic() < deadline, f"{type(self).__name__} did not start"
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
