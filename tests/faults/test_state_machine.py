"""Ledger, outbox and MLflow under any order of lives of trials, killed processes and failing calls: one run each, all points once."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from rhm_sweeps.errors import TrackingError
from rhm_sweeps.ledger import Ledger, MetricPoint, TrialRecord
from rhm_sweeps.tracking.projection import Projector, is_behind
from rhm_sweeps.tracking.runs import STATUS
from rhm_sweeps.tracking.store import Store, resolve_store

from ..tracking.conftest import config
from .failing_calls import PowerCutError, one_call_fails, power_cut, refusal
from .tracked_points import METRIC, tracked_points, tracked_runs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

TRIALS = [config(size, seed) for size in (64, 128) for seed in (0, 1)]
NAMES = [trial.signature for trial in TRIALS]
STEPS = (1, 2, 4, 8)
trials, which, flags = st.sampled_from(NAMES), st.integers(1, 12), st.booleans()


class TrackedSweep(RuleBasedStateMachine):
    """A sweep of four trials; `states` and `points` are what must be true of it."""

    store: Store
    ways: Iterator[int]
    checks = 0

    @initialize(by_client=flags)
    def begin(self, by_client: bool) -> None:
        self.open = ExitStack()
        self.folder = Path(self.open.enter_context(tempfile.TemporaryDirectory()))
        patch = self.open.enter_context(pytest.MonkeyPatch.context())
        if by_client:
            patch.setattr("rhm_sweeps.tracking.session.open_tables", lambda *_: None)
        self.here = Store(self.store.uri, f"sweep-{next(self.ways)}", self.store.artifact_root)
        self.states = dict.fromkeys(NAMES, "pending")
        self.points: set[tuple[str, int]] = set()
        self.started: set[str] = set()
        with Ledger(self.folder, create=True) as ledger:
            ledger.add_trials(TrialRecord(t.signature, k, "pack", t.model_dump()) for k, t in enumerate(TRIALS))
            ledger.set_meta(name="small", created_ms=1, state="running")
        self._start_process()

    def _start_process(self) -> None:
        self.process = ExitStack()
        self.ledger = self.process.enter_context(Ledger(self.folder))
        self.projector = self.process.enter_context(Projector(self.ledger, self.here))

    @rule(name=trials)
    def start(self, name: str) -> None:
        if self.states[name] in ("pending", "failed", "stopped"):
            self._move(name, "running")
            self.started.add(name)

    def _move(self, name: str, state: str) -> None:
        self.ledger.set_state([name], state, "because" if state in ("failed", "stopped") else "")  # type: ignore[arg-type]
        self.ledger.set_meta(state="running")
        self.states[name] = state

    @rule(name=trials, upto=st.sampled_from(STEPS), pace=st.floats(0, 1))
    def report(self, name: str, upto: int, pace: float) -> None:
        """From the first point on, as a pack does that goes on from a checkpoint; what is known already is so, whatever it says."""
        if self.states[name] == "running":
            steps = [step for step in STEPS if step <= upto]
            self.ledger.add_points(MetricPoint(name, step, {METRIC: 1 / step, "pace": pace}) for step in steps)
            self.points |= {(name, step) for step in steps}

    @rule(name=trials, state=st.sampled_from(["done", "failed", "stopped"]))
    def end(self, name: str, state: str) -> None:
        if self.states[name] == "running":
            self._move(name, state)

    @rule()
    def interrupt(self) -> None:
        running = [name for name, state in self.states.items() if state == "running"]
        self.ledger.set_state(running, "pending")
        self.ledger.set_meta(state="interrupted")
        self.states |= dict.fromkeys(running, "pending")

    @rule()
    def kill(self) -> None:
        self.process.close()
        self._start_process()

    @rule(which=which, done=flags)
    def kill_while_sending(self, which: int, done: bool) -> None:
        try:
            with one_call_fails(which, done=done, error=power_cut()):
                self.projector.advance()
        except PowerCutError:
            self.kill()

    @rule(which=which, done=flags)
    def lose_an_answer(self, which: int, done: bool) -> None:
        with suppress(TrackingError), one_call_fails(which, done=done, error=refusal()):
            self.projector.advance()

    @precondition(lambda self: is_behind(self.ledger, self.here))
    @rule()
    def send(self) -> None:
        self.projector.advance()
        self.check()

    def check(self) -> None:
        """The store says what is true."""
        type(self).checks += 1
        assert not is_behind(self.ledger, self.here)
        assert {(point.signature, point.step) for point in self.ledger.points()} == self.points
        runs = tracked_runs(Path(self.here.sqlite_path or ""), self.here.experiment)
        assert Counter(name for name, _ in runs) == Counter(["", *self.started])
        assert {name: status for name, status in runs if name} == {name: self._status(name) for name in self.started}
        assert tracked_points(Path(self.here.sqlite_path or ""), self.here.experiment) == Counter(self.points)

    def _status(self, name: str) -> str:
        return STATUS[self.states[name]]  # type: ignore[index]

    def teardown(self) -> None:
        if hasattr(self, "process"):
            self.send()
            self.process.close()
            self.open.close()


@pytest.fixture
def histories(tmp_path: Path, put_mlflow: Callable[[Path], None]) -> Callable[..., int]:
    """Run so many of so many steps; how often the store was compared with what is true."""
    put_mlflow(tmp_path)
    TrackedSweep.store, TrackedSweep.ways, TrackedSweep.checks = resolve_store(None, None, tmp_path), count(), 0

    def run(max_examples: int, steps: int, *, derandomize: bool) -> int:
        chosen: Any = settings(
            max_examples=max_examples,
            stateful_step_count=steps,
            suppress_health_check=list(HealthCheck),
            derandomize=derandomize,
        )
        run_state_machine_as_test(TrackedSweep, settings=chosen)  # type: ignore[no-untyped-call]
        return TrackedSweep.checks

    return run


def test_one_run_each_and_all_points_once(histories: Callable[..., int]) -> None:
    assert histories(12, 25, derandomize=True) >= 12


@pytest.mark.long
def test_over_many_histories(histories: Callable[..., int]) -> None:
    assert histories(150, 40, derandomize=False) >= 150
