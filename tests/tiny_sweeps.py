"""Sweeps that train in a second, and what watches them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from rhm_sweeps.ledger import Ledger, MetricPoint
from rhm_sweeps.packs.pack_progress import Progress
from rhm_sweeps.packs.packing import Pack, make_packs
from rhm_sweeps.running.in_process import run_in_process
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.drive import Run
from rhm_sweeps.sweeps.plan import Plan, make_plan
from rhm_sweeps.sweeps.plan_record import record_plan
from rhm_sweeps.sweeps.stop_request import StopRequest

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


def tiny_yaml(
    name: str, axes: Mapping[str, Sequence[int]], question: str = "Does it run?", replicas: int = 1, **training: int
) -> str:
    """A file with a search space of tiny trials of a training set of 8; the axes stand under the names of their fields."""
    sections = {**TINY, "training": {**TINY["training"], "train_size": 8, **training}}
    trial = {
        section: {field: value for field, value in fields.items() if f"{section}.{field}" not in axes}
        for section, fields in sections.items()
    }
    space = {field: {"grid": values} for field, values in axes.items()}
    return f"# {question}\nname: {name}\ntrial: {json.dumps(trial)}\nspace: {json.dumps(space)}\nreplicas: {replicas}\n"


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
