"""The projection of a ledger onto a real MLflow store: complete, once, whatever breaks in between."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.errors import LockedError, TrackingError
from rhm_sweeps.ledger import Ledger, Projection, TrialRecord
from rhm_sweeps.tracking import sending
from rhm_sweeps.tracking.projection import Projector, is_behind, project
from rhm_sweeps.tracking.run_tables import RunTables
from rhm_sweeps.tracking.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("way")]

Train = Callable[..., list[str]]


def runs_of(store: Store) -> dict[str, Run]:
    """Every active run by its signature, that of the sweep by ""; fails if there are two of one."""
    client = MlflowClient(store.uri)
    found = client.search_runs([client.get_experiment_by_name(store.experiment).experiment_id], max_results=1000)
    by_signature = {run.data.tags.get("rhm_sweep.signature", ""): run for run in found}
    assert len(by_signature) == len(found)
    return by_signature


def stored_metrics(store: Store) -> list[tuple[str, str, int, int, float]]:
    """(signature, metric, step, timestamp, value) of every row of MLflow's own table, sorted."""
    database = sqlite3.connect(store.sqlite_path)
    rows = database.execute(
        "SELECT t.value, m.key, m.step, m.timestamp, m.value FROM metrics m JOIN runs r USING (run_uuid) "
        "JOIN tags t ON t.run_uuid = m.run_uuid AND t.key = 'rhm_sweep.signature' WHERE r.lifecycle_stage = 'active'"
    ).fetchall()
    database.close()
    return sorted(rows)


def recorded_metrics(ledger: Ledger) -> list[tuple[str, str, int, int, float]]:
    """The same of every finite value in the ledger."""
    return sorted(
        (point.signature, name, point.step, point.timestamp_ms, value)
        for point in ledger.points()
        for name, value in point.metrics.items()
        if math.isfinite(value)
    )


def statuses(store: Store) -> dict[str, str]:
    return {signature: run.info.status for signature, run in runs_of(store).items()}


def test_a_sweep_becomes_a_run_with_a_child_per_started_trial(sweep: Ledger, train: Train, store: Store) -> None:
    done, failed = train(0)[0], train(1, upto=2, state="failed", reason="loss is NaN at step 4")[0]
    running = train(2, upto=1, state="running")[0]
    assert project(sweep, store) == 4 + 2 + 1
    found = runs_of(store)
    parent = found[""]
    assert found.keys() == {"", done, failed, running}
    assert statuses(store) == {"": "RUNNING", done: "FINISHED", failed: "FAILED", running: "RUNNING"}
    assert (parent.info.run_name, parent.info.start_time) == ("small", sweep.meta("created_ms"))
    assert parent.info.end_time is None
    assert parent.data.tags["mlflow.note.content"] == "4 trials over `training.train_size`, `grammar.seed_rules`"
    assert sweep.meta("parent_run_id") == parent.info.run_id
    assert {found[name].data.tags["mlflow.parentRunId"] for name in (done, failed, running)} == {parent.info.run_id}
    assert [found[name].info.run_name for name in (done, failed)] == ["P=64 seed_rules=0", "P=64 seed_rules=1"]
    assert stored_metrics(store) == recorded_metrics(sweep)


def test_a_trials_run_says_where_it_comes_from(sweep: Ledger, train: Train, store: Store) -> None:
    (failed,) = train(1, state="failed", reason="loss is NaN at step 4")
    project(sweep, store)
    run, (trial,) = runs_of(store)[failed], sweep.trials("failed")
    expected = {
        "rhm_sweep.signature": failed, "rhm_sweep.sweep": "small", "rhm_sweep.pack": "pack-0", "rhm_sweep.role": "trial",
        "rhm_sweep.version": "0.0.9", "mlflow.source.git.commit": "0123abc",
        "rhm_sweep.state": "failed", "rhm_sweep.reason": "loss is NaN at step 4",
    }  # fmt: skip
    assert run.data.tags.items() >= expected.items()
    assert run.data.params["training.train_size"] == "64"
    assert run.data.params["grammar.seed_rules"] == "1"
    assert len(run.data.params) > 25
    assert (run.info.start_time, run.info.end_time) == (trial.started_ms, trial.ended_ms)


def test_again_changes_nothing(sweep: Ledger, train: Train, store: Store) -> None:
    train(0, 1)
    project(sweep, store)
    before, dump = runs_of(store), stored_metrics(store)
    with Projector(sweep, store) as projector:
        assert [projector.advance() for _ in range(2)] == [0, 0]
    after = runs_of(store)
    assert stored_metrics(store) == dump
    assert {key: (run.info, run.data) for key, run in after.items()}.keys() == before.keys()
    assert all(after[key].info.run_id == before[key].info.run_id for key in before)


