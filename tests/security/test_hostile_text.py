"""Names, settings, reasons and messages that somebody else wrote are texts in every output, and nothing more."""

from __future__ import annotations

import io
import json
import re
import sqlite3
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mlflow import MlflowClient
from ruamel.yaml import YAML

from rhm_sweeps.cli import output
from rhm_sweeps.cli.answers import Line, echo
from rhm_sweeps.cli.main import main
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.packs.pack_progress import Ending, Progress
from rhm_sweeps.pools.cluster import Cluster, Node
from rhm_sweeps.printable import printable
from rhm_sweeps.sweeps.live import LiveView
from rhm_sweeps.sweeps.lock import sweep_lock
from rhm_sweeps.sweeps.progress import SweepProgress
from rhm_sweeps.sweeps.recorder import Recorder
from rhm_sweeps.terminal import Terminal

from ..tiny_sweeps import tiny_yaml
from .hostile_sweep import FAILED, GRAMMARS, MARK, NAME, STEERING, hostile, make_hostile_sweep, shown

slow = pytest.mark.slow
everywhere = pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "pipe"])
Command = Callable[..., str]
LOOKS: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "ls": ((), [shown("state")]),
    "status": ((NAME,), [shown(what) for what in ("state", "tracking_uri", "experiment", "reason")]),
    "trials": ((NAME, "--columns", "reason,pool,explicit"), [shown("reason"), shown("pool"), *GRAMMARS[:2]]),
    "show": ((NAME, FAILED), [shown("reason"), shown("pool"), GRAMMARS[1]]),
    "logs": ((NAME, FAILED), [printable(hostile(what)) for what in ("log", "error")]),
    "export": ((NAME, "--where", "seed == 0"), []),
    "diff": ((NAME, "quickstart"), []),
}
"""What only looks at a sweep, and what people then see."""


