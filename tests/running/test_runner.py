"""Packs on a real Ray: one sweep whose worker is killed, watched from outside."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rhm_sweeps.cli.main import main
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.sweeps.folder import SweepFolder

from ..processes import Command, Ended
from ..tiny_sweeps import tiny_yaml

SLOTS = 2
LINE = re.compile(
    r"launching watched on 2 cpu slots"
    r"|\d/6 trials \| .* to go"
    r"|watched: 6 done, 0 failed, 0 unfinished"
    r"|pack [0-9a-f]{12}: its process died \(.*\); it goes on from its checkpoint"
    r"|  (report|figures|MLflow|compare|training)  .*"
    r"|"
)


@dataclass
class Watched:
    """A sweep that has ended, and what was seen while it ran."""

    command: Command
    folder: SweepFolder
    ended: Ended
    second_launch: tuple[int, str]
    listening: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, put_mlflow: Callable[[Path], None]) -> Iterator[Watched]:
    """Six trials in six packs on two slots; one worker is killed in the middle."""
    path = tmp_path_factory.mktemp("watched")
    long_name = path / "a-folder-for-temporary-files-with-a-name-that-is-too-long-for-sockets"
    long_name.mkdir()
    (path / "space.yaml").write_text(tiny_yaml("watched", {"model.width": [8, 12, 16]}, replicas=2, steps=600))
    put_mlflow(path)
    folder = SweepFolder(path / "results" / "watched")
    command = Command(path, "launch", "space.yaml", "--json", environment={"TMPDIR": str(long_name)}, cores=SLOTS)
    try:
        command.wait_until(lambda: has_points(folder) and len(command.living_workers()) == SLOTS)
        listening = command.listening()
        command.living_workers()[0].kill()
        second = launch_beside(path)
        yield Watched(command, folder, command.wait(), second, listening)
    finally:
        command.kill()


def has_points(folder: SweepFolder) -> bool:
    if not (folder.path / "ledger.db").is_file():
        return False
    with Ledger(folder.path) as ledger:
        return any(ledger.points(limit=1))


def launch_beside(path: Path) -> tuple[int, str]:
    """What a second launch of the same sweep says, and its exit code."""
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rhm_sweeps.cli.main._say", said.append)
        with pytest.raises(SystemExit) as ended:
            main(["launch", str(path / "space.yaml"), "--results", str(path / "results")])
    return ended.value.code, "\n".join(said)  # type: ignore[return-value]


@pytest.mark.slow
def test_it_finishes_completely(watched: Watched) -> None:
    assert watched.ended.code == 0
    with Ledger(watched.folder.path) as ledger:
        assert ledger.counts()["done"] == 6
        points = [(point.signature, point.step) for point in ledger.points()]
        steps = [*(2**k for k in range(10)), 600]
        assert sorted(points) == sorted((trial.signature, step) for trial in ledger.trials() for step in steps)
    assert (watched.folder.report / "report.html").is_file()


@pytest.mark.slow
def test_standard_output_is_one_json_document(watched: Watched) -> None:
    status = json.loads(watched.ended.out)
    assert (status["name"], status["state"], status["trials"]["done"]) == ("watched", "finished", 6)
    assert watched.ended.out.count("\n") == 1


@pytest.mark.slow
def test_standard_error_has_our_lines_only(watched: Watched) -> None:
    strange = [line for line in watched.ended.err.splitlines() if not LINE.fullmatch(line)]
    assert strange == []


@pytest.mark.slow
def test_processes_are_reused(watched: Watched) -> None:
    """Six packs and a killed process would be seven; one that is free may take over the pack of the killed one."""
    assert SLOTS <= len(watched.command.workers) <= SLOTS + 1


@pytest.mark.slow
def test_nothing_is_left(watched: Watched) -> None:
    watched.command.wait_until_nothing_is_left()
    used = watched.command.scratch_folders()
    assert len(used) == 1
    assert not any(folder.exists() for folder in used)


@pytest.mark.slow
def test_no_other_machine_can_connect(watched: Watched) -> None:
    assert watched.listening
    addresses = [ipaddress.ip_address(found.removeprefix("::ffff:")) for found in watched.listening]
    assert all(address.is_loopback for address in addresses)


@pytest.mark.slow
def test_a_second_launch_is_refused_and_names_the_first(watched: Watched) -> None:
    code, said = watched.second_launch
    assert code == 1
    assert f"sweep watched is already running: process {watched.command.process.pid} on" in said
