"""A sweep started on one node, extended to three, one killed, another told to leave: by the commands that a user types.

Its outputs are the transcript of docs/clusters.md, which it writes anew if CLUSTER_PAGE names that file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import Report, Stages
from .ray_node import TOKEN, RayNode, free_port
from .stage import NAME, PATIENCE_S, Stage, ended_well, step_environment
from .transcript import Transcript

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

PAGE, THIS = "CLUSTER_PAGE", "tests/faults/test_grown_cluster.py"
SECONDS_PER_STEP = 0.008
CHECKPOINT_S = 1.0
TRIALS = 6
NODE_FLAGS = "--num-cpus=1 --memory=2147483648"

Start = Callable[[str], RayNode]


@pytest.fixture
def start(mlflow_folder: Path) -> Iterator[Start]:
    """Starts nodes of one cluster by name; the first is its head."""
    port, made = free_port(), []

    def node(name: str) -> RayNode:
        made.append(
            RayNode(mlflow_folder, name, port, step_environment(mlflow_folder, SECONDS_PER_STEP), head=not made)
        )
        made[-1].wait_until_up(PATIENCE_S)  # two that start at once on one machine may wait for each other in vain
        return made[-1]

    yield node
    for one in reversed(made):
        one.kill()


def launch(made: Stage, head: RayNode) -> Transcript:
    """Launch the sweep."""
    words = ("launch", f"{NAME}.yaml", "--address", head.address, "--checkpoint-interval", str(CHECKPOINT_S))
    command = made.start(*words, **TOKEN)
    return Transcript(made.path, command, THIS)


def wait(made: Stage, shown: Transcript, steps: int, *words: str) -> None:
    """Wait until the command has said these words since the last stage, and then until so many more steps were executed."""
    shown.command.wait_until(lambda: all(word in shown.news for word in words), PATIENCE_S)
    before = made.oracle.executed()
    shown.command.wait_until(lambda: made.oracle.executed() >= before + steps, PATIENCE_S)


def all_train(made: Stage) -> bool:
    """Whether every trial has done some steps."""
    steps = made.oracle.steps()
    return all((name, 300) in steps for name in made.oracle.planned)


def test_a_sweep_on_a_cluster_that_grows_and_shrinks(start: Start, stage: Stages, report: Report) -> None:
    made = stage(2, steps="{grid: [8000, 8001, 8002]}")
    shown = launch(made, start("first"))
    wait(made, shown, 200)
    typed = f"rhm-sweep launch {NAME}.yaml --address HEAD:6379 --checkpoint-interval 1 &"
    shown.add("one node", f"ray start --head {NODE_FLAGS}", typed)

    second, third = start("second"), start("third")
    wait(made, shown, 0, "has 3 slots now")
    shown.command.wait_until(lambda: all_train(made), PATIENCE_S)
    shown.add("two more nodes join", *[f"ray start --address=HEAD:6379 {NODE_FLAGS} --block"] * 2)

    second.kill()
    wait(made, shown, 200, "its process died", "has 2 slots now")
    shown.add("the second node is killed", "kill -9 ...     # all of its processes, on the second node")

    third.tell_to_leave()
    wait(made, shown, 0, "leaves the cluster", "has 1 slot now")
    third.wait(60)
    shown.add("the third node is told to leave", "kill -TERM ...  # its `ray start --block`, on the third node")

    ended = ended_well(shown.command)
    shown.add("the rest is trained on the first node", "wait")
    happened = "from one node to three; one killed, one told to leave; the sweep went on to its end on the first"
    record = report(made.oracle.look("cluster grows and shrinks", happened, made.commands, None, [ended.code]))
    shown.lines += ["", "# what an oracle outside the product has counted"]
    shown.say(record.line())
    if page := os.environ.get(PAGE):
        shown.write(Path(page))
    assert record.done == TRIALS
    assert record.steps_redone <= 2 * (CHECKPOINT_S + 1.0) / SECONDS_PER_STEP
    assert ended.err.count("its process died") == 1
    assert ended.err.count("leaves the cluster by") == 1