class Screen(io.StringIO):
    """An output that is a terminal, or is none."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a hostile sweep, below the one where commands run."""
    monkeypatch.chdir(tmp_path)
    make_hostile_sweep(tmp_path / "results")
    return tmp_path / "results"


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command, check its exit code, and return all that it says, in lines that are not broken."""
    for console in (output.stdout, output.stderr):
        monkeypatch.setattr(console, "_width", 3000)

    def run(*arguments: str, terminal: bool = False, code: int = 0) -> str:
        screen = Screen(terminal=terminal)
        with redirect_stdout(screen), redirect_stderr(screen), pytest.raises(SystemExit) as ended:
            main(list(arguments))
        said = screen.getvalue()
        assert (ended.value.code or 0) == code, said
        assert "unexpected" not in said
        return said

    return run


def seen(text: str) -> str:
    """What people see of a text, without blanks: Rich leaves bells and the like out, all else shows them as U+FFFD."""
    return "".join(printable(text).replace("\ufffd", "").split())


def texts(document: Any) -> Iterator[str]:
    """Every text of a JSON document."""
    if isinstance(document, dict | list):
        for value in document.values() if isinstance(document, dict) else document:
            yield from texts(value)
    elif isinstance(document, str):
        yield document


@everywhere
@pytest.mark.parametrize("name", LOOKS)
def test_people_see_it_as_text(name: str, results: Path, command: Command, *, terminal: bool) -> None:
    arguments, expected = LOOKS[name]
    said = command(name, *arguments, terminal=terminal)
    assert not [text for text in expected if seen(text) not in seen(said)], said
    if terminal or name != "export":
        assert not STEERING & set(said)
    if name not in ("logs", "export"):
        assert not [line for line in said.splitlines() if line.strip().startswith("forged")]


@pytest.mark.parametrize("name", LOOKS)
def test_programs_get_it_as_it_is(name: str, results: Path, command: Command) -> None:
    said = command(name, *LOOKS[name][0], "--json")
    assert said.isascii()
    assert set(texts(json.loads(said))) & {
        hostile("state"),
        hostile("reason"),
        hostile("error"),
        hostile("value"),
        NAME,
    }


@everywhere
def test_the_packs_of_a_sweep_that_runs(results: Path, command: Command, *, terminal: bool) -> None:
    with sweep_lock(results / NAME):
        said = command("status", NAME, terminal=terminal)
    assert shown("pool") in said
    assert not STEERING & set(said)


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_files_of_results_have_it_as_it_is(ending: str, results: Path, command: Command) -> None:
    command("export", NAME, "--out", f"r.{ending}")
    read = {"csv": pd.read_csv, "parquet": pd.read_parquet, "jsonl": lambda file: pd.read_json(file, lines=True)}
    assert hostile("reason") in set(read[ending](f"r.{ending}")["reason"])
    piped = pd.read_csv(io.StringIO(command("export", NAME)), lineterminator="\n")
    assert hostile("reason") in set(piped["reason"])


def test_what_a_results_folder_is_called(results: Path, command: Command) -> None:
    name = hostile("folder").replace("/", "|")
    (results / NAME).rename(results / name)
    for said in (command("ls"), command("evaluate", "none", code=2)):
        assert seen(name) in seen(said)
        assert not STEERING & set(said)


@pytest.mark.parametrize(("key", "value"), [("created_ms", '"soon"'), ("state", '{"a": 1}'), ("state", "no JSON")])
def test_a_ledger_that_says_nonsense_is_listed_with_the_others(
    key: str, value: str, results: Path, command: Command
) -> None:
    make_hostile_sweep(results, "other", state="finished")
    with closing(sqlite3.connect(results / NAME / "ledger.db")) as db, db:
        db.execute("UPDATE meta SET value = ? WHERE key = ?", (value, key))
    rows = json.loads(command("ls", "--json"))
    assert {row["name"]: row["state"] for row in rows}["other"] == "finished"
    assert len(rows) == 2


@slow
@pytest.mark.parametrize("place", ["trials.signature", "trials.pack", "packs.id", "sources.source"])
def test_no_trial_or_pack_is_a_path(place: str, results: Path, command: Command, tmp_path: Path) -> None:
    table, column = place.split(".")
    with Ledger(results / NAME) as ledger:
        (first, *_) = ledger.states()
        ledger.set_sources({first: first})
    with closing(sqlite3.connect(results / NAME / "ledger.db")) as db, db:
        db.execute(f"UPDATE {table} SET {column} = '../../x' WHERE rowid = 1")
    assert "a trial or pack is named '../../x'" in command("show", NAME, FAILED, code=1)
    if place.startswith("trials"):
        assert "a trial or pack is named '../../x'" in command("analyze", NAME, "--trial-figures", code=1)
    assert not list(tmp_path.rglob("x"))


@everywhere
def test_what_happens_while_it_runs(results: Path, *, terminal: bool) -> None:
    screen = Screen(terminal=terminal)
    console = Terminal(file=screen, width=3000, highlight=False, force_terminal=terminal, _environ={})
    with Ledger(results / NAME) as ledger, LiveView(SweepProgress({"pack1": 1}), console, hostile("name")) as view:
        *_, last = ledger.states()
        recorder = Recorder(ledger, view)
        recorder.opened("pack1", [last])
        ending = Ending(last, "failed", hostile("exception"))
        recorder.progressed("pack1", Progress(32, 64, 0, 1.0, endings=(ending,), warnings=(hostile("warning"),)))
    said = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen.getvalue()).replace("\r", "")
    assert not STEERING & set(said)
    assert f"trial {last} failed: {shown('exception')}\n" in said
    assert seen(hostile("warning")) in seen(said)
    assert (seen(hostile("name")) in seen(said)) == terminal


@everywhere
def test_what_a_cluster_says(command: Command, monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> None:
    node = Node({"CPU": 1.0, "memory": 2.0**30, hostile("resource"): 1.0}, {"zone": hostile("label")}, hostile("node"))
    monkeypatch.setattr("rhm_sweeps.running.ray_cluster.look_at_cluster", lambda _: Cluster((node,)))
    said = command("pools", "--address", "10.0.0.1:6379", terminal=terminal)
    assert not STEERING & set(said)
    assert all(seen(hostile(what)) in seen(said) for what in ("node", "resource", "label")), said


def test_what_a_job_of_a_cluster_says(capsys: pytest.CaptureFixture[str]) -> None:
    echo(Line(hostile("job")))
    assert capsys.readouterr().out == printable(hostile("job")) + "\n"


@slow
@everywhere
def test_search_spaces(command: Command, tmp_path: Path, *, terminal: bool) -> None:
    """Of YAML, control characters are refused; marks of direction are not."""
    question = f"Why? {MARK}[/no]\u202e<script>"
    file = tmp_path / (hostile("file").replace("/", "|") + ".yaml")
    file.write_text(tiny_yaml("tiny", {"model.width": [8, 12]}, question), encoding="utf-8")
    for arguments in (("spaces", "check"), ("spaces", "show"), ("plan",)):
        said = command(*arguments, str(file), terminal=terminal)
        is_data = arguments[-1] == "show" and not terminal
        assert (question if is_data else printable(question)) in said
        assert is_data or not STEERING & set(said)
    file.write_text(
        f'name: "{MARK}[/no]\\e]0;\\a"\n"[/no]\\u202e": 1\ntrial: {{"\\e[2J": "[/no]"}}\n', encoding="utf-8"
    )
    said = command("spaces", "check", str(file), terminal=terminal, code=2)
    assert "[/no]\ufffd: there is no such key" in said
    assert not STEERING & set(said)


@slow
def test_reports(results: Path, command: Command) -> None:
    said = command("analyze", NAME, "--no-mlflow", "--trial-figures", terminal=True)
    assert not STEERING & set(said)
    assert all(grammar in said for grammar in GRAMMARS[:2])
    report = results / NAME / "report"
    files = {
        path.name: path.read_text(encoding="utf-8") for path in report.rglob("*") if path.suffix in (".html", ".md")
    }
    assert files.keys() == {"report.html", "report.md"}
    assert not [name for name, text in files.items() if STEERING & set(text)]
    assert not re.search("<script>alert|<img/src=x", files["report.html"])
    assert MARK in files["report.html"]
    for path in (report / "figures").glob("*.svg"):
        ET.fromstring(path.read_text(encoding="utf-8"))
    assert hostile("reason") in set(texts(json.loads((report / "report.json").read_text(encoding="ascii"))))
    space = (report / "space.yaml").read_text(encoding="utf-8")
    assert YAML(typ="safe", pure=True).load(space)["name"] == hostile("space")
    assert seen(hostile("question")) in seen(space.splitlines()[0])


@slow
def test_mlflow(results: Path, command: Command, mlflow_folder: Path) -> None:
    """What is sent to a store: in the words of the store, and read back from it."""
    uri = f"sqlite:///{mlflow_folder}/mlflow.db"
    there = ("--tracking-uri", uri)
    assert "must have characters that can be shown" in command("sync", NAME, *there, code=2)
    command("sync", NAME, *there, "--experiment", "e", "--move")
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("e")
    runs = client.search_runs([experiment.experiment_id])
    sent = [*experiment.tags.values(), *(run.info.run_name for run in runs)]
    sent += [value for run in runs for value in (*run.data.tags.values(), *run.data.params.values())]
    assert not STEERING & set("".join(sent))
    assert {run.data.tags["rhm_sweep.sweep"] for run in runs} == {NAME}
    assert printable(hostile("reason")) in sent
    assert f"explicit={GRAMMARS[1]} seed=0" in sent
    assert {run.data.params.get("grammar.explicit") for run in runs} == {None, *GRAMMARS[:2]}
    assert "viewStateShareKey=" in command("ui", NAME, "--print-only")
    said = command("analyze", NAME, *there, "--experiment", "e", terminal=True)
    assert all(grammar in said for grammar in GRAMMARS[:2])
