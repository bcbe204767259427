"""A pack as plain data for Ray: small, and the same trials at the other end."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from rhm_sweeps.config import parse_trial
from rhm_sweeps.running.task_config import as_config, shared_place, task_config, trials_in
from rhm_sweeps.running.tasks import PackTask, parse_trials
from rhm_sweeps.storage.beacon import Beacon
from rhm_sweeps.storage.storage import Storage

from ..tiny_sweeps import TINY


def task_of_many(folder: Path, count: int = 64) -> PackTask:
    trials = [
        parse_trial({**TINY, "training": {**TINY["training"], "train_size": 8, "seed": seed}}) for seed in range(count)
    ]
    fields = {trial.signature: trial.model_dump_json() for trial in trials}
    return PackTask("p", fields, folder / "packs" / "p", folder / "models", sources={"a": folder / "a.state"})


def test_the_trials_come_back(tmp_path: Path) -> None:
    task = task_of_many(tmp_path)
    config = json.loads(json.dumps(task_config(task, "cpu")))
    assert trials_in(config) == task.trials
    assert [trial.signature for trial in parse_trials(trials_in(config))] == list(task.trials)
    assert not config["judged"]
    assert task_config(replace(task, judged=True), "cpu")["judged"]
    assert config["sources"] == {"a": str(tmp_path / "a.state")}


def test_trials_that_hardly_differ_take_little_room(tmp_path: Path) -> None:
    task = task_of_many(tmp_path)
    assert len(task_config(task, "cpu")["trials"]) < len(json.dumps(task.trials)) / 10


def test_what_nodes_must_share_comes_back() -> None:
    beacon = Beacon(Storage("s3://bucket/x"), "0123", shared_folder=False)
    assert shared_place(json.loads(json.dumps({"beacon": as_config(beacon)}))) == beacon
    assert shared_place({}) is None
