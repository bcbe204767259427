"""A session: plan, lock, ledger, tracking and view together."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from rich.console import Console

from rhm_sweeps.errors import ConfigError, LockedError, SweepError, TrackingError, UsageError
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.pools.pools import Pool, Pools
from rhm_sweeps.running.tasks import Driver
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps import drive, plan_record, session
from rhm_sweeps.sweeps.folder import SweepFolder, sweep_folder
from rhm_sweeps.sweeps.lock import sweep_lock
from rhm_sweeps.sweeps.outlook import Outlook
from rhm_sweeps.sweeps.plan_record import record_plan
from rhm_sweeps.sweeps.session import SessionResult, launch, resume
from rhm_sweeps.sweeps.session_options import SessionOptions
from rhm_sweeps.sweeps.stop_request import StopRequest
from rhm_sweeps.tracking.runs import SIGNATURE

from ..tiny_sweeps import LOG2_STEPS, TINY, record, run_alone, tiny_packs, tiny_plan, tiny_space

POOLS = Pools((Pool("local", "cpu", 2, 1.0, 0.0, 8.0),))
Launch = Callable[..., SessionResult]


@pytest.fixture
def results(mlflow_folder: Path) -> Path:
    return mlflow_folder / "results"


@pytest.fixture
def go(results: Path) -> Launch:
    """Launch a space, or with a name resume a sweep, quietly in this process."""

    def drive_it(
        what: SearchSpace | str, run: drive.Run = run_alone, stop: StopRequest | None = None, **options: str | bool
    ) -> SessionResult:
        chosen = SessionOptions(results, **options)  # type: ignore[arg-type]
        rest = (POOLS, run, Console(file=io.StringIO()), stop or StopRequest())
        return resume(what, chosen, *rest) if isinstance(what, str) else launch(what, chosen, *rest)

    return drive_it


def runs(result: SessionResult) -> list[Run]:
    """All runs of a session's experiment, trials and sweeps."""
    client = MlflowClient(result.store.uri)
    experiment = client.get_experiment_by_name(result.store.experiment)
    return list(client.search_runs([experiment.experiment_id])) if experiment else []


def never(driver: Driver) -> None:
    raise AssertionError(driver)


def stopping(stop: StopRequest, reports: int) -> drive.Run:
    """Run in this process until so many reports were made."""

    class Counting:
        def __init__(self, driver: Driver) -> None:
            self.driver, self.left = driver, reports

        def __getattr__(self, name: str) -> object:
            return getattr(self.driver, name)

        def progressed(self, pack: str, progress: object) -> None:
            self.driver.progressed(pack, progress)  # type: ignore[arg-type]
            self.left -= 1
            if not self.left:
                stop.signal = 15

    return lambda driver: run_alone(Counting(driver))  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_launch_leaves_ledger_models_and_runs(go: Launch, results: Path) -> None:
    result = go(tiny_space())
    assert result.outcome == drive.Outcome(done=4, failed=0, unfinished=0, interrupted=False)
    assert result.tracked
    assert result.folder == SweepFolder(results / "tiny")
    with Ledger(result.folder.path) as ledger:
        assert len({trial.pack for trial in ledger.trials()}) == POOLS["local"].slots  # no slot is idle
        assert len(list(ledger.points())) == 4 * len(LOG2_STEPS)
        assert ledger.meta("tracking_uri") == f"sqlite:///{results.parent / 'mlflow.db'}"
        assert ledger.meta("experiment") == "rhm-sweeps"
        parent = ledger.meta("parent_run_id")
    found = runs(result)
    assert len(found) == 5
    assert {run.info.status for run in found} == {"FINISHED"}
    assert parent in {run.info.run_id for run in found}


@pytest.mark.slow
def test_launched_again_and_resumed_nothing_is_done_twice(go: Launch) -> None:
    first = go(tiny_space())
    go(tiny_space(), never)
    go("tiny", never)
    go(tiny_space((4, 8, 12)))
    found = runs(first)
    assert len(found) == 7
    assert len({run.data.tags.get(SIGNATURE) for run in found}) == 7
    assert {run.info.status for run in found} == {"FINISHED"}


@pytest.mark.slow
def test_interrupted_and_resumed(go: Launch) -> None:
    stop = StopRequest()
    stopped = go(tiny_space(), stopping(stop, 3), stop)
    assert stopped.outcome.interrupted
    assert stopped.outcome.unfinished == 4
    assert "RUNNING" not in {run.info.status for run in runs(stopped)}
    resumed = go("tiny")
    assert resumed.outcome.done == 4
    assert {run.info.status for run in runs(resumed)} == {"FINISHED"}
    assert len(runs(resumed)) == 5


@pytest.mark.slow
def test_unfinished_trials_of_an_earlier_space_are_told_and_trained(results: Path) -> None:
    planned(results)
    said = io.StringIO()
    result = launch(
        tiny_space((8, 12)), SessionOptions(results), POOLS, run_alone, Console(file=said, width=200), StopRequest()
    )
    assert "training 2 unfinished trials of earlier launches too: not in this space" in said.getvalue()
    assert result.outcome.done == 6


