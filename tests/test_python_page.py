"""The examples of docs/python.md run one after another, as they stand."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from rhm_sweeps import errors
from rhm_sweeps.sweep import Sweep

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "python.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.mark.slow
def test_its_examples_run(
    mlflow_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(mlflow_folder)
    names: dict[str, Any] = {}
    assert len(EXAMPLES) == 5
    for example in EXAMPLES:
        exec(example, names)
    out = capsys.readouterr().out
    assert "Outcome(done=2, failed=0" in out
    assert "did you mean" in out
    assert "there is no sweep in" in out
    assert sorted(names["trials"]["training.train_size"]) == [6, 8]
    assert list(names["curves"].columns) == [4, 6, 8]
    assert names["page"] == mlflow_folder / "results" / "sizes" / "report" / "report.html"
    assert names["page"].is_file()


def test_it_names_all_that_there_is() -> None:
    methods = [name for name, _ in inspect.getmembers(Sweep, callable) if not name.startswith("_")]
    assert {"launch", "resume", "plan", "trials"} <= set(methods)
    assert [name for name in methods if f"{name}(" not in PAGE] == []
    arguments = set(inspect.signature(Sweep.launch).parameters) - {"self", "max_settings"}
    assert [name for name in arguments if f"`{name}" not in PAGE] == []
    assert [
        name for name in re.findall(r"^\| `(\w+Error)`", PAGE, flags=re.MULTILINE) if not hasattr(errors, name)
    ] == []


def test_its_links_are_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", PAGE)
    assert len(links) == 2
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
