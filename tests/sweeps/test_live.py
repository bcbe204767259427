"""The live view: a table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import re
import threading

import pytest
from rich.console import Console

from rhm_sweeps.ledger import MetricPoint
from rhm_sweeps.packs.pack_progress import Progress
from rhm_sweeps.sweeps import live
from rhm_sweeps.sweeps.live import MAX_PACKS_SHOWN, LiveView
from rhm_sweeps.sweeps.progress import SweepProgress

LINE = re.compile(r"\d+/\d+ trials(, \d+ failed)? \| +\d+% \| [\d,]+ steps/s \| [\d:]+ elapsed, ([\d:]+|--) to go")
METRICS = {"validity_1": 1.0, "validity_2": 0.5, "copies": 0.25}


def piped() -> Console:
    return Console(file=io.StringIO(), width=80)


def terminal(width: int = 80) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=width, height=40, color_system=None, _environ={})


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", console.file.getvalue()).replace("\r", "")


def report(active: int = 3, step: int = 16_384) -> Progress:
    return Progress(step, 32_768, active, 12_345.6, points=(MetricPoint("x", step, METRICS),))


def test_into_a_file_go_plain_lines_and_nothing_else() -> None:
    console = piped()
    with LiveView(SweepProgress({"a": 3, "b": 3}), console, "tiny") as view:
        for _ in range(100):
            view.update("a", report())
    lines = written(console).splitlines()
    assert len(lines) == 2  # at once, then every ten seconds, and at the end
    assert all(LINE.fullmatch(line) for line in lines)
    assert lines[-1].startswith("0/6 trials | 25% | 37,037 steps/s | 0:00 elapsed")


def test_thousands_of_short_packs_do_not_write_thousands_of_lines() -> None:
    console = piped()
    with LiveView(SweepProgress({str(k): 1 for k in range(3000)}), console, "tiny") as view:
        for k in range(3000):
            view.update(str(k), Progress(8, 8, 0, 1.0))
    assert len(written(console).splitlines()) < 10


def test_a_finished_pack_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "FINISHED_INTERVAL_S", 0.0)
    console = piped()
    view = LiveView(SweepProgress({"a": 1, "b": 1}), console, "tiny")
    view.update("a", report(1))
    view.update("a", report(1))
    view.update("a", Progress(8, 8, 0, 1.0))
    assert len(written(console).splitlines()) == 2


def test_messages_are_printed_as_they_are() -> None:
    for console in (piped(), terminal()):
        with LiveView(SweepProgress({"a": 1}), console, "tiny") as view:
            view.say("trial [bold]x[/] failed: " + "y" * 100)
        text = written(console).replace("\n", "")
        assert "trial [bold]x[/] failed: " + "y" * 100 in text


@pytest.mark.parametrize("name", ["tiny", "a-sweep-with-a-name-of-some-length_0123456789"])
def test_the_table_fits_a_terminal_of_80_columns(name: str) -> None:
    packs = {f"{k:012x}": 16 for k in range(MAX_PACKS_SHOWN + 3)}
    console = terminal()
    with LiveView(SweepProgress(packs), console, name) as view:
        for pack in packs:
            view.update(pack, report(16, 131_072))
    lines = written(console).splitlines()
    assert max(map(len, lines)) <= 80
    table = "\n".join(lines)
    assert "…" not in table
    assert table.count("131,072/32,768") == MAX_PACKS_SHOWN
    assert "and 3 more packs" in table
    row = next(line for line in lines if line.startswith("0000000")).split()
    assert row[1] == "16/16"
    assert row[-3:] == ["197,530", "0.500", "0.250"]


def test_packs_that_have_ended_leave_the_table() -> None:
    console = terminal()
    with LiveView(SweepProgress({"aaaa": 1, "bbbb": 1}), console, "tiny") as view:
        view.update("aaaa", Progress(8, 8, 0, 1.0))
        view.update("bbbb", report(1))
    last = written(console).rpartition("tiny: ")[2]
    assert "bbbb" in last
    assert "aaaa" not in last


def test_the_terminal_is_drawn_while_packs_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """The drawing is done by another thread than the reports."""
    broken: list[object] = []
    monkeypatch.setattr(threading, "excepthook", broken.append)
    console, packs = terminal(), {str(k): 1 for k in range(5000)}
    view = LiveView(SweepProgress(packs), console, "tiny")
    done = threading.Event()

    def draw() -> None:
        while not done.is_set():
            view._table()

    drawing = threading.Thread(target=draw)
    drawing.start()
    for k in range(5000):
        view.progress.update(str(k), report(1))
    done.set()
    drawing.join()
    assert broken == []


def test_the_table_has_its_headings_on_a_line_of_their_own() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)
    view = LiveView(SweepProgress({"a": 3}), console, "tiny")
    view.progress.update("a", report())
    console.print(view._table())
    assert "pack trials progress step steps/s valid copies" in [
        " ".join(line.split()) for line in written(console).splitlines()
    ]