@pytest.mark.slow
@pytest.mark.parametrize(("sizes", "said"), [((4,), "1 pack was planned"), ((4, 8), "2 packs were planned")])
def test_packs_whose_pool_is_gone_go_to_another(sizes: tuple[int, ...], said: str, results: Path) -> None:
    plan = tiny_plan(sizes)
    with Ledger(results / "tiny", create=True) as ledger:
        record_plan(ledger, plan.space, plan.trials, {"gone": tiny_packs(plan)})
    console = Console(file=io.StringIO(), width=200)
    resume("tiny", SessionOptions(results), POOLS, lambda _: None, console, StopRequest())
    assert f"{said} for pools that are gone, and moved to others\n" in console.file.getvalue()  # type: ignore[attr-defined]
    with Ledger(results / "tiny") as ledger:
        assert {pack.pool for pack in ledger.packs().values()} == {"local"}


@pytest.mark.slow
def test_a_sweep_stays_where_it_was_tracked(go: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = f"sqlite:///{tmp_path / 'elsewhere' / 'mlflow.db'}"
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "mlflow.db").rename(tmp_path / "elsewhere" / "mlflow.db")
    first = go(tiny_space((4,)), tracking_uri=uri, experiment="mine")
    for again in (go("tiny"), go(tiny_space((4, 8)))):
        assert (again.store.uri, again.store.experiment) == (uri, "mine") == (first.store.uri, first.store.experiment)
    assert go("tiny", experiment="other").store.experiment == "other"
    assert not (tmp_path / "mlflow.db").exists()


def test_a_launch_that_is_not_confirmed_leaves_nothing_behind(results: Path) -> None:
    def refuse(outlook: Outlook) -> None:
        assert len(outlook.trials) == 4
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        launch(tiny_space(), SessionOptions(results), POOLS, never, Console(), StopRequest(), refuse)
    assert not results.exists()


def planned(results: Path) -> SweepFolder:
    folder = sweep_folder(results, "tiny")
    with Ledger(folder.path, create=True) as ledger:
        record(ledger, tiny_plan())
    return folder


@pytest.mark.slow
def test_a_driven_sweep_is_refused(go: Launch, results: Path) -> None:
    with sweep_lock(planned(results).path):
        for what in (tiny_space(), "tiny"):
            with pytest.raises(LockedError, match="already running: process"):
                go(what, never)


@pytest.mark.slow
def test_changed_code_is_refused_unless_accepted(go: Launch, results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planned(results)
    monkeypatch.setattr(plan_record, "code_hash", lambda: "0123456789ab")
    for what in (tiny_space(), "tiny"):
        with pytest.raises(SweepError, match="--accept-changes"):
            go(what, never)
    assert go("tiny", accept_changes=True).outcome.done == 4


def test_a_space_without_a_trial_leaves_nothing_behind(go: Launch, results: Path) -> None:
    impossible = SearchSpace.build("tiny", trial=TINY, space={"training.train_size": {"grid": [1000, 2000]}})
    with pytest.raises(ConfigError, match="none of its settings makes a trial"):
        go(impossible, never)
    assert not results.exists()


def test_a_sweep_that_is_not_there_is_not_made(go: Launch, results: Path) -> None:
    with pytest.raises(SweepError, match=r"there is no sweep in .*nowhere"):
        go("nowhere", never)
    with pytest.raises(UsageError, match="sweep name"):
        go("../nowhere", never)
    assert not results.exists()


def test_a_launch_that_was_killed_before_it_had_a_plan_is_launched_again(go: Launch, results: Path) -> None:
    Ledger(results / "tiny", create=True).close()
    with pytest.raises(SweepError, match="use `rhm-sweep launch` again"):
        go("tiny", never)
    assert go(tiny_space()).outcome.done == 4


def test_a_store_that_cannot_be_reached_is_refused_before_anything_starts(go: Launch, results: Path) -> None:
    with pytest.raises(TrackingError, match=r"mlflow\.db.*--tracking-uri"):
        go(tiny_space(), never, tracking_uri="sqlite:////proc/nowhere/mlflow.db")
    assert not (results / "tiny" / "ledger.db").exists()


@pytest.fixture
def flushes(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each session gave its writer to send the rest."""
    given: list[float] = []
    close = session.Writer.close

    def recording(self: session.Writer, timeout_s: float) -> bool:
        given.append(timeout_s)
        return close(self, timeout_s)

    monkeypatch.setattr(session.Writer, "close", recording)
    return given


@pytest.mark.slow
def test_after_a_signal_the_rest_is_sent_in_a_hurry(go: Launch, flushes: list[float]) -> None:
    stop = StopRequest()
    go(tiny_space(), stopping(stop, 1), stop)
    go("tiny")
    assert flushes == [session.HURRIED_FLUSH_TIMEOUT_S, session.FLUSH_TIMEOUT_S]
    assert session.HURRIED_FLUSH_TIMEOUT_S <= 10


@pytest.mark.slow
def test_a_run_that_breaks_is_interrupted_everywhere(go: Launch, results: Path) -> None:
    def breaks(driver: Driver) -> None:
        task = driver.next_pack()
        assert task is not None
        driver.started(task.id)
        raise MemoryError("no more")

    with pytest.raises(MemoryError, match="no more"):
        go(tiny_space(), breaks)
    with Ledger(results / "tiny") as ledger:
        assert ledger.meta("state") == "interrupted"
    assert go("tiny").outcome.done == 4
