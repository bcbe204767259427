"""Sweeps to break, and the line that each fault leaves."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.training.loop import PackTrainer

from .fault_record import FaultRecord
from .interrupted_run import CutError, cut_after
from .stage import NAME, Stage, space_text
from .training_site.sitecustomize import watch_trainer

RECORDS = "FAULT_RECORDS"
"""The file to which a run appends its records, for `fault_table.py`; without it they are kept with pytest's temporary files."""

Stages = Callable[..., Stage]
Report = Callable[[FaultRecord], FaultRecord]


@pytest.fixture
def stage(mlflow_folder: Path) -> Iterator[Stages]:
    """Makes the sweep of a space: `replicas`, and axes as YAML."""
    made: list[Stage] = []

    def make(replicas: int = 4, **axes: str) -> Stage:
        text = space_text(replicas, **axes)
        (mlflow_folder / f"{NAME}.yaml").write_text(text)
        made.append(Stage(mlflow_folder, SearchSpace.from_yaml(text, f"{NAME}.yaml")))
        return made[-1]

    yield make
    for one in made:
        one.end()


@pytest.fixture
def watched(mlflow_folder: Path) -> Iterator[None]:
    """What trains in this process writes down its steps, as what `Stage.start` starts does."""
    before = watch_trainer(PackTrainer, mlflow_folder / "steps.log")
    yield
    for name, method in before.items():
        setattr(PackTrainer, name, method)


@pytest.fixture
def cut(stage: Stages, watched: None) -> Stage:
    """A sweep of two packs whose driver ended when one was done and the other in the middle."""
    made = stage(4, steps="{grid: [8]}")
    with pytest.raises(CutError):
        made.here(run=cut_after(7))
    return made


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chosen = os.environ.get(RECORDS)
    return Path(chosen).resolve() if chosen else tmp_path_factory.mktemp("faults") / "records.jsonl"


@pytest.fixture
def report(request: pytest.FixtureRequest, records: Path, capsys: pytest.CaptureFixture[str]) -> Report:
    """Prints a record in one line, keeps it, and insists that nothing is lost, twice, torn or left behind."""

    def tell(record: FaultRecord) -> FaultRecord:
        record = replace(record, test=request.node.nodeid)
        with capsys.disabled():
            print(f"\n{record.line()}")
        with records.open("a") as file:
            file.write(record.to_json() + "\n")
        assert record.flaws == {}
        return record

    return tell
