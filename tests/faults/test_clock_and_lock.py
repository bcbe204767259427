"""The clock is set while a sweep trains; its ledger is locked by somebody else; a lock names a process that lives and is another."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from rhm_sweeps.ledger import FILE_NAME, Ledger
from rhm_sweeps.sweeps.lock import FILE_NAME as LOCK
from rhm_sweeps.sweeps.lock import is_locked

from .conftest import Report, Stages
from .interrupted_run import breaking

DAY_NS = 86_400 * 10**9
LOCKED_S = 15


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "days"), [("clock stepped back", -1), ("clock stepped forward", 1)])
def test_the_clock_is_set(
    fault: str, days: int, stage: Stages, watched: None, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `date -s` does it: the time of day changes, `time.monotonic` does not."""
    made, true_ns, offset = stage(4, steps="{grid: [16]}"), time.time_ns, 0

    def step() -> None:
        nonlocal offset
        offset = days * DAY_NS

    monkeypatch.setattr(time, "time_ns", lambda: true_ns() + offset)
    monkeypatch.setattr(time, "time", lambda: (true_ns() + offset) / 1e9)
    ended = made.here(run=breaking(step, after=3))
    assert (ended.outcome.done, ended.tracked) == (4, True)
    with Ledger(made.folder.path) as ledger:
        times = [point.timestamp_ms for point in ledger.points()]
    assert abs(times[-1] - times[0]) > 0.9 * DAY_NS / 1e6
    record = report(made.oracle.look(fault, "a day, in the middle; points carry the time that the clock showed"))
    assert record.steps_redone == 0


@pytest.mark.slow
def test_a_lock_names_a_process_that_is_another_by_now(stage: Stages, watched: None, report: Report) -> None:
    """The process identifier of a killed driver was given to somebody else, who lives."""
    made = stage(2, steps="{grid: [8]}")
    made.folder.path.mkdir(parents=True)
    (made.folder.path / LOCK).write_text(json.dumps({"host": socket.gethostname(), "pid": os.getppid()}))
    assert not is_locked(made.folder.path)
    assert made.here().outcome.done == 2
    report(made.oracle.look("stale lock, its pid reused", "the lock counted for nothing: no process held it"))


def hold(path: os.PathLike[str], seconds: float) -> Callable[[], None]:
    """Lock a database in the way of everybody who writes, in another thread, for so long."""

    def keep() -> None:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as other:
            other.execute("BEGIN IMMEDIATE")
            locked.set()
            time.sleep(seconds)
            other.execute("ROLLBACK")

    locked = threading.Event()

    def begin() -> None:
        threading.Thread(target=keep).start()
        assert locked.wait(30)

    return begin


@pytest.mark.long
@pytest.mark.parametrize("which", ["ledger", "MLflow's database"])
def test_sqlite_is_locked(which: str, stage: Stages, watched: None, report: Report) -> None:
    made = stage(4, steps="{grid: [64]}")
    path = made.folder.path / FILE_NAME if which == "ledger" else made.path / "mlflow.db"
    begun = time.monotonic()
    ended = made.here(run=breaking(hold(path, LOCKED_S), after=3))
    assert (ended.outcome.done, ended.tracked) == (4, True)
    waited = ended.seconds > LOCKED_S
    assert waited == (which == "ledger")
    happened = "training waited" if waited else "training went on; MLflow had everything after the lock was gone"
    recovery_s = max(0.0, time.monotonic() - begun - LOCKED_S)
    record = report(made.oracle.look(f"SQLite locked {LOCKED_S} s: {which}", happened, (), recovery_s))
    assert record.steps_redone == 0
