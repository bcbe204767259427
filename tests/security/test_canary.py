"""Passwords are planted in the tracking URI, the environment and a configuration, and then looked for everywhere."""

from __future__ import annotations

import ipaddress
import socket
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.tracking.server import free_port, serve
from rhm_sweeps.tracking.store import Store, resolve_store

from ..processes import Command, Ended, run
from ..tiny_sweeps import tiny_yaml

SLOTS = 2
LOOK_EVERY_S = 0.5
OF_URI, OF_ENVIRONMENT, OF_QUESTION, OF_POOLS = (
    f"canary-{name}-7f3a91" for name in ("uri", "env", "question", "pools")
)
CANARIES = (OF_URI, OF_ENVIRONMENT, OF_QUESTION, OF_POOLS)
ENVIRONMENT = dict.fromkeys(("RAY_AUTH_TOKEN", "AWS_SECRET_ACCESS_KEY", "MLFLOW_TRACKING_PASSWORD"), OF_ENVIRONMENT)
QUESTION = (
    f"Where do the strings of postgresql://me:{OF_QUESTION}@host/db and https://host/a?token={OF_QUESTION} come from?"
)
POOLS = f"pools: {{slow: {{cpus: 1, memory_gib: 0.5}}}}  # billed to https://me:{OF_POOLS}@host\n"


@dataclass
class Planted:
    """A sweep that has ended, what was printed, and what was seen while it ran."""

    path: Path
    folder: SweepFolder
    ended: Ended
    family: dict[str, str]
    said: list[Ended] = field(default_factory=list)
    listening: set[str] = field(default_factory=set)
    leaks: set[str] = field(default_factory=set)
    modes: set[int] = field(default_factory=set)
    scratch_files: set[str] = field(default_factory=set)


def leaks_below(folder: Path) -> set[str]:
    """The canaries in names and contents of files, each with the file."""
    found = set()
    for path in [folder, *folder.rglob("*")]:
        with suppress(OSError):  # Ray removes files while one looks
            content = path.read_bytes() if stat.S_ISREG(path.lstat().st_mode) else b""
            found |= {f"{path}: {one}" for one in CANARIES if one.encode() in content or one in path.name}
    return found


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory, put_mlflow: Callable[[Path], None]) -> Planted:
    """Two trials on a real Ray, tracked on a real server whose address has a password."""
    path, backend = tmp_path_factory.mktemp("planted"), tmp_path_factory.mktemp("server")
    (path / "inputs").mkdir()
    (path / "inputs/space.yaml").write_text(tiny_yaml("canary", {"model.width": [8, 12]}, QUESTION, steps=300))
    (path / "inputs/pools.yaml").write_text(POOLS)
    put_mlflow(backend)
    port = free_port(0)
    uri = f"http://me:{OF_URI}@127.0.0.1:{port}"
    environment = {**ENVIRONMENT, "MLFLOW_TRACKING_URI": uri, "RHM_SWEEP_CACHE": str(path / "cache")}
    arguments = ("launch", "inputs/space.yaml", "--pools", "inputs/pools.yaml", "--json")
    store = resolve_store(None, None, backend)
    with serve(Store(store.uri, "unused", store.artifact_root), port):
        command = Command(path, *arguments, environment=environment, cores=SLOTS)
        seen = Planted(path, SweepFolder(path / "results/canary"), Ended(-1, "", ""), {})
        try:
            deadline = time.monotonic() + 120
            while command.process.poll() is None and time.monotonic() < deadline:
                look(command, seen)
                time.sleep(LOOK_EVERY_S)
            seen.ended = command.wait(1)
        finally:
            command.kill()
        seen.family = {str(member.pid): line for member, line in command.family.items()}
        for again in (("status", "canary"), ("sync", "canary")):
            seen.said.append(run(path, *again, environment=environment))
    seen.leaks |= leaks_below(backend)
    down = ("launch", "inputs/space.yaml", "--pools", "inputs/pools.yaml", "--results", "other")
    seen.said += [run(path, *down, *debug, environment=environment) for debug in ((), ("--debug",))]
    return seen


def look(command: Command, seen: Planted) -> None:
    """Take note of sockets, and of the private folder of Ray while it is there."""
    seen.listening |= command.listening()
    for scratch in command.scratch_folders():
        with suppress(OSError):
            seen.modes.add(scratch.stat().st_mode & 0o777)
            seen.scratch_files |= {path.name for path in scratch.rglob("*")}
            seen.leaks |= leaks_below(scratch)


@pytest.mark.long
def test_it_ran(planted: Planted) -> None:
    assert planted.ended.code == 0, planted.ended.err
    assert [one.code for one in planted.said] == [0, 0, 1, 1], [one.err for one in planted.said]
    assert (planted.folder.report / "report.html").is_file()
    assert "raylet.out" in planted.scratch_files


@pytest.mark.long
def test_no_file_has_a_password(planted: Planted) -> None:
    """Results, logs, report, outputs, the user's cache, the server's database and artifacts, and Ray's own folder while it ran."""
    places = {place.name: place for place in planted.path.iterdir() if place.name != "inputs"}
    assert places.keys() >= {"results", "cache"}
    left = {found for place in places.values() for found in leaks_below(place)} | planted.leaks
    assert left == set()
    assert "postgresql://***@host/db" in (planted.folder.report / "report.json").read_text()
    assert "https://***@host" in planted.folder.pools_file.read_text()


@pytest.mark.long
def test_nothing_that_is_printed_has_a_password(planted: Planted) -> None:
    texts = [text for one in (planted.ended, *planted.said) for text in (one.out, one.err)]
    assert [one for one in CANARIES if one in "\n".join(texts)] == []
    assert "http://***@127.0.0.1" in planted.said[-2].err
    assert "Traceback" in planted.said[-1].err


@pytest.mark.long
def test_the_list_of_processes_has_no_password(planted: Planted) -> None:
    assert planted.family
    assert [line for line in planted.family.values() if any(one in line for one in CANARIES)] == []


@pytest.mark.long
def test_no_other_machine_and_no_other_user_can_look(planted: Planted) -> None:
    assert planted.listening
    assert all(ipaddress.ip_address(one.removeprefix("::ffff:")).is_loopback for one in planted.listening)
    assert planted.modes == {0o700}
    assert planted.folder.path.stat().st_mode & 0o777 == 0o700


def test_the_search_finds_a_password(tmp_path: Path) -> None:
    (tmp_path / OF_URI).write_bytes(b"\0" + OF_POOLS.encode())
    (tmp_path / "socket.txt").touch()
    with socket.socket(socket.AF_UNIX) as unread:
        unread.bind(str(tmp_path / "s"))
        assert {found.rpartition(": ")[2] for found in leaks_below(tmp_path)} == {OF_URI, OF_POOLS}
