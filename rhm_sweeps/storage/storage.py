"""A storage: files by name under an address, in a folder, an S3 bucket or one of Google Cloud Storage."""

from __future__ import annotations

import io
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pyarrow import ArrowException
from pyarrow.fs import AwsStandardS3RetryStrategy, FileSelector, FileSystem, FileType, LocalFileSystem, S3FileSystem

from rhm_sweeps.errors import StorageError
from rhm_sweeps.storage.storage_problem import storage_error
from rhm_sweeps.whole_file import written_aside

CHUNK_BYTES = 2**20
SILENCE_S = 5.0


@dataclass(frozen=True)
class Storage:
    """A place for files, by an absolute address without credentials: `file:///`, `s3://bucket/` or `gs://bucket/`, each with a path.

    A file is there as a whole or not at all. Whatever goes wrong is a `StorageError` of one line.
    """

    uri: str

    def under(self, name: str) -> Storage:
        """The place of a folder in it."""
        parts = urlsplit(self.uri)
        return Storage(parts._replace(path=f"{parts.path.rstrip('/')}/{name}").geturl())

    @property
    def name(self) -> str:
        """The last part of its path."""
        return urlsplit(self.uri).path.rpartition("/")[2]

    def put(self, file: Path, name: str) -> None:
        """Store a file of this machine under a name, in the place of an earlier one.

        Raises:
            FileNotFoundError: if it is not on this machine.
        """
        with file.open("rb") as content:
            self._store(content, name)

    def write(self, name: str, content: bytes) -> None:
        """Store bytes under a name, in the place of earlier ones."""
        self._store(io.BytesIO(content), name)

    def _store(self, content: IO[bytes], name: str) -> None:
        with self._opened(f"write {name} to") as (system, root):
            if isinstance(system, LocalFileSystem):
                with written_aside(Path(root) / name) as target:
                    shutil.copyfileobj(content, target, CHUNK_BYTES)
            else:
                with system.open_output_stream(f"{root}/{name}", compression=None) as target:
                    shutil.copyfileobj(content, target, CHUNK_BYTES)

    def fetch(self, name: str, file: Path) -> bool:
        """Bring a stored file to this machine, and return whether there was one."""
        with self._opened(f"read {name} from") as (system, root):
            try:
                source = system.open_input_stream(f"{root}/{name}", compression=None)
            except FileNotFoundError:
                return False
            with source, written_aside(file) as target:
                shutil.copyfileobj(source, target, CHUNK_BYTES)
        return True

    def read(self, name: str) -> bytes | None:
        """The bytes of a stored file; None if there is none."""
        with self._opened(f"read {name} from") as (system, root):
            try:
                with system.open_input_stream(f"{root}/{name}", compression=None) as source:
                    return bytes(source.read())
            except FileNotFoundError:
                return None

    def sizes(self, folder: str = "", *, below: bool = False) -> dict[str, int]:
        """Bytes of the files of a folder, by their names in it; with `below` also of those in its folders."""
        with self._opened(f"list {folder or 'the files'} in") as (system, root):
            top = f"{root}/{folder}".rstrip("/")
            found = system.get_file_info(FileSelector(top, allow_not_found=True, recursive=below))
        files = [info for info in found if info.type == FileType.File and not info.base_name.startswith(".")]
        return {info.path.removeprefix(f"{top}/"): int(info.size) for info in files}

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        with self._opened(f"look for {name} in") as (system, root):
            return bool(system.get_file_info(f"{root}/{name}").type == FileType.File)

    def remove(self, name: str) -> None:
        """Remove a stored file, if it is there."""
        with self._opened(f"remove {name} from") as (system, root):
            try:
                system.delete_file(f"{root}/{name}")
            except FileNotFoundError:
                return

    def remove_all(self) -> None:
        """Remove every file, and the folder itself."""
        # Google's storage has no folders, and says so when all files of one are gone.
        with self._opened("remove the files of") as (system, root), suppress(FileNotFoundError):
            if system.get_file_info(root).type != FileType.NotFound:
                system.delete_dir(root)

    def check(self) -> None:
        """Write, read and remove a small file.

        Raises:
            StorageError: if that does not go, saying why, with the cure.
        """
        name, content = f"check-{secrets.token_hex(8)}", secrets.token_bytes(16)
        self.write(name, content)
        found = self.read(name)
        self.remove(name)
        if found != content:
            raise StorageError(f"cannot use {self.uri}: what was written there is not what was read from it")

    @contextmanager
    def _opened(self, doing: str) -> Iterator[tuple[Any, str]]:
        """The file system and the path in it."""
        try:
            yield _open(self.uri)
        except (OSError, ValueError, NotImplementedError, ArrowException) as error:
            raise storage_error(doing, self.uri, error) from error


@lru_cache(maxsize=64)
def _open(uri: str) -> tuple[FileSystem, str]:
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return LocalFileSystem(), unquote(parts.path)
    system, path = FileSystem.from_uri(uri)
    return _impatient(system, parts.query) if parts.scheme == "s3" else system, path.rstrip("/")


def _impatient(system: S3FileSystem, query: str) -> S3FileSystem:
    """The same, but a server that says nothing costs seconds: by itself it would be asked for minutes."""
    options = {name: value for name, value in parse_qsl(query) if name in ("endpoint_override", "scheme")}
    return S3FileSystem(
        region=system.region,
        connect_timeout=SILENCE_S,
        request_timeout=SILENCE_S,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=2),
        **options,
    )
