"""deploy/mlflow/serve.sh with a real PostgreSQL and a real MLflow server."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from rhm_sweeps.tracking.server import HOST, free_port

from ..postgres import FOLDERS, needs_postgres
from .recipe_files import DEPLOY

pytestmark = [pytest.mark.slow, needs_postgres]


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that PostgreSQL's own account may enter when the tests run as root."""
    made = Path(tempfile.mkdtemp(prefix="rhm-serve-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


def serve(folder: Path, port: int, db_port: int) -> psutil.Popen:
    own = {"PORT": str(port), "DB_PORT": str(db_port), "DB_ACCOUNT": "nobody"}
    path = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), *FOLDERS])}
    with (folder / "log").open("a") as log:
        return psutil.Popen(
            [DEPLOY / "mlflow" / "serve.sh", folder / "server"], env=os.environ | own | path, stdout=log, stderr=log
        )


def wait_until_it_answers(server: psutil.Popen, port: int, folder: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + 120
    while True:
        assert server.poll() is None, (folder / "log").read_text()
        try:
            opener.open(f"http://{HOST}:{port}/health", timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.1)
        else:
            return


def test_it_serves_on_this_machine_alone_keeps_its_secret_and_leaves_nothing_running(folder: Path) -> None:
    port, db_port = free_port(0), free_port(0)
    server = serve(folder, port, db_port)
    wait_until_it_answers(server, port, folder)
    listening = {found.laddr for found in psutil.net_connections("inet") if found.status == psutil.CONN_LISTEN}
    assert {place.ip for place in listening if place.port in (port, db_port)} == {HOST}

    password = (folder / "server" / "password").read_text()
    assert stat.S_IMODE((folder / "server" / "password").stat().st_mode) == 0o600
    said = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    assert [line for line in said if password in line] == []
    assert password not in (folder / "log").read_text()

    with psycopg.connect(f"postgresql://mlflow:{password}@{HOST}:{db_port}/postgres") as database:
        assert database.execute("select count(*) from experiments").fetchone() == (1,)

    server.send_signal(signal.SIGTERM)
    assert server.wait(30) == 143, (folder / "log").read_text()
    places = {found.laddr.port for found in psutil.net_connections("inet") if found.status == psutil.CONN_LISTEN}
    assert places.isdisjoint({port, db_port})


def test_a_folder_that_is_there_is_gone_on_with(folder: Path) -> None:
    """Its secret stays: the database of a second start takes the password of the first."""
    (folder / "server").mkdir()
    (folder / "server" / "password").write_text("known")
    (folder / "server" / "database").mkdir()
    ended = subprocess.run(
        [DEPLOY / "mlflow" / "serve.sh", folder / "server"],
        env=os.environ | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), *FOLDERS]), "DB_ACCOUNT": "nobody"},
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert ended.returncode != 0
    assert "server/database/data" in ended.stderr
    assert (folder / "server" / "password").read_text() == "known"
