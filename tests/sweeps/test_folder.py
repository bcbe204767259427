"""The folder of a sweep: names that stay inside it, and the status that scripts read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rhm_sweeps.errors import SweepError, UsageError
from rhm_sweeps.ledger import Ledger, TrialRecord
from rhm_sweeps.sweeps.folder import (
    SweepFolder,
    create_sweep_folder,
    list_sweeps,
    sweep_folder,
    sweep_names,
    sweep_status,
)
from rhm_sweeps.sweeps.lock import sweep_lock

HOSTILE = ["../x", "", ".", "..", "a/b", "/etc", "-rf", ".hidden", "a b", "a\n", "a\0", "x" * 65, "ü", "a;b", "$(a)"]


def make(results: Path, name: str, created_ms: int, **states: int) -> SweepFolder:
    """A sweep with so many trials in each state."""
    folder = create_sweep_folder(results, name)
    with Ledger(folder.path, create=True) as ledger:
        ledger.set_meta(created_ms=created_ms, tracking_uri="sqlite:////x/mlflow.db", experiment="e", state="running")
        for state, count in states.items():
            signatures = [f"{state}{k}" for k in range(count)]
            ledger.add_trials(TrialRecord(signature, 0, "p", {}) for signature in signatures)
            ledger.set_state(signatures, state)
    return folder


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_cannot_leave_the_folder_nor_confuse_a_shell(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="the sweep name is") as raised:
        sweep_folder(tmp_path, name)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("name", ["a", "0", "a.b-c_D", "x" * 64])
def test_plain_names_are_folders_under_results(tmp_path: Path, name: str) -> None:
    assert sweep_folder(tmp_path, name).path == tmp_path / name


def test_everything_of_a_sweep_is_in_its_folder(tmp_path: Path) -> None:
    folder = create_sweep_folder(tmp_path / "deep" / "results", "a")
    assert not list(folder.path.iterdir())
    assert {folder.packs.parent, folder.models.parent, folder.report.parent} == {folder.path}


@pytest.mark.parametrize("place", ["file", "/proc"])
def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SweepError, match=r"cannot write to .*; choose another folder with --results") as raised:
        create_sweep_folder(tmp_path / place, "a")
    assert raised.value.exit_code == 1


def test_sweeps_are_listed_by_creation_the_newest_first(tmp_path: Path) -> None:
    for name, created_ms in (("middle", 2), ("old", 1), ("new", 3)):
        make(tmp_path, name, created_ms)
    (tmp_path / "old" / "report").mkdir()  # a report written later does not make it newer
    (tmp_path / "no-sweep").mkdir()
    assert sweep_names(tmp_path) == ["new", "middle", "old"]
    assert sweep_names(tmp_path / "nowhere") == []


def test_status_is_what_scripts_rely_on(tmp_path: Path) -> None:
    folder = make(tmp_path, "a", 1, done=3, failed=2, running=4, pending=1)
    with sweep_lock(folder.path):
        status = sweep_status(folder)
    assert json.loads(json.dumps(status)) == {
        "name": "a",
        "state": "running",
        "trials": {"planned": 10, "done": 3, "failed": 2, "running": 4, "pending": 1, "stopped": 0, "extended": 0},
        "progress": {"fraction": 0.5, "steps_per_second": 0.0, "eta_s": None, "running_packs": 0},
        "tracking_uri": "sqlite:////x/mlflow.db",
        "experiment": "e",
        "parent_run_id": None,
    }


def test_nothing_runs_that_nobody_drives(tmp_path: Path) -> None:
    status = sweep_status(make(tmp_path, "a", 1, done=3, running=4, pending=1))
    assert status["state"] == "interrupted"
    assert status["trials"] == {
        "planned": 8, "done": 3, "failed": 0, "running": 0, "pending": 5, "stopped": 0, "extended": 0
    }  # fmt: skip


@pytest.mark.parametrize("state", ["finished", "failed", "interrupted"])
def test_a_state_that_was_recorded_stays(tmp_path: Path, state: str) -> None:
    folder = make(tmp_path, "a", 1, done=1)
    with Ledger(folder.path) as ledger:
        ledger.set_meta(state=state)
    assert sweep_status(folder)["state"] == state


def test_a_sweep_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match=r"there is no sweep in .*nowhere"):
        sweep_status(sweep_folder(tmp_path, "nowhere"))


def test_a_damaged_sweep_does_not_hide_the_others(tmp_path: Path) -> None:
    whole = sweep_status(make(tmp_path, "whole", 2, done=1))
    damaged = make(tmp_path, "damaged", 1, done=1)
    (damaged.path / "ledger.db").write_bytes(b"not a database" * 100)
    copied = tmp_path / "whole (copy)"
    copied.mkdir()
    (copied / "ledger.db").write_bytes((tmp_path / "whole" / "ledger.db").read_bytes())
    by_name = {status["name"]: status for status in list_sweeps(tmp_path)}
    assert set(by_name) == {"whole", "damaged", "whole (copy)"}
    assert by_name["whole"] == whole
    assert by_name["damaged"].keys() == whole.keys()
    assert by_name["damaged"]["state"] == "unreadable"
    assert by_name["damaged"]["trials"] == dict.fromkeys(whole["trials"], 0)


def test_a_new_folder_and_its_ledger_are_for_this_user_only(tmp_path: Path) -> None:
    folder = make(tmp_path / "results", "mine", 1).path
    assert (folder.stat().st_mode & 0o777, (folder / "ledger.db").stat().st_mode & 0o777) == (0o700, 0o600)


def test_a_folder_that_the_user_has_opened_stays_open(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o750)
    folder = make(tmp_path, "shared", 1).path
    assert (folder.stat().st_mode & 0o777, (folder / "ledger.db").stat().st_mode & 0o777) == (0o750, 0o640)
    (folder / "ledger.db").chmod(0o644)
    make(tmp_path, "shared", 1)
    assert (folder / "ledger.db").stat().st_mode & 0o777 == 0o644