def test_pass_after_pass_sends_only_what_is_new(sweep: Ledger, train: Train, store: Store) -> None:
    with Projector(sweep, store) as projector:
        assert projector.advance() == 0
        train(0, 1, upto=2, state="running")
        assert projector.advance() == 4
        train(0, 1, upto=8, state="running")
        train(2, upto=1, state="running")
        assert projector.advance() == 5
        train(0, 1, 2, 3)
        sweep.set_meta(state="finished")
        assert projector.advance() == 3 + 4
    assert set(statuses(store).values()) == {"FINISHED"}
    assert stored_metrics(store) == recorded_metrics(sweep)
    assert not is_behind(sweep, store)


def test_the_ledger_knows_when_the_store_is_behind(sweep: Ledger, train: Train, store: Store) -> None:
    assert is_behind(sweep, store)
    project(sweep, store)
    assert not is_behind(sweep, store)
    (running,) = train(0, upto=1, state="running")
    assert is_behind(sweep, store)
    project(sweep, store)
    assert not is_behind(sweep, store)
    sweep.set_state([running], "failed", "x")
    assert is_behind(sweep, store)
    project(sweep, store)
    sweep.set_meta(state="failed")
    assert is_behind(sweep, store)


def test_more_points_than_fit_into_one_call_or_portion(
    sweep: Ledger, train: Train, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    signatures = train(0, 1, state="running")
    template = next(sweep.points())
    sweep.add_points(
        replace(template, signature=signature, step=step, metrics={"train_loss": 1 / step, "copies": 0.5})
        for step in range(10, 510)
        for signature in signatures
    )
    monkeypatch.setattr(sending, "CHUNK", 7)
    assert project(sweep, store) == 2 * (4 + 500)
    train(0, 1)
    project(sweep, store)
    assert stored_metrics(store) == recorded_metrics(sweep)


def test_an_interrupted_sweep_leaves_nothing_running_and_opens_again(sweep: Ledger, train: Train, store: Store) -> None:
    (halted, killed) = train(0, 1, upto=2, state="running")
    with Projector(sweep, store) as projector:
        projector.advance()
        sweep.set_state([halted], "pending")
        sweep.set_meta(state="interrupted")
        projector.advance()
        assert statuses(store) == {"": "KILLED", halted: "KILLED", killed: "KILLED"}
    sweep.set_meta(state="running")
    sweep.set_state([halted], "running")
    project(sweep, store)
    assert statuses(store) == {"": "RUNNING", halted: "RUNNING", killed: "RUNNING"}
    train(0, 1)
    sweep.set_meta(state="finished")
    project(sweep, store)
    assert set(statuses(store).values()) == {"FINISHED"}
    assert runs_of(store)[halted].data.tags["rhm_sweep.state"] == "done"
    assert stored_metrics(store) == recorded_metrics(sweep)


class PowerCutError(Exception):
    """Stands for the end of the process."""


def dying(patch: pytest.MonkeyPatch, owner: type, method: str, after: int) -> None:
    """Let the n-th call of a method reach the store, and end the process before the answer is seen."""
    original = getattr(owner, method)
    calls = 0

    def call(*args: object, **kwargs: object) -> object:
        nonlocal calls
        calls += 1
        answer = original(*args, **kwargs)
        if calls == after:
            raise PowerCutError
        return answer

    patch.setattr(owner, method, call)


CALLS = [("create_run", n) for n in (1, 2, 3, 4, 5)] + [("log_batch", n) for n in (1, 3)] + [("set_terminated", 2)]
CUTS = [("client", MlflowClient, *call) for call in CALLS]
CUTS += [
    ("tables", MlflowClient, "create_run", 1),
    ("tables", RunTables, "write", 1),
    ("tables", RunTables, "write", 2),
]


@pytest.mark.parametrize(("way", "owner", "method", "after"), CUTS, indirect=["way"])
def test_a_crash_anywhere_makes_no_second_run(
    owner: type,
    method: str,
    after: int,
    sweep: Ledger,
    train: Train,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    train(0, 1, 2, 3)
    monkeypatch.setattr("rhm_sweeps.tracking.run_change.PORTION_TRIALS", 2)
    with monkeypatch.context() as patch:
        dying(patch, owner, method, after)
        with pytest.raises(PowerCutError):
            project(sweep, store)
    with Ledger(sweep.path.parent) as reopened:
        reopened.set_meta(state="finished")
        project(reopened, store)
    assert len(runs_of(store)) == 5
    assert set(statuses(store).values()) == {"FINISHED"}
    assert all(len(run.data.params) > 25 for key, run in runs_of(store).items() if key)
    assert stored_metrics(store) == recorded_metrics(sweep)


def test_a_crash_that_also_takes_the_last_rows_of_the_ledger(
    sweep: Ledger, train: Train, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`kill -9` gives nobody the time to save."""
    train(0, 1, 2, 3)
    original = Ledger.set_projections
    saved = []

    def only_announcements(ledger: Ledger, target: str, rows: list[Projection]) -> None:
        saved.append(len(rows))
        original(ledger, target, [row for row in rows if not row.run_id])

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "set_projections", only_announcements)
        project(sweep, store)
    assert saved
    assert {row.run_id for row in sweep.projections(store.target).values()} == {""}
    project(sweep, store)
    assert len(runs_of(store)) == 5
    assert stored_metrics(store) == recorded_metrics(sweep)


def test_a_store_that_was_lost_is_filled_again(sweep: Ledger, train: Train, store: Store) -> None:
    train(0, 1)
    project(sweep, store)
    other = replace(store, experiment="another")
    project(sweep, other)
    client = MlflowClient(store.uri)
    for run in runs_of(store).values():
        client.delete_run(run.info.run_id)
    train(2)
    assert project(sweep, store) == 3 * 4
    assert len(runs_of(store)) == 4
    assert len(runs_of(other)) == 3


def test_a_run_that_a_user_deleted_comes_back_when_its_trial_goes_on(sweep: Ledger, train: Train, store: Store) -> None:
    (signature, _) = train(0, 1, upto=2, state="running")
    project(sweep, store)
    MlflowClient(store.uri).delete_run(runs_of(store)[signature].info.run_id)
    train(0, 1)
    project(sweep, store)
    assert len(runs_of(store)) == 3
    assert stored_metrics(store) == recorded_metrics(sweep)


def test_two_sweeps_of_one_name_in_one_store_keep_apart(
    sweep: Ledger, train: Train, store: Store, tmp_path: Path
) -> None:
    train(0)
    project(sweep, store)
    with Ledger(tmp_path / "elsewhere" / "small", create=True) as twin:
        twin.add_trials(sweep.trials())
        twin.set_meta(name="small", created_ms=sweep.meta("created_ms") + 1)
        twin.set_state([sweep.trials()[0].signature], "running")
        project(twin, store)
        client = MlflowClient(store.uri)
        ids = [ledger.meta("parent_run_id") for ledger in (sweep, twin)]
        experiment = client.get_experiment_by_name(store.experiment).experiment_id
        counts = [len(client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{run_id}'")) for run_id in ids]
    assert counts == [1, 1]


def test_one_process_at_a_time(sweep: Ledger, store: Store) -> None:
    with (
        Projector(sweep, store),
        Ledger(sweep.path.parent) as other,
        pytest.raises(LockedError, match="is locked by another process"),
    ):
        project(other, store)
    assert project(sweep, store) == 0


@pytest.mark.parametrize("way", ["client"], indirect=True)
def test_what_the_store_refuses_is_said_and_sent_later(
    sweep: Ledger, train: Train, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise MlflowException("the disk of postgresql://u:secret@host is full")

    train(0, 1)
    with Projector(sweep, store) as projector:
        with monkeypatch.context() as patch:
            patch.setattr(MlflowClient, "log_batch", refuse)
            with pytest.raises(TrackingError, match=r"the disk of postgresql://\*\*\*@host is full"):
                projector.advance()
        assert projector.advance() == 8
    assert stored_metrics(store) == recorded_metrics(sweep)


@pytest.mark.parametrize("way", ["tables"], indirect=True)
def test_a_database_that_is_locked_is_said_and_filled_later(
    sweep: Ledger, train: Train, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rhm_sweeps.tracking.run_tables.BUSY_TIMEOUT_MS", 50)
    with Projector(sweep, store) as projector:
        projector.advance()
        train(0, 1)
        with closing(sqlite3.connect(store.sqlite_path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(TrackingError, match="database is locked"):
                projector.advance()
            other.execute("ROLLBACK")
        assert projector.advance() == 8
    assert stored_metrics(store) == recorded_metrics(sweep)


def test_what_varies_is_read_from_the_plan_once(
    sweep: Ledger, train: Train, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An adaptive search plans a few more trials before each pass."""
    original, asked = Ledger.varied, []
    project(sweep, store)  # the note of the sweep's run says what varies, too
    monkeypatch.setattr(Ledger, "varied", lambda ledger: asked.append(1) or original(ledger))
    with Projector(sweep, store) as projector:
        for position, rate in enumerate((0.5, 0.25, 0.125), start=4):
            config = TrialConfig().model_dump()
            config["training"]["learning_rate"] = rate
            sweep.add_trials([TrialRecord(f"{position:012x}", position, "pack-9", config)])
            train(position - 4, position)
            projector.advance()
    names = {signature: run.info.run_name for signature, run in runs_of(store).items()}
    assert names[f"{6:012x}"] == "lr=0.125 P=1024 seed_rules=0"
    assert len(asked) == 1
