"""A real PostgreSQL server of its own, gone with the test."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rhm_sweeps.tracking.server import HOST, free_port

FOLDERS = [os.environ.get("PATH", ""), *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))]
PROGRAMS = ("initdb", "pg_ctl", "psql")
INITDB, PG_CTL, PSQL = (shutil.which(name, path=os.pathsep.join(FOLDERS)) for name in PROGRAMS)
needs_postgres = pytest.mark.skipif(
    not (INITDB and PG_CTL and PSQL), reason=f"PostgreSQL ({', '.join(PROGRAMS)}) is not installed"
)


@contextmanager
def running_postgres() -> Iterator[str]:
    """The address of an empty database, with the password in it; nobody gets in without."""
    folder = Path(tempfile.mkdtemp(prefix="rhm-postgres-"))
    password = secrets.token_hex(8)
    (folder / "password").write_text(password)
    port = free_port(0)
    try:
        _own(folder)
        _call(INITDB, "-D", "data", "-U", "rhm", "-A", "scram-sha-256", "--pwfile", "password", "-N", folder=folder)
        options = f"-p {port} -c listen_addresses={HOST} -c unix_socket_directories='' -c fsync=off"
        _call(PG_CTL, "-D", "data", "-o", options, "-l", "log", "-w", "start", folder=folder)
        try:
            yield f"postgresql://rhm:{password}@{HOST}:{port}/postgres"
        finally:
            _call(PG_CTL, "-D", "data", "-m", "immediate", "stop", folder=folder)
    finally:
        shutil.rmtree(folder)


def _owner() -> str | None:
    """PostgreSQL refuses to run as root; then it runs as nobody."""
    return pwd.getpwnam("nobody").pw_name if os.geteuid() == 0 else None


def _own(folder: Path) -> None:
    if owner := _owner():
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, owner)


def _call(program: str | None, *arguments: str, folder: Path) -> None:
    command = [str(program), *arguments]
    # not a pipe, which the server that this starts would keep open
    with (folder / "said").open("w+") as said:
        told = subprocess.run(command, check=False, cwd=folder, user=_owner(), stdout=said, stderr=subprocess.STDOUT)
        said.seek(0)
        assert told.returncode == 0, said.read()
