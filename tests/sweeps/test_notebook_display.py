"""The view in a notebook: one output of the cell, which changes in its place. A real kernel shows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from ..tiny_sweeps import TINY

SETTING = f"""
import os, signal, threading, time
from rhm_sweeps.sweeps import notebook_display
from rhm_sweeps.sweep import Sweep
notebook_display.REFRESH_INTERVAL_S = 0.0
trial = {TINY!r}
def make(name, steps):
    training = trial["training"] | {{"steps": steps}}
    return Sweep.build(name, trial=trial | {{"training": training}}, space={{"training.train_size": {{"grid": [4, 8]}}}})
"""
DISPLAY = """
from rich.text import Text
from rhm_sweeps.sweeps.live import LiveView
from rhm_sweeps.sweeps.progress import SweepProgress
from rhm_sweeps.packs.pack_progress import Progress
from rhm_sweeps.sweep.training import new_console
with LiveView(SweepProgress({"a<b": 3}), new_console(), "tiny") as view:
    for step in range(1, 5):
        view.update("a<b", Progress(step, 8, 3, 10.0))
    for number in range(12):
        view.say(f"message {number} of <b>x</b>")
"""
INTERRUPT = """
def interrupt():
    while not list(long.folder.packs.glob("*/*")):
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt).start()
long.launch(in_process=True)
"""


class Listener(NotebookClient):
    """Counts the messages of the kernel by kind."""

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        self.heard = [*getattr(self, "heard", []), (cell_index, msg["msg_type"])]
        return super().process_message(msg, cell, cell_index)


CELLS = {
    "setting": SETTING,
    "display": DISPLAY,
    "launch": "make('tiny', 64).launch(in_process=True)",
    "plan": "make('more', 64).plan(in_process=True)",
    "long": "long = make('long', 2**20)",
    "interrupt": INTERRUPT,
    "status": "Sweep.open('long').status()['state']",
}


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory, put_mlflow: Callable[[Path], None]) -> Listener:
    """A notebook that was executed as a whole."""
    folder = tmp_path_factory.mktemp("notebook")
    put_mlflow(folder)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS.values()])
    place = {"metadata": {"path": str(folder)}}
    client = Listener(notebook, timeout=120, kernel_name="python3", allow_errors=True, resources=place)
    client.execute()
    return client


def outputs(kernel: Listener, name: str) -> list[NotebookNode]:
    return list(kernel.nb.cells[list(CELLS).index(name)].outputs)


def heard(kernel: Listener, name: str, kind: str) -> int:
    return kernel.heard.count((list(CELLS).index(name), kind))


@pytest.mark.slow
def test_the_view_changes_in_its_place_and_shows_the_last_messages(kernel: Listener) -> None:
    assert outputs(kernel, "setting") == []
    (output,) = outputs(kernel, "display")
    assert heard(kernel, "display", "update_display_data") == 5
    text = output.data["text/plain"]
    assert text.count("tiny: 0/3 trials | 50%") == 1
    assert "2 earlier messages" in text
    assert "message 1 of" not in text
    assert "message 11 of <b>x</b>" in text
    assert "message 11 of &lt;b&gt;x&lt;/b&gt;" in output.data["text/html"]
    assert "a&lt;b" in output.data["text/html"]


@pytest.mark.slow
def test_a_launch_shows_itself_in_one_output(kernel: Listener) -> None:
    *shown, outcome = outputs(kernel, "launch")
    (view,) = [output for output in shown if "tiny: " in str(output)]
    assert "tiny: 2/2 trials | 100%" in view.data["text/plain"]
    assert outcome.data["text/plain"].startswith("Outcome(done=2, failed=0, unfinished=0")
    assert heard(kernel, "launch", "update_display_data") >= 2


@pytest.mark.slow
def test_a_plan_is_shown_as_a_table(kernel: Listener) -> None:
    (table,) = outputs(kernel, "plan")
    assert table.data["text/html"].startswith("<table>")
    assert "1 of 2 trials" in table.data["text/plain"]


@pytest.mark.slow
def test_an_interrupt_of_the_kernel_leaves_a_sweep_that_can_be_resumed(kernel: Listener) -> None:
    *shown, error = outputs(kernel, "interrupt")
    assert (error.output_type, error.ename) == ("error", "Interrupted")
    assert "sweep long was stopped with 2 of its trials unfinished" in error.evalue
    assert any("stopping: the packs save where they are" in output.data["text/plain"] for output in shown)
    (status,) = outputs(kernel, "status")
    assert status.data["text/plain"] == "'interrupted'"
