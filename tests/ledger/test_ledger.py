"""The ledger: what is recorded stays, nothing is recorded twice, and a killed writer loses no transaction that returned."""

from __future__ import annotations

import math
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rhm_sweeps.errors import SweepError
from rhm_sweeps.ledger import FILE_NAME, STATES, Ledger, MetricPoint, Projection, TrialRecord


def trial(signature: str, position: int = 0, **config: object) -> TrialRecord:
    return TrialRecord(signature, position, "pack", {"training": config} if config else {})


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    with Ledger(tmp_path / "sweep", create=True) as made:
        made.add_trials([trial("b", 1, train_size=64), trial("a", 0, train_size=32), trial("c", 2, train_size=64)])
        yield made


def test_no_ledger_is_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match=r"there is no sweep in .*ledger\.db is missing"):
        Ledger(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("something else, long enough to be read as the header of a database" * 9)
    with pytest.raises(SweepError, match="cannot open the ledger"):
        Ledger(tmp_path)


def test_trials_come_in_the_order_of_the_plan(ledger: Ledger) -> None:
    assert [found.signature for found in ledger.trials()] == ["a", "b", "c"]
    assert ledger.trials()[0].config == {"training": {"train_size": 32}}


def test_planning_again_adds_only_what_is_new(ledger: Ledger) -> None:
    ledger.set_state(["a"], "running")
    before = ledger.trials()
    ledger.add_trials([TrialRecord("a", 9, "other", {"x": 1}), trial("d", 3)])
    assert ledger.trials()[:3] == before
    assert [found.signature for found in ledger.trials("pending")] == ["b", "c", "d"]


def test_what_is_left_of_a_pack_is_found_without_a_look_at_all_that_is_pending(ledger: Ledger) -> None:
    """A pack asks when it ends, and of hundreds of thousands of trials most are pending."""
    ledger.add_trials([TrialRecord(f"s{k}", 10 + k, f"p{k // 2}", {}) for k in range(20_000)])
    assert ledger.pending("p3") == {"p3": {"s6": 16, "s7": 17}}
    visited = 0

    def count() -> None:
        nonlocal visited
        visited += 1

    ledger._db.set_progress_handler(count, 1)
    ledger.pending("p3")
    assert visited < 1000, "instructions of SQLite"


def test_counts_name_every_state(ledger: Ledger) -> None:
    ledger.set_state(["a"], "running")
    ledger.set_state(["b"], "failed", "loss is NaN at step 8")
    assert ledger.counts() == {"pending": 1, "running": 1, "done": 0, "failed": 1, "stopped": 0, "extended": 0}
    assert [ledger.counts()[state] for state in STATES] == [len(ledger.trials(state)) for state in STATES]


def test_times_say_when_a_trial_first_began_and_last_ended(ledger: Ledger) -> None:
    ledger.set_state(["a"], "running")
    (first,) = ledger.trials("running")
    ledger.set_state(["a"], "failed", "out of memory")
    (failed,) = ledger.trials("failed")
    ledger.set_state(["a"], "running")
    (again,) = ledger.trials("running")
    assert first.started_ms == failed.started_ms == again.started_ms
    assert failed.ended_ms is not None
    assert failed.ended_ms >= first.started_ms
    assert (first.ended_ms, again.ended_ms) == (None, None)
    assert (failed.reason, again.reason) == ("out of memory", "")


@pytest.mark.parametrize("state", [state for state in STATES if state != "extended"])
def test_done_is_final(ledger: Ledger, state: str) -> None:
    ledger.set_state(["a"], "done")
    (done,) = ledger.trials("done")
    ledger.set_state(["a", "b"], state, "a late message")
    assert ledger.trials()[0] == done
    assert ledger.trials()[1].state == state


def test_only_what_is_done_is_extended_and_keeps_its_times(ledger: Ledger) -> None:
    ledger.set_state(["a"], "done")
    (done,) = ledger.trials("done")
    ledger.set_state(["a", "b"], "extended", "to 64 steps")
    first, second = ledger.trials()[:2]
    assert (first.state, first.reason, first.ended_ms) == ("extended", "to 64 steps", done.ended_ms)
    assert second.state == "pending"
    ledger.set_state(["a"], "pending")
    assert ledger.trials()[0] == first


def test_a_point_that_is_recorded_stays_as_it_is(ledger: Ledger) -> None:
    ledger.add_points([MetricPoint("a", 1, {"train_loss": 1.0}, 1000)])
    ledger.add_points([MetricPoint("a", 1, {"train_loss": 9.0}, 2000), MetricPoint("a", 2, {"train_loss": 0.5}, 2000)])
    found = [(point.step, point.timestamp_ms, point.metrics) for point in ledger.points()]
    assert found == [(1, 1000, {"train_loss": 1.0}), (2, 2000, {"train_loss": 0.5})]


def test_metrics_keep_every_bit_and_nan(ledger: Ledger) -> None:
    values = {"a": 0.1 + 0.2, "b": 5e-324, "c": math.inf, "d": math.nan}
    ledger.add_points([MetricPoint("a", 1, values)])
    (found,) = ledger.points()
    assert found.metrics["a"] == 0.1 + 0.2
    assert found.metrics["b"] == 5e-324
    assert found.metrics["c"] == math.inf
    assert math.isnan(found.metrics["d"])
    assert found.timestamp_ms > 0


def test_points_can_be_read_from_where_one_stopped(ledger: Ledger) -> None:
    ledger.add_points([MetricPoint(name, step, {}) for step in (1, 2) for name in "ab"])
    everything = list(ledger.points())
    assert [point.id for point in everything] == sorted(point.id for point in everything)
    assert list(ledger.points(after=everything[1].id)) == everything[2:]
    assert list(ledger.points(after=everything[0].id, limit=2)) == everything[1:3]
    assert [(point.signature, point.step) for point in ledger.points("b")] == [("b", 1), ("b", 2)]
    assert list(ledger.points("b", after=everything[1].id)) == everything[3:]


def test_a_failed_transaction_leaves_nothing(ledger: Ledger) -> None:
    def step() -> None:
        with ledger.transaction():
            ledger.add_points([MetricPoint("a", 1, {})])
            ledger.set_state(["a"], "done")
            ledger.set_meta(note="half")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        step()
    assert list(ledger.points()) == []
    assert ledger.counts()["done"] == 0
    assert ledger.meta("note") is None
    ledger.set_meta(note="whole")
    assert ledger.meta("note") == "whole"


def test_meta_is_any_json(ledger: Ledger) -> None:
    ledger.set_meta(space={"grid": [1, 2.5, None, "x"]}, version="1")
    ledger.set_meta(version="2")
    assert ledger.meta("space") == {"grid": [1, 2.5, None, "x"]}
    assert ledger.meta("version") == "2"
    assert ledger.meta("nothing", 7) == 7


def test_varied_fields(ledger: Ledger) -> None:
    ledger.add_trials([TrialRecord("d", 3, "", {"training": {"train_size": 64, "seed": None}, "model": {"name": "x"}})])
    assert ledger.varied() == ["training.train_size"]
    ledger.add_trials([TrialRecord("e", 4, "", {"training": {"train_size": 64, "seed": 3}, "model": {"name": "x"}})])
    assert sorted(ledger.varied()) == ["training.seed", "training.train_size"]


def test_unprojected_trials_are_those_whose_state_the_store_lacks(ledger: Ledger) -> None:
    assert ledger.unprojected("store") == []
    ledger.set_state(["b", "a"], "running")
    assert [found.signature for found in ledger.unprojected("store")] == ["a", "b"]
    ledger.set_projections("store", [Projection("a", "run", 0, "running:"), Projection("b", "", 0, "")])
    assert [found.signature for found in ledger.unprojected("store")] == ["b"]
    assert [found.signature for found in ledger.unprojected("other")] == ["a", "b"]
    ledger.set_state(["a"], "failed", "why")
    ledger.set_projections("store", [Projection("a", "run", 0, "failed:"), Projection("b", "run", 0, "running:")])
    assert [(found.signature, found.reason) for found in ledger.unprojected("store")] == [("a", "why")]
    ledger.set_state(["b"], "pending")
    assert [found.signature for found in ledger.unprojected("store")] == ["a", "b"]


def test_projections_are_kept_per_store(ledger: Ledger) -> None:
    ledger.set_projections("one", [Projection("a", "run-1", 3, "running:")])
    ledger.set_projections("one", [Projection("a", "run-1", 5, "done:")])
    ledger.set_projections("two", [Projection("a", "run-2")])
    assert ledger.projections("one") == {"a": Projection("a", "run-1", 5, "done:")}
    assert ledger.projections("two") == {"a": Projection("a", "run-2", 0, "")}


def test_two_connections_see_and_wait_for_each_other(ledger: Ledger) -> None:
    with Ledger(ledger.path.parent) as other:
        with ledger.transaction():
            ledger.set_state(["a"], "running")
            assert other.counts()["running"] == 0
        assert other.counts()["running"] == 1
        reading = other.points()
        ledger.add_points([MetricPoint("a", step, {}) for step in (1, 2)])
        assert len(list(reading)) == 0
        assert len(list(other.points())) == 2


def test_a_power_cut_cannot_take_a_transaction_back(ledger: Ledger) -> None:
    settings = [ledger._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    assert settings == ["wal", 2]


WRITER = """
import sys
from pathlib import Path
from rhm_sweeps.ledger import Ledger, MetricPoint, TrialRecord
with Ledger(Path(sys.argv[1]), create=True) as ledger:
    ledger.add_trials([TrialRecord("a", 0, "p", {})])
    step = 0
    while True:
        step += 1
        with ledger.transaction():
            ledger.add_points([MetricPoint("a", step, {"twice": 2.0 * step})])
            ledger.set_meta(step=step)
        print(step, flush=True)
"""


@pytest.mark.slow
def test_a_killed_writer_loses_nothing_that_returned(tmp_path: Path) -> None:
    for round_ in range(3):
        folder = tmp_path / str(round_)
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
        while int(process.stdout.readline()) < 20 * (round_ + 1):
            time.sleep(0)
        process.kill()
        said = process.communicate()[0].split()
        with Ledger(folder) as ledger:
            points = list(ledger.points())
            assert [point.step for point in points] == list(range(1, len(points) + 1))
            assert all(point.metrics == {"twice": 2.0 * point.step} for point in points)
            assert ledger.meta("step") == len(points) >= (int(said[-1]) if said else 20)
            ledger.set_state(["a"], "done")
            assert ledger.counts()["done"] == 1
        check = sqlite3.connect(folder / FILE_NAME)
        assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        check.close()


@pytest.mark.slow
def test_many_processes_may_write_at_once(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from rhm_sweeps.ledger import Ledger, MetricPoint\n"
        "with Ledger(Path(sys.argv[1]), create=True) as ledger:\n"
        "    for step in range(25): ledger.add_points([MetricPoint('a', step * 4 + int(sys.argv[2]), {})])\n"
    )
    with Ledger(tmp_path, create=True) as ledger:
        ledger.add_trials([trial("a")])
        arguments = [[sys.executable, "-c", code, str(tmp_path), str(which)] for which in range(4)]
        assert [process.wait() for process in [subprocess.Popen(command) for command in arguments]] == [0] * 4
        assert sorted(point.step for point in ledger.points()) == list(range(100))


def test_the_largest_value_of_a_field_is_read_without_the_trials(tmp_path: Path, ledger: Ledger) -> None:
    assert ledger.largest("training.train_size") == 64
    assert ledger.largest("training.train_sizes") is None
    with Ledger(tmp_path / "empty", create=True) as empty:
        assert empty.largest("training.train_size") is None
