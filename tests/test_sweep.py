"""A sweep from Python: everything through the public door, with trials that train in a moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from rhm_sweeps.errors import ConfigError, Interrupted, SweepError, UsageError
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.sweep import Sweep
from rhm_sweeps.sweeps.drive import Outcome

from .tiny_sweeps import LOG2_STEPS, TINY

SPACE = {"training.train_size": {"grid": [4, 8]}}
LONG = {**TINY, "training": {**TINY["training"], "steps": 2**20}, "evaluation": {"num_samples": 16, "loss_pairs": 16}}


@pytest.fixture
def results(mlflow_folder: Path) -> Path:
    return mlflow_folder / "results"


def tiny(results: Path, name: str = "tiny", trial: object = TINY) -> Sweep:
    """Two trials, one pack."""
    return Sweep.build(name, trial=trial, space=SPACE, results=results)


def soon(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def in_background(train: Callable[[], Outcome]) -> threading.Thread:
    """Train as another process would: the error of a stop is expected."""

    def run() -> None:
        with pytest.raises(Interrupted, match="was stopped with"):
            train()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def pack_of(sweep: Sweep, signature: str) -> str:
    with Ledger(sweep.folder.path) as ledger:
        return next(trial.pack for trial in ledger.trials() if trial.signature == signature)


def runs(sweep: Sweep) -> bool:
    try:
        return bool(sweep.status()["trials"]["running"])
    except SweepError:
        return False


def test_a_space_of_python_values_and_one_of_a_file_are_the_same(tmp_path: Path) -> None:
    built = Sweep.build("quickstart", replicas=2, space={"model.width": {"grid": [8, 16]}}, results=tmp_path)
    file = tmp_path / "mine.yaml"
    file.write_text("name: quickstart\nspace: {model.width: {grid: [8, 16, 32]}}\n")
    changed = Sweep.from_yaml(file, "width=grid:8,16", "replicas=2", results=tmp_path)
    assert changed.space == built.space
    assert changed.folder.path == built.folder.path == tmp_path / "quickstart"
    assert repr(built) == f"Sweep quickstart of 4 settings in {tmp_path / 'quickstart'}"


def test_what_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean `quickstart`"):
        Sweep.from_yaml("quickstrat")
    with pytest.raises(ConfigError, match="did you mean"):
        Sweep.from_yaml("quickstart", "train_sise=64")
    with pytest.raises(ConfigError, match="num_layers"):
        Sweep.build("x", trial={"grammar": {"num_layer": 2}})
    with pytest.raises(SweepError, match="there is no sweep in"):
        Sweep.open("nothing", tmp_path)
    sweep = tiny(tmp_path)
    for ask in (sweep.status, sweep.trials, sweep.results, sweep.report, sweep.resume, sweep.pause, sweep.retry):
        with pytest.raises(SweepError, match="there is no sweep in"):
            ask()
    with pytest.raises(UsageError, match="checkpoint_interval_s is -1, but must be >= 0"):
        sweep.launch(checkpoint_interval_s=-1)
    with pytest.raises(UsageError, match="takes no address"):
        sweep.launch(in_process=True, address="auto")
    assert not sweep.folder.path.exists()


@pytest.mark.slow  # a machine that is not known is measured
def test_a_plan_is_a_small_table_and_starts_nothing(tmp_path: Path) -> None:
    sweep = tiny(tmp_path)
    plan = sweep.plan(in_process=True)
    assert [trial.training.train_size for trial in plan.trials] == [4, 8]
    assert {name: len(packs) for name, packs in plan.packs.items()} == {"local": 1}
    assert plan.counts["trials"] == 2
    rows = dict(line.split("  ", 1) for line in repr(plan).splitlines())
    assert rows["trials"].strip() == "2"
    assert rows["packs"].strip() == "1 of 2 trials"
    assert plan.estimate.flops > 0
    html = plan._repr_html_()
    assert html.count("<tr>") == len(rows)
    assert ">1 of 2 trials<" in html
    assert not sweep.folder.path.exists()


@pytest.mark.slow
def test_a_sweep_is_planned_trained_read_extended_and_reported(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = tiny(results)
    assert sweep.launch(in_process=True, experiment="mine") == Outcome(2, 0, 0, interrupted=False)
    assert "2/2 trials | 100%" in capsys.readouterr().err
    assert len(sweep.plan(in_process=True).trials) == 0
    status = sweep.status()
    assert (status["state"], status["trials"]["done"], status["experiment"]) == ("finished", 2, "mine")

    trials = sweep.trials()
    assert trials.index.name == "signature"
    assert list(trials["state"]) == ["done", "done"]
    assert list(trials["training.train_size"]) == [4, 8]
    assert list(trials["step"]) == [8, 8]
    assert list(sweep.trials("train_size > 4").index) == [trials.index[1]]
    with pytest.raises(UsageError, match="train_size"):
        sweep.trials("train_sise > 4")

    points = sweep.results()
    assert len(points) == 2 * len(LOG2_STEPS)
    last = points[points["step"] == 8].set_index("signature")
    pd.testing.assert_series_equal(last["test_loss"], trials["test_loss"])

    again = Sweep.open("tiny", results)
    assert again.space == sweep.space
    assert again.extend("train_size=grid:6", in_process=True) == Outcome(3, 0, 0, interrupted=False)
    assert again.space.size == 3
    assert sorted(again.trials()["training.train_size"]) == [4, 6, 8]
    assert again.status()["experiment"] == "mine"

    page = again.report()
    assert page == results / "tiny" / "report" / "report.html"
    assert "train_size" in page.read_text()
    assert "not in MLflow" not in capsys.readouterr().err


@pytest.mark.slow
def test_ctrl_c_leaves_a_sweep_that_goes_on(results: Path) -> None:
    sweep = tiny(results, "long", LONG)
    before = signal.getsignal(signal.SIGINT)
    interrupt = threading.Thread(target=lambda: (soon(lambda: runs(sweep)), os.kill(os.getpid(), signal.SIGINT)))
    interrupt.start()
    with pytest.raises(Interrupted, match="sweep long was stopped with 2 of its trials unfinished"):
        sweep.launch(in_process=True)
    interrupt.join()
    assert signal.getsignal(signal.SIGINT) == before
    status = sweep.status()
    assert (status["state"], status["trials"]["pending"]) == ("interrupted", 2)
    assert list(sweep.folder.packs.glob("*/step-*.ckpt"))


@pytest.mark.slow
def test_a_sweep_is_paused_and_stopped_from_another_thread(results: Path) -> None:
    sweep, other = tiny(results, "long", LONG), tiny(results, "long", LONG)
    with pytest.raises(SweepError):
        other.stop()
    thread = in_background(lambda: sweep.launch(in_process=True))
    soon(lambda: runs(other))
    assert other.pause(timeout_s=30)["state"] == "paused"
    first, second = other.trials().index
    assert other.stop([first[:8]], timeout_s=30)["trials"]["stopped"] == 1
    assert other.resume().unfinished == 1
    soon(lambda: runs(other))
    assert other.stop(timeout_s=30)["state"] == "interrupted"
    thread.join()
    assert list(other.trials()["state"]) == ["stopped", "pending"]
    assert other.trials("state == 'stopped'")["reason"].to_dict() == {first: "stopped by hand"}
    assert other.stop(where="train_size == 8")["trials"]["stopped"] == 2
    with pytest.raises(UsageError, match="no trial to try again is failed; sweep long has 2 stopped"):
        other.retry()
    thread = in_background(lambda: other.retry("train_size == 8", stopped=True, in_process=True))
    soon(lambda: runs(sweep))
    assert sweep.trials()["state"].to_dict() == {first: "stopped", second: "running"}
    assert other.retry(trials=[first], stopped=True).unfinished == 2  # taken up where the sweep is driven
    sweep.stop(timeout_s=30)
    thread.join()


@pytest.mark.slow
def test_failed_trials_are_trained_again(results: Path) -> None:
    rates = {"training.train_size": {"grid": [8]}, "training.learning_rate": {"grid": [1e-3, 1e30]}}
    sweep = Sweep.build("rates", trial=TINY, space=rates, results=results)
    assert sweep.launch(in_process=True) == Outcome(1, 1, 0, interrupted=False)
    failed = sweep.trials("state == 'failed'")
    assert list(failed["training.learning_rate"]) == [1e30]
    assert "not finite" in failed["reason"].item()
    before = pack_of(sweep, failed.index.item())
    with pytest.raises(UsageError, match="no trial to try again is failed; sweep rates has 1 done, 1 failed"):
        sweep.retry("learning_rate < 1")
    assert sweep.retry() == Outcome(1, 1, 0, interrupted=False)
    assert pack_of(sweep, failed.index.item()) != before
    assert sweep.trials("state == 'failed'")["reason"].equals(failed["reason"])


@pytest.mark.slow
def test_a_launch_on_ray_and_more_in_process_share_a_sweep(results: Path) -> None:
    sweep = tiny(results)
    assert sweep.launch(checkpoint_interval_s=1) == Outcome(2, 0, 0, interrupted=False)
    assert sweep.status()["tracking_uri"] == f"sqlite:///{results.parent / 'mlflow.db'}"
    with Ledger(sweep.folder.path) as ledger:
        assert {pack.pool for pack in ledger.packs().values()} == {"local"}
    assert Sweep.open("tiny", results).extend("steps=16", in_process=True) == Outcome(2, 0, 0, interrupted=False)
    assert set(sweep.trials("state == 'extended'")["step"]) == {8}
    assert set(sweep.trials("state == 'done'")["step"]) == {16}


TERMINATED = """
import os, signal, sys, threading, time
from rhm_sweeps.sweep import Sweep
sweep = Sweep.build("long", trial={trial!r}, space={space!r})
def terminate():
    while not list(sweep.folder.packs.glob("*/*")):
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=terminate, daemon=True).start()
sweep.launch(in_process=True)
print("not reached")
"""


@pytest.mark.slow
def test_sigterm_ends_a_script_when_its_packs_have_saved(mlflow_folder: Path) -> None:
    """Batch systems send it some time before they kill."""
    script = TERMINATED.format(trial=LONG, space=SPACE)
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=mlflow_folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == -signal.SIGTERM, ended.stderr
    assert ended.stdout == ""
    assert "stopping: the packs save where they are" in ended.stderr
    assert Sweep.open("long", mlflow_folder / "results").status()["state"] == "interrupted"
