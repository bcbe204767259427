"""`rhm-sweep status` and `rhm-sweep ls`."""

from __future__ import annotations

from pathlib import Path

from rhm_sweeps.ledger import Ledger, TrialRecord

from .conftest import RhmSweep

KEYS = {"name", "state", "trials", "tracking_uri", "experiment", "parent_run_id"}


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
        "trials": {"planned": 3, "done": 1, "failed": 1, "running": 0, "pending": 1},
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
    assert ["new", "interrupted", "3", "1", "1", "1"] in table


def test_looking_changes_nothing(rhm_sweep: RhmSweep, tmp_path: Path) -> None:
    make(tmp_path, "one", 1)
    rhm_sweep("status", "one")
    rhm_sweep("ls")
    with Ledger(tmp_path / "results" / "one") as ledger:
        assert ledger.meta("state") == "running"
        assert ledger.counts()["running"] == 1
