"""A sweep on a real Ray cluster that this machine shares no folder with, as it were: one that asks for a token."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.sweeps.sent_code import copy_code

from ..processes import Ended, is_alive, run
from ..running.unshared_node import UnsharedNode, can_unshare, of_a_shell
from .travelling_space import write_travelling_space

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(600)]

TOKEN = secrets.token_hex(32)
AUTH = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}
STEPS = sorted({2**power for power in range(14)} | {10000})
POOLS = "pools: {core: {cpus: 1, memory_gib: 1}}\n"
TWO_POOLS = """\
pools:
  near: {memory_gib: 1}
  far: {memory_gib: 1, labels: {place: far}}
routes:
  - {when: train_size == 4, pool: far}
  - {pool: near}
"""


@dataclass(frozen=True)
class RayHead:
    """A cluster of one node with two cores: where jobs are sent, through Ray Client too, and nodes join; its folder, a shared one."""

    address: str
    client: str
    nodes: str
    folder: Path
    shared: Path

    def packages(self) -> list[set[str]]:
        """What was in each folder that a job was sent with."""
        folders = self.folder.glob("session_2*/runtime_resources/working_dir_files/_ray_pkg_*/")
        return [{path.name for path in folder.iterdir()} for folder in folders]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayHead]:
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))  # sockets need a short path
    port, client, nodes = free_port(), free_port(), free_port()
    flags = {
        "port": nodes, "dashboard-port": port, "dashboard-host": "127.0.0.1", "include-dashboard": "true",
        "dashboard-agent-listen-port": 0, "ray-client-server-port": client, "temp-dir": folder, "num-cpus": 2,
    }  # fmt: skip
    binaries = Path(sys.executable).parent
    with (folder / "start.log").open("w") as log:
        process = psutil.Popen(
            [binaries / "ray", "start", "--head", "--block", *(f"--{name}={value}" for name, value in flags.items())],
            env={
                **environment(),
                "PATH": f"{binaries}:{os.environ['PATH']}",
                "RAY_USAGE_STATS_ENABLED": "0",
                "GRPC_ENABLE_FORK_SUPPORT": "0",  # Ray Client's server forks for each client, which fails now and then with it
            },
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    deadline = time.monotonic() + 60
    while not listens(port):
        assert process.poll() is None, (folder / "start.log").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.2)
    shared = tmp_path_factory.mktemp("shared")
    yield RayHead(f"http://127.0.0.1:{port}", f"ray://127.0.0.1:{client}", f"127.0.0.1:{nodes}", folder, shared)
    family = process.children(recursive=True)
    process.terminate()
    _, left = psutil.wait_procs([process, *family], timeout=20)
    for member in filter(is_alive, left):
        member.kill()
    shutil.rmtree(folder, ignore_errors=True)


def listens(port: int) -> bool:
    with socket.socket() as found:
        return not found.connect_ex(("127.0.0.1", port))


def environment() -> dict[str, str]:
    return {**of_a_shell(os.environ), **AUTH}


@pytest.fixture
def laptop(tmp_path: Path) -> Path:
    """A folder with the files of a sweep and nothing else."""
    folder = tmp_path / "laptop"
    folder.mkdir()
    write_travelling_space(folder, "far", steps=10000)
    (folder / "pools.yaml").write_text(POOLS)
    return folder


@pytest.fixture
def rhm(laptop: Path, tmp_path: Path) -> Callable[..., Ended]:
    """Runs a command on the laptop and checks its exit code."""

    def command(*words: str, code: int = 0, token: str = TOKEN) -> Ended:
        known = {**AUTH, "RAY_AUTH_TOKEN": token, "RHM_SWEEP_CACHE": str(tmp_path / "cache")}
        ended = run(laptop, *words, environment=known, timeout_s=180)
        assert ended.code == code, ended.err
        return ended

    return command


def wait_for(rhm: Callable[..., Ended], right: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + 180
    while not right(found := json.loads(rhm("status", "far", "--json").out)):
        assert time.monotonic() < deadline, found
        time.sleep(1)
    return dict(found)


def test_a_sweep_is_submitted_followed_stopped_and_finished(
    head: RayHead, rhm: Callable[..., Ended], laptop: Path
) -> None:
    words = ("submit", "far.yaml", "--address", head.address, "--results", str(head.shared), "--pools", "pools.yaml")
    assert "asks for a token: set RAY_AUTH_MODE=token" in rhm(*words, code=1, token="0" * 64).err
    sent = json.loads(rhm(*words, "--checkpoint-interval", "1", "--json").out)
    assert (sent["job"], sent["code"]) == ("rhm-sweep-far-1", "installed")
    assert "the job rhm-sweep-far-1 is" in rhm(*words, code=1).err
    assert head.packages() == [{"space.yaml", "pools.yaml"}]

    running = wait_for(rhm, lambda found: found["state"] == "running")
    assert (running["trials"]["planned"], running["job"]["state"]) == (2, "RUNNING")
    assert "far has stopped" in rhm("stop", "far").err
    assert "launching far on 2 cpu slots of pool core" in rhm("logs", "far").out
    stopped = wait_for(rhm, lambda found: found["job"]["exit_code"] is not None)
    assert (stopped["state"], stopped["job"]["exit_code"], stopped["job"]["reason"]) == ("interrupted", 130, None)

    assert json.loads(rhm("resume", "far", "--json").out)["job"] == "rhm-sweep-far-2"
    followed = rhm("logs", "far", "--follow")
    assert "far: 2 done, 0 failed, 0 unfinished" in followed.out
    assert followed.err == "job rhm-sweep-far-2: SUCCEEDED\n"
    finished = json.loads(rhm("status", "far", "--json").out)
    assert (finished["state"], finished["trials"]["done"], finished["job"]["id"]) == ("finished", 2, "rhm-sweep-far-2")

    watched = rhm("status", "far", "--watch").out
    assert "far: finished" in watched
    assert f"job rhm-sweep-far-2 on {head.address}: SUCCEEDED, exit code 0" in watched

    trials = json.loads(rhm("trials", "far", "--json").out)
    assert {(trial["training.train_size"], trial["state"]) for trial in trials} == {(4, "done"), (8, "done")}
    points = json.loads(rhm("export", "far", "--points", "--json").out)
    for trial in trials:
        assert [point["step"] for point in points if point["signature"] == trial["signature"]] == STEPS
    assert "evaluated at step 10000" in rhm("logs", "far", trials[0]["signature"], "--follow").out
    assert (head.shared / "far" / "report" / "report.html").is_file()
    assert sorted(path.name for path in laptop.iterdir() if not path.name.startswith(".")) == [
        "base.yaml", "far.yaml", "mine.yaml", "pools.yaml",
    ]  # fmt: skip


def test_a_sweep_through_ray_client(head: RayHead, rhm: Callable[..., Ended]) -> None:
    words = ("submit", "far.yaml", "-s", "name=farther", "-s", "training.steps=2000", "--results", str(head.shared))
    sent = json.loads(rhm(*words, "--address", head.client, "--pools", "pools.yaml", "--json").out)
    assert (sent["job"], sent["address"]) == ("rhm-sweep-farther-1", head.client)
    followed = rhm("logs", "farther", "--follow")
    assert "farther: 2 done, 0 failed, 0 unfinished" in followed.out
    assert followed.err == "job rhm-sweep-farther-1: SUCCEEDED\n"
    finished = json.loads(rhm("status", "farther", "--json").out)
    assert (finished["state"], finished["trials"]["done"]) == ("finished", 2)
    assert "looks like this too" in rhm("status", "farther", token="0" * 64, code=1).err


Other = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def other(laptop: Path, tmp_path: Path) -> Other:
    """Runs a command of another version of this package on the laptop."""
    package = copy_code(tmp_path / "code")
    (package / "version.py").write_text('__version__ = "9.9.9"\n')
    known = {"PYTHONPATH": str(package.parent), "RHM_SWEEP_CACHE": str(tmp_path / "cache")}

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "rhm_sweeps", *words]
        return subprocess.run(
            line, check=False, env={**environment(), **known}, cwd=laptop, capture_output=True, text=True
        )

    return command


def test_other_code_is_refused_unless_it_is_sent(head: RayHead, other: Other) -> None:
    """And why a job failed that never had a sweep is said."""
    words = ("submit", "far.yaml", "--address", head.address, "--results", "/proc/none", "-s", "name=other")
    refused = other(*words)
    assert refused.returncode == 1
    assert "but here it is 9.9.9 with code" in refused.stderr
    assert "sent along" in other(*words, "--send-code").stderr
    deadline = time.monotonic() + 120
    while (status := other("status", "other")).returncode == 0:
        assert "other has no plan yet" in status.stdout
        assert time.monotonic() < deadline
    assert "Error: cannot write to /proc/none/other: No such file or directory" in status.stdout


@pytest.mark.skipif(not can_unshare(), reason="this machine lets no process have mounts of its own")
def test_code_that_is_sent_trains_on_two_nodes_that_share_no_folder(
    head: RayHead, other: Other, laptop: Path, tmp_path: Path
) -> None:
    """Its packs keep what they need in the storage; a node with the code that is installed would be refused."""
    (laptop / "pools.yaml").write_text(TWO_POOLS)
    own = f"--temp-dir={head.folder}/far"  # both would bring what is sent into one folder, and one would clear it for the other
    node = UnsharedNode(head.nodes, head.shared, AUTH, "--num-cpus=1", "--labels=place=far", own)
    try:
        words = ("submit", "far.yaml", "-s", "name=both", "-s", "training.steps=2000", "--address", head.address)
        places = ("--results", str(head.shared), "--storage", str(tmp_path / "storage"), "--pools", "pools.yaml")
        node.wait_until(lambda: len(json.loads(other("pools", "--address", head.nodes, "--json").stdout)["nodes"]) == 2)
        sent = other(*words, *places, "--send-code", "--json")
        assert sent.returncode == 0, sent.stderr
        assert json.loads(sent.stdout)["code"] == "sent"
        followed = other("logs", "both", "--follow")
        assert "both: 2 done, 0 failed, 0 unfinished" in followed.stdout, followed.stdout + followed.stderr
        assert list(node.sees(head.shared)) == []
    finally:
        node.kill()
    with Ledger(head.shared / "both") as ledger:
        pools = {trial.config["training"]["train_size"]: ledger.packs()[trial.pack].pool for trial in ledger.trials()}
    assert pools == {4: "far", 8: "near"}
