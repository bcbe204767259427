"""A sweep driven by one process and controlled from other shells: paused, stopped in part and whole, tried again, extended."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.sweeps.folder import SweepFolder

from ..processes import Command, Ended, is_alive, run
from ..tiny_sweeps import tiny_yaml

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

STEPS = 2_000_000
"""So many that no trial ends by itself."""


@dataclass
class Story:
    """What the commands answered, in the order in which they were given."""

    folder: SweepFolder
    answers: dict[str, Any] = field(default_factory=dict)
    launch: Ended | None = None
    again: Ended | None = None

    def counts(self) -> dict[str, int]:
        with Ledger(self.folder.path) as ledger:
            return {state: count for state, count in ledger.counts().items() if count}

    def points(self) -> int:
        if not (self.folder.path / "ledger.db").is_file():
            return 0
        with Ledger(self.folder.path) as ledger:
            return sum(1 for _ in ledger.points())


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, put_mlflow: Callable[[Path], None]) -> Iterator[Story]:
    path = tmp_path_factory.mktemp("obedient")
    put_mlflow(path)
    (path / "space.yaml").write_text(tiny_yaml("obedient", {}, replicas=4, steps=STEPS))
    told = Story(SweepFolder(path / "results" / "obedient"))
    commands: list[Command] = []
    try:
        tell(told, path, commands)
        yield told
    finally:
        for command in commands:
            if is_alive(command.process):
                command.kill()


def tell(told: Story, path: Path, commands: list[Command]) -> None:
    def answer(*arguments: str) -> Any:
        ended = run(path, *arguments, "--json")
        assert ended.code == 0, ended.err
        return json.loads(ended.out)

    launched = Command(path, "launch", "space.yaml", cores=2)
    commands.append(launched)
    launched.wait_until(lambda: told.points() >= 8)
    told.answers["pause"] = answer("pause", "obedient")
    told.answers["points while paused"] = [told.points(), told.points()]
    told.answers["resume"] = answer("resume", "obedient")
    launched.wait_until(lambda: told.counts().get("running") == 4)
    with Ledger(told.folder.path) as ledger:
        first, *_ = ledger.trials()
    told.answers["stop one"] = answer("stop", "obedient", first.signature)
    told.answers["counts after one"] = told.counts()
    told.answers["stop some"] = answer("stop", "obedient", "--where", f"pack == '{first.pack}'")
    told.answers["extend"] = answer("extend", "obedient", "-s", "steps=2")
    launched.wait_until(lambda: told.counts().get("done") == 4)
    told.answers["stop"] = answer("stop", "obedient")
    told.launch = launched.wait()
    told.answers["counts at the end"] = told.counts()
    told.again = run(path, "stop", "obedient")


def test_a_paused_sweep_rests_until_it_is_resumed(story: Story) -> None:
    paused = story.answers["pause"]
    assert paused["state"] == "paused"
    assert paused["trials"]["running"] == 0
    assert paused["trials"]["pending"] == 4
    before, after = story.answers["points while paused"]
    assert before == after
    assert story.answers["resume"]["name"] == "obedient"


def test_one_trial_is_stopped_and_the_others_go_on(story: Story) -> None:
    assert len(story.answers["stop one"]["asked"]) == 1
    assert story.answers["stop one"]["still_running"] == []
    assert story.answers["counts after one"] == {"running": 3, "stopped": 1}


def test_trials_are_stopped_by_a_condition(story: Story) -> None:
    assert len(story.answers["stop some"]["asked"]) == 1
    assert len(story.answers["stop some"]["ended_before"]) == 1


def test_a_running_sweep_takes_up_what_is_added(story: Story) -> None:
    assert story.answers["extend"]["trials"]["planned"] == 8


def test_a_sweep_that_is_stopped_ends_as_after_ctrl_c(story: Story) -> None:
    assert story.launch is not None
    assert story.launch.code == 130
    assert "rhm-sweep resume obedient" in story.launch.err
    assert story.answers["stop"]["state"] == "interrupted"
    assert story.answers["counts at the end"] == {"done": 4, "stopped": 2, "pending": 2}


def test_a_sweep_that_nobody_drives_cannot_be_stopped(story: Story) -> None:
    assert story.again is not None
    assert story.again.code == 1
    assert "no process drives sweep obedient" in story.again.err
    assert "Traceback" not in story.again.err
