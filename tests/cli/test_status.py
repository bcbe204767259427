"""`rhm-sweep status` and `rhm-sweep ls`."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rhm_sweeps.ledger import Ledger, TrialRecord
from rhm_sweeps.sweeps.lock import sweep_lock

from .conftest import RhmSweep
from .sweeps_on_disk import make_sweep

KEYS = {"name", "state", "trials", "progress", "tracking_uri", "experiment", "parent_run_id"}


def make(folder: Path, name: str, created_ms: int) -> None:
    """A sweep with a done, a failed and an interrupted trial."""
    with Ledger(folder / "results" / name, create=True) as ledger:
        ledger.add_trials(TrialRecord(signature, 0, "p", {}) for signature in ("a", "b", "c"))
        ledger.set_state(["a"], "done")
        ledger.set_state(["b"], "failed", "loss is not finite at step [7]")
        ledger.set_state(["c"], "running")
        ledger.set_meta(created_ms=created_ms, state="running", tracking_uri="sqlite:///m.db", experiment="e")


def test_status_is_what_scripts_rely_on(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    make(tmp_path, "one", 1)
    assert rhm_sweep("status", "one", "--json").document == {
        "name": "one",
        "state": "interrupted",
        "trials": {"planned": 3, "done": 1, "failed": 1, "running": 0, "pending": 1, "stopped": 0, "extended": 0},
        "progress": {"fraction": 2 / 3, "steps_per_second": 0.0, "eta_s": None, "running_packs": 0},
        "tracking_uri": "sqlite:///m.db",
        "experiment": "e",
        "parent_run_id": None,
    }


def test_status_tells_people_why_trials_failed(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    make(tmp_path, "one", 1)
    out = rhm_sweep("status", "one").out
    assert "one: interrupted" in out
    assert "3 planned, 1 done, 1 failed, 0 running, 1 pending" in out
    assert "tracked in sqlite:///m.db, experiment e" in out
    assert "failed b: loss is not finite at step [7]" in out


def test_without_sweeps_ls_says_how_to_start(rhm_sweep: RhmSweep) -> None:
    assert rhm_sweep("ls").out == "no sweeps in results; start one with `rhm-sweep launch quickstart`\n"
    assert rhm_sweep("ls", "--json").document == []


def test_ls_lists_the_newest_first(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    make(tmp_path, "old", 1)
    make(tmp_path, "new", 2)
    (tmp_path / "results" / "broken").mkdir()
    (tmp_path / "results" / "broken" / "ledger.db").write_text("not a database, but long enough to look like one" * 9)
    rows = rhm_sweep("ls", "--json").document
    assert [(row["name"], row["state"]) for row in rows] == [
        ("new", "interrupted"),
        ("old", "interrupted"),
        ("broken", "unreadable"),
    ]
    assert all(set(row) == KEYS for row in rows)
    table = [line.split() for line in rhm_sweep("ls").out.splitlines()]
    assert ["Sweep", "State", "planned", "done", "failed", "stopped", "pending"] in table
    assert ["new", "interrupted", "3", "1", "1", "0", "1"] in table


def test_looking_changes_nothing(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    make(tmp_path, "one", 1)
    rhm_sweep("status", "one")
    rhm_sweep("ls")
    with Ledger(tmp_path / "results" / "one") as ledger:
        assert ledger.meta("state") == "running"
        assert ledger.counts()["running"] == 1


def test_of_a_sweep_without_a_plan_nothing_is_said_that_is_not_known(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    with Ledger(tmp_path / "results" / "new", create=True) as ledger:
        ledger.set_meta(name="new", state="planned")
    said = rhm_sweep("status", "new").out
    assert "nothing is planned yet" in said
    assert "tracked" not in said


def test_progress_is_that_of_the_packs_that_train(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    """Four of six ended, one is at half of its 64 steps at 10 per second, one waits."""
    make_sweep(tmp_path / "results")
    with sweep_lock(tmp_path / "results" / "one"):
        found = rhm_sweep("status", "one", "--json").document
        out = rhm_sweep("status", "one").out
    assert found["trials"] == {
        "planned": 6, "done": 2, "failed": 1, "running": 1, "pending": 1, "stopped": 1, "extended": 0
    }  # fmt: skip
    assert found["progress"]["fraction"] == pytest.approx(4.5 / 6)
    assert found["progress"]["eta_s"] == pytest.approx(96 / 10)
    assert found["progress"]["running_packs"] == 1
    assert "75% of the steps | 10 steps/s | 0:10 to go, and evaluations" in out
    assert "6 planned, 2 done, 1 failed, 1 running, 1 pending, 1 stopped" in out
    assert any(line.split()[:3] == ["pack2", "cpu", "1"] and "32/64" in line for line in out.splitlines())
    assert max(map(len, out.splitlines())) <= 80


def test_what_was_extended_is_not_planned_twice(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    first, *_ = make_sweep(tmp_path / "results")
    with Ledger(tmp_path / "results" / "one") as ledger:
        ledger.set_state([first], "extended")
    trials = rhm_sweep("status", "one", "--json").document["trials"]
    assert (trials["planned"], trials["extended"]) == (5, 1)
    assert "5 planned, 1 done, 1 failed, 0 running, 2 pending, 1 stopped, 1 extended" in rhm_sweep("status", "one").out


def test_many_failures_are_counted(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    with Ledger(tmp_path / "results" / "bad", create=True) as ledger:
        signatures = [f"{index:04}" for index in range(25)]
        ledger.add_trials(TrialRecord(signature, 0, "p", {}) for signature in signatures)
        ledger.set_state(signatures, "failed", "no luck")
    lines = rhm_sweep("status", "bad").out.splitlines()
    assert [line for line in lines if line.startswith("failed ")] == [
        f"failed {index:04}: no luck" for index in range(20)
    ]
    assert lines[-1] == "and 5 more: rhm-sweep trials bad --where \"state == 'failed'\""


@pytest.mark.parametrize(("recorded", "driven", "shown"), [
    ("paused", True, "paused"), ("paused", False, "interrupted"), ("finished", True, "running"), ("finished", False, "finished"),
])  # fmt: skip
def test_a_state_is_that_of_the_process_that_drives(
    rhm_sweep: RhmSweep, tmp_path: Path, recorded: str, driven: bool, shown: str
) -> None:
    make(tmp_path, "one", 1)
    with Ledger(tmp_path / "results" / "one") as ledger:
        ledger.set_meta(state=recorded)
    if driven:
        with sweep_lock(tmp_path / "results" / "one"):
            assert rhm_sweep("status", "one", "--json").document["state"] == shown
    else:
        assert rhm_sweep("status", "one", "--json").document["state"] == shown


@pytest.mark.slow
def test_watch_prints_lines_until_nobody_drives_the_sweep(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    make_sweep(tmp_path / "results")
    ended = threading.Event()

    def drive() -> None:
        with sweep_lock(tmp_path / "results" / "one"):
            ended.set()
            threading.Event().wait(1.5)

    driver = threading.Thread(target=drive)
    driver.start()
    ended.wait()
    said = rhm_sweep("status", "one", "--watch", "--json")
    driver.join()
    assert said.err == (
        "6 planned, 2 done, 1 failed, 1 running, 1 pending, 1 stopped | "
        "75% of the steps | 10 steps/s | 0:10 to go, and evaluations\n"
    )
    assert said.document["state"] == "interrupted"


@pytest.mark.slow
def test_looking_loads_nothing_heavy(tmp_path: Path) -> None:
    """Start-up is most of what these commands take."""
    make_sweep(tmp_path / "results")
    code = (
        "import sys; from rhm_sweeps.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: print([name for name in ('torch', 'ray', 'mlflow', 'pandas') if name in sys.modules])"
    )
    for command in (["status", "one"], ["ls"], ["trials", "one"], ["show", "one", "3"]):
        ended = subprocess.run(
            [sys.executable, "-c", code, *command], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        assert ended.stdout.splitlines()[-1] == "[]", command
