"""`rhm-sweep trials`, `show` and `logs`: looking at the trials of a sweep."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from rhm_sweeps.cli.output import stdout
from rhm_sweeps.ledger import Ledger, Projection
from rhm_sweeps.sweeps.lock import sweep_lock
from rhm_sweeps.tracking.store import sweep_store

from .conftest import RhmSweep
from .sweeps_on_disk import STEPS, make_sweep


@pytest.fixture
def signatures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(stdout, "width", 80)
    return make_sweep(tmp_path / "results")


def test_trials_are_rows_in_the_order_of_the_plan(rhm_sweep: RhmSweep, signatures: list[str]) -> None:
    rows = rhm_sweep("trials", "one", "--json").document
    assert [row["signature"] for row in rows] == signatures
    assert [row["state"] for row in rows] == ["done", "done", "failed", "stopped", "pending", "pending"]
    assert rows[0] == {
        "signature": signatures[0], "state": "done", "training.train_size": 64, "training.seed": 0, "step": 64,
        "train_loss": 1 / 64, "test_loss": 2 / 64, "validity_1": 1.0, "validity_2": 0.5, "validity_3": 1 / 3,
        "copies": 0.0, "novel_valid": 0.64,
    }  # fmt: skip
    assert rows[5]["novel_valid"] is rows[5]["step"] is None


def test_where_sort_limit_and_columns(rhm_sweep: RhmSweep, signatures: list[str]) -> None:
    def found(*arguments: str) -> list[str]:
        return [row["signature"] for row in rhm_sweep("trials", "one", *arguments, "--json").document]

    assert found("--where", "novel_valid > 0.33 and train_size >= 128") == []
    assert found("--where", "train_size == 128 or novel_valid == None") == [*signatures[2:4], signatures[5]]
    assert found("--sort", "-novel_valid", "--limit", "2") == [signatures[1], signatures[0]]
    assert found("--sort", "novel_valid") == [*signatures[2:5], *signatures[:2], signatures[5]]
    (row,) = rhm_sweep("trials", "one", "--columns", "reason, seed", "--where", "state == 'failed'", "--json").document
    assert row == {
        "signature": signatures[2], "state": "failed", "reason": "loss is not finite at step [7]", "training.seed": 0
    }  # fmt: skip


def test_the_table_fits_80_columns(rhm_sweep: RhmSweep, signatures: list[str]) -> None:
    said = rhm_sweep("trials", "one")
    assert max(map(len, said.out.splitlines())) <= 80
    assert said.err == "No room for train_loss; --columns chooses\n"
    rows = [line.split() for line in said.out.splitlines()]
    assert [signatures[1], "done", "64", "1", "64", "0.03125", "0.3333", "0", "0.641"] in rows
    assert [signatures[5], "pending", "256", "1"] in rows
    chosen = rhm_sweep("trials", "one", "--columns", "reason,pool,process,learning_rate,seed_rules,depth")
    assert max(map(len, chosen.out.splitlines())) <= 80
    assert all(signature in chosen.out for signature in signatures)


def test_a_wrong_name_is_refused_with_the_nearest(rhm_sweep: RhmSweep, signatures: list[str]) -> None:
    for arguments in (["--where", "novel_vald > 1"], ["--sort", "novel_vald"], ["--columns", "novel_vald"]):
        assert "did you mean `novel_valid`?" in rhm_sweep("trials", "one", *arguments, code=2).words
    assert "ledger.db is missing" in rhm_sweep("trials", "nowhere", code=1).words


def test_show_tells_all_of_a_trial(rhm_sweep: RhmSweep, signatures: list[str], tmp_path: Path) -> None:
    model = tmp_path / "results" / "one" / "models" / f"{signatures[1]}.safetensors"
    model.parent.mkdir()
    model.touch()
    with Ledger(tmp_path / "results" / "one") as ledger:
        ledger.set_sources({signatures[1]: signatures[0]})
        target = sweep_store(ledger, None, tmp_path).target
        ledger.set_projections(target, [Projection(signatures[1], "0123abc")])
    found = rhm_sweep("show", "one", signatures[1][:8], "--json").document
    assert found["signature"] == signatures[1]
    assert (found["state"], found["pack"], found["source"], found["run_id"]) == (
        "done",
        "pack0",
        signatures[0],
        "0123abc",
    )
    assert found["files"] == {"model": str(model)}
    assert found["fields"]["training.train_size"] == 64
    assert [point["step"] for point in found["points"]] == [1, 2, 4, 8, 16, 32, 64]
    assert found["points"][-1]["metrics"]["novel_valid"] == 0.641
    assert rhm_sweep("show", "one", signatures[0], "--json").document["successors"] == [signatures[1]]
    out = rhm_sweep("show", "one", signatures[1]).out
    facts = [line.split(maxsplit=1) for line in out.splitlines() if line.strip()]
    assert ["continues", signatures[0]] in facts
    assert ["training.steps", str(STEPS)] in facts
    assert not any(fact[0] == "model.width" for fact in facts)
    assert max(len(line) for line in out.splitlines() if str(tmp_path) not in line) <= 80
    assert ["64", "0.01562", "0.03125", "1", "0.5", "0.3333", "0", "0.641"] in [
        line.split() for line in out.splitlines()
    ]


def test_show_tells_why_a_trial_ended(rhm_sweep: RhmSweep, signatures: list[str]) -> None:
    assert "failed: loss is not finite at step [7]" in rhm_sweep("show", "one", signatures[2]).out
    running = rhm_sweep("show", "one", signatures[4]).out
    assert "pack2 in pool cpu" in running
    assert "is the start of 6 signatures" in rhm_sweep("show", "one", "", code=2).words


def write_log(results: Path, pack: str, *lines: str) -> Path:
    path = results / "one" / "packs" / pack / "pack.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)
    return path


def test_logs_are_of_the_pack_and_of_this_trial(rhm_sweep: RhmSweep, signatures: list[str], tmp_path: Path) -> None:
    time = "2026-11-22T03:30:00+00:00"
    lines = [
        f"{time} started", f"{time} {signatures[2]} failed", "  because of this", f"{time} {signatures[3]} stopped",
        "  because of that", f"{time} saved",
    ]  # fmt: skip
    log = write_log(tmp_path / "results", "pack1", *lines)
    (log.parent / "error.log").write_text("Traceback\n")
    assert rhm_sweep("logs", "one", signatures[2]).out.splitlines() == [*lines[:3], lines[5], "Traceback"]
    assert rhm_sweep("logs", "one", signatures[3]).out.splitlines() == [lines[0], *lines[3:]]
    assert rhm_sweep("logs", "one", signatures[3], "--tail", "2").out.splitlines() == lines[4:]
    assert rhm_sweep("logs", "one", signatures[2], "--json").document == {
        "signature": signatures[2], "state": "failed", "lines": [*lines[:3], lines[5]], "error": "Traceback\n"
    }  # fmt: skip


def test_without_a_log_logs_says_so(rhm_sweep: RhmSweep, signatures: list[str]) -> None:
    said = rhm_sweep("logs", "one", signatures[5], code=1)
    assert f"trial {signatures[5]} is pending and has no log" in said.words
    assert said.out == ""
    assert (
        "--follow goes with neither" in rhm_sweep("logs", "one", signatures[5], "--follow", "--tail", "3", code=2).words
    )


@pytest.mark.slow
def test_follow_prints_lines_as_they_come_until_the_trial_ends(
    rhm_sweep: RhmSweep, signatures: list[str], tmp_path: Path
) -> None:
    results = tmp_path / "results"
    write_log(results, "pack2", "2026-11-22T03:30:00+00:00 started")

    def go_on() -> None:
        write_log(results, "pack2", f"2026-11-22T03:31:00+00:00 {signatures[4]} done")
        with Ledger(results / "one") as ledger:
            ledger.set_state([signatures[4]], "done")

    later = threading.Timer(1.0, go_on)
    later.start()
    with sweep_lock(results / "one"):
        said = rhm_sweep("logs", "one", signatures[4], "--follow")
    later.join()
    assert [line.split(maxsplit=1)[1] for line in said.out.splitlines()] == ["started", f"{signatures[4]} done"]
