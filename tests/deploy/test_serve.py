"""deploy/mlflow/serve.sh with a real PostgreSQL, a real store and a real MLflow server."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg
import pytest
from mlflow import MlflowClient
from pyarrow.fs import S3FileSystem

from rhm_sweeps.tracking.server import HOST, free_port

from ..postgres import FOLDERS, needs_postgres
from ..storage.s3_server import free_ports, ports
from .recipe_files import DEPLOY

pytestmark = [pytest.mark.slow, needs_postgres]

SCRIPT = DEPLOY / "mlflow" / "serve.sh"
ENVIRONMENT = os.environ | {
    "DB_ACCOUNT": "nobody",
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), *FOLDERS]),
}


@dataclass
class Served:
    """The script, in a folder that PostgreSQL's own account may enter when the tests run as root."""

    folder: Path
    port: int = field(default_factory=lambda: free_port(0))
    db_port: int = field(default_factory=lambda: free_port(0))
    s3_port: int = field(default_factory=free_ports)
    family: list[psutil.Process] = field(default_factory=list)

    def start(self) -> psutil.Popen:
        """Until it answers."""
        own = {"PORT": str(self.port), "DB_PORT": str(self.db_port), "S3_PORT": str(self.s3_port)}
        with (self.folder / "log").open("a") as log:
            server = psutil.Popen([SCRIPT, self.folder / "server"], env=ENVIRONMENT | own, stdout=log, stderr=log)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + 120
        while True:
            assert server.poll() is None, self.log
            try:
                opener.open(f"{self.uri}/health", timeout=1).close()
            except OSError:
                assert time.monotonic() < deadline, self.log
                time.sleep(0.1)
            else:
                break
        postmaster = (self.folder / "server" / "database" / "data" / "postmaster.pid").read_text().split()[0]
        roots = [server, psutil.Process(int(postmaster))]
        self.family = [process for root in roots for process in (root, *root.children(recursive=True))]
        return server

    @property
    def uri(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def secret(self, name: str) -> str:
        return (self.folder / "server" / name).read_text()

    def listening(self) -> set[tuple[str, int]]:
        pids = {process.pid for process in self.family}
        return {
            tuple(found.laddr)
            for found in psutil.net_connections("inet")
            if found.status == psutil.CONN_LISTEN and found.pid in pids
        }

    def wait_until_nothing_is_left(self) -> None:
        assert psutil.wait_procs(self.family, timeout=10)[1] == []
        assert [port for _, port in self.listening()] == []


@pytest.fixture
def served() -> Iterator[Served]:
    folder = Path(tempfile.mkdtemp(prefix="rhm-serve-"))
    folder.chmod(0o711)
    yield Served(folder)
    shutil.rmtree(folder)


def test_it_serves_on_this_machine_alone_keeps_its_secrets_and_leaves_nothing_running(served: Served) -> None:
    """What was logged through the server is in the store, also after a second start; the end of the store ends the rest."""
    server = served.start()
    expected = {served.port, served.db_port, *ports(served.s3_port)}
    assert served.listening() == {(HOST, port) for port in expected}

    said = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    logs = [served.log, *(path.read_text() for path in (served.folder / "server" / "store" / "log").iterdir())]
    for name in ("password", "key"):
        secret = served.secret(name)
        assert len(secret) == 48
        assert stat.S_IMODE((served.folder / "server" / name).stat().st_mode) == 0o600
        assert [text for text in (*said, *logs) if secret in text] == []
    assert stat.S_IMODE((served.folder / "server" / "store").stat().st_mode) == 0o700

    client = MlflowClient(served.uri)
    run = client.create_run("0").info.run_id
    client.log_text(run, "kept", "a/text")
    store = S3FileSystem(
        access_key="mlflow",
        secret_key=served.secret("key"),
        endpoint_override=f"http://{HOST}:{served.s3_port}",
        region="us-east-1",
    )
    with store.open_input_stream(f"mlflow/artifacts/0/{run}/artifacts/a/text") as found:
        assert found.read() == b"kept"
    with psycopg.connect(
        f"postgresql://mlflow:{served.secret('password')}@{HOST}:{served.db_port}/postgres"
    ) as database:
        assert database.execute("select run_uuid from runs").fetchall() == [(run,)]

    server.send_signal(signal.SIGTERM)
    assert server.wait(60) == 143, served.log
    served.wait_until_nothing_is_left()

    server = served.start()
    assert Path(client.download_artifacts(run, "a/text", served.folder)).read_text() == "kept"
    (weed,) = [process for process in served.family if process.name() == "weed"]
    weed.kill()
    assert server.wait(60) == 1
    assert "the server, the store or the database has ended" in served.log
    served.wait_until_nothing_is_left()


def ended(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, folder], env=ENVIRONMENT | environment, capture_output=True, text=True, check=False, timeout=30
    )


def test_without_the_store_it_says_what_to_install_and_begins_nothing(tmp_path: Path) -> None:
    said = ended(tmp_path, PATH=os.pathsep.join(FOLDERS))
    assert said.returncode == 1
    assert said.stderr.splitlines() == [
        "serve.sh: there is no weed, the store: pip install -c constraints.txt '.[server]', or set ARTIFACTS to another place"
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_port_of_the_store_that_is_taken_is_named_before_anything_begins(tmp_path: Path) -> None:
    first = free_ports()
    with socket.create_server((HOST, first + 10_002)):
        said = ended(tmp_path, S3_PORT=str(first))
    assert said.returncode == 1
    assert said.stderr == f"serve.sh: the store needs port {first + 10_002}, which is in use: set S3_PORT\n"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_gone_on_with(tmp_path: Path) -> None:
    """Its secret stays: the database of a second start takes the password of the first. With a place of its own it needs no store."""
    (tmp_path / "password").write_text("known")
    (tmp_path / "database").mkdir()
    said = ended(tmp_path, PATH=os.pathsep.join(FOLDERS), ARTIFACTS=str(tmp_path))
    assert said.returncode != 0
    assert "database/data" in said.stderr
    assert (tmp_path / "password").read_text() == "known"
    assert not (tmp_path / "key").exists()
