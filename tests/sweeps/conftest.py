"""Sweeps that train in a second, and what watches them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.ledger import Ledger, MetricPoint
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.drive import Outcome, Run, drive
from rhm_sweeps.sweeps.folder import SweepFolder, create_sweep_folder
from rhm_sweeps.sweeps.in_process import run_in_process
from rhm_sweeps.sweeps.pack_progress import Progress
from rhm_sweeps.sweeps.packing import Pack, make_packs
from rhm_sweeps.sweeps.plan import Plan, make_plan
from rhm_sweeps.sweeps.plan_record import record_plan
from rhm_sweeps.sweeps.stop_request import StopRequest
from rhm_sweeps.training.loop import PackTrainer

TINY = {
    "grammar": {"num_features": 4, "num_classes": 4, "num_synonyms": 2, "tuple_size": 2, "num_layers": 2},
    "diffusion": {"timesteps": 4},
    "model": {"width": 8},
    "training": {"test_size": 4, "steps": 8, "batch_size": 8},
    "evaluation": {"num_samples": 16, "loss_pairs": 16},
}
LIMITS = {"local": 2}
LOG2_STEPS = (1, 2, 4, 8)
PACE = ("steps_per_second", "wall_time_s")


def tiny_space(sizes: tuple[int, ...] = (4, 8), name: str = "tiny", replicas: int = 2) -> SearchSpace:
    return SearchSpace.build(name, trial=TINY, space={"training.train_size": {"grid": list(sizes)}}, replicas=replicas)


run_alone: Run = partial(run_in_process, report_interval_s=0.0)


def tiny_plan(sizes: tuple[int, ...] = (4, 8), finished: tuple[str, ...] = ()) -> Plan:
    return make_plan(tiny_space(sizes), finished)


def tiny_packs(plan: Plan) -> tuple[Pack, ...]:
    """Two trials each."""
    return make_packs(plan.trials, 2)


def record(ledger: Ledger, plan: Plan) -> None:
    """Plan it for the pool `local`, in packs of two."""
    record_plan(ledger, plan.space, plan.trials, {"local": tiny_packs(plan)})


def science(point: MetricPoint) -> Mapping[str, float]:
    """A point's metrics without those that measure the clock."""
    return {name: value for name, value in point.metrics.items() if name not in PACE}


@dataclass
class RecordingView:
    """Keeps what a view is told, and asks for a stop after so many reports."""

    stop_after: int | None = None
    stop: StopRequest = field(default_factory=StopRequest)
    updates: list[tuple[str, Progress]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    unfinished: Mapping[str, int] = field(default_factory=dict)

    def replan(self, unfinished: Mapping[str, int]) -> None:
        self.unfinished = unfinished

    def update(self, pack: str, progress: Progress) -> None:
        self.updates.append((pack, progress))
        if len(self.updates) == self.stop_after:
            self.stop.signal = 2

    def say(self, message: str) -> None:
        self.messages.append(message)


@pytest.fixture
def folder(tmp_path: Path) -> SweepFolder:
    return create_sweep_folder(tmp_path / "results", "tiny")


@pytest.fixture
def ledger(folder: SweepFolder) -> Iterator[Ledger]:
    """The record of a planned sweep of four trials in two packs."""
    with Ledger(folder.path, create=True) as opened:
        record(opened, tiny_plan())
        yield opened


@pytest.fixture
def go(ledger: Ledger, folder: SweepFolder) -> Callable[..., Outcome]:
    """Drive the sweep, by default in this process."""

    def drive_it(view: RecordingView | None = None, run: Run | None = None, **options: Any) -> Outcome:
        view = view or RecordingView()
        return drive(ledger, folder, run or run_alone, LIMITS, view, view.stop, **options)

    return drive_it


@pytest.fixture
def trained_steps(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Optimizer steps that are executed while the test runs, by trial."""
    steps: Counter[str] = Counter()
    build, train, select = PackTrainer.__init__, PackTrainer.train, PackTrainer.select

    def counting_init(self: PackTrainer, configs: list[TrialConfig], *rest: Any, **options: Any) -> None:
        self.counted = [config.signature for config in configs]  # type: ignore[attr-defined]
        build(self, configs, *rest, **options)

    def counting_train(self: PackTrainer, count: int) -> Any:
        steps.update(dict.fromkeys(self.counted, count))  # type: ignore[attr-defined]
        return train(self, count)

    def counting_select(self: PackTrainer, kept: list[int]) -> None:
        self.counted = [self.counted[k] for k in kept]  # type: ignore[attr-defined]
        select(self, kept)

    monkeypatch.setattr(PackTrainer, "__init__", counting_init)
    monkeypatch.setattr(PackTrainer, "train", counting_train)
    monkeypatch.setattr(PackTrainer, "select", counting_select)
    return steps
