"""A real S3-compatible server on this machine: SeaweedFS, with the arguments of deploy/mlflow/compose.yaml."""

from __future__ import annotations

import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from pyarrow.fs import S3FileSystem

from ..deploy.recipe_files import documents
from .object_server import BUCKET, ObjectServer

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "tester",
    "AWS_SECRET_ACCESS_KEY": "known-to-the-tests-alone",
    "AWS_EC2_METADATA_DISABLED": "true",
}
ARGUMENTS = documents("mlflow/compose.yaml")[0]["services"]["s3"]["command"]
SERVICES = ("s3", "master", "volume", "filer", "admin")
"""Each has a port, and another one 10000 above it."""


def ports(first: int) -> Iterator[int]:
    """All that a server listens at whose own is the first."""
    for port in range(first, first + len(SERVICES)):
        yield from (port, port + 10_000)


def free_ports() -> int:
    """A first port of which all are free; below those that the system hands out, so that nobody else is given one meanwhile."""
    while True:
        first = 10_000 + secrets.randbelow(12_000)
        with suppress(OSError), ExitStack() as taken:
            for port in ports(first):
                taken.enter_context(socket.create_server(("127.0.0.1", port)))
            return first


@dataclass
class S3Server(ObjectServer):
    """Its address is in the environment."""

    port: int = field(default_factory=free_ports)
    settings: Mapping[str, str] = field(default_factory=lambda: CREDENTIALS)
    folder: Path = Path("none")
    """Of what it holds."""

    @property
    def environment(self) -> Mapping[str, str]:
        return {**CREDENTIALS, "AWS_ENDPOINT_URL": self.endpoint}

    def address(self, path: str, bucket: str = BUCKET) -> str:
        return f"s3://{bucket}/{path}"

    @property
    def _command(self) -> Sequence[str]:
        own = [f"-{service}.port={self.port + index}" for index, service in enumerate(SERVICES)]
        weed = str(Path(sys.executable).with_name("weed"))
        return weed, *ARGUMENTS, f"-dir={self.folder}", "-ip.bind=127.0.0.1", *own

    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="rhm-s3-"))
        super().start()
        self.system().create_dir(BUCKET)

    def stop(self) -> None:
        super().stop()
        shutil.rmtree(self.folder)
        for port in ports(self.port):
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                left.unlink()

    def system(self) -> S3FileSystem:
        """Its own view of what it holds."""
        return S3FileSystem(
            access_key=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            secret_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            endpoint_override=self.endpoint,
            region="us-east-1",
            allow_bucket_creation=True,
        )
