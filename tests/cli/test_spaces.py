"""`rhm-sweep spaces`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rhm_sweeps.cli.main import main
from rhm_sweeps.cli.output import stdout
from rhm_sweeps.config import FIELDS
from rhm_sweeps.spaces.space_files import read_space, shipped_spaces
from rhm_sweeps.spaces.space_schema import space_schema


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["spaces", *arguments])
    code = ended.value.code
    return code if isinstance(code, int) else 0


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    assert run(*arguments, "--json") == code
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out)


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    rows = run_json(capsys, "list")
    assert [row["name"] for row in rows] == list(shipped_spaces())
    assert next(row["trials"] for row in rows if row["name"] == "quickstart") == 8
    assert run("list") == 0
    assert "When does memorization set in" in capsys.readouterr().out


def test_show_prints_the_file_as_it_is(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run("show", "memorization") == 0
    text = capsys.readouterr().out
    assert text == read_space("memorization").text
    (tmp_path / "my.yaml").write_text(text)
    shown = run_json(capsys, "show", str(tmp_path / "my.yaml"))
    assert shown["yaml"] == text
    assert shown["space"]["space"]["grammar.seed_rules"] == {"range": [0, 4]}


def test_check_counts(capsys: pytest.CaptureFixture[str]) -> None:
    checked = run_json(capsys, "check", "quickstart", "-s", "train_size=grid:64,700", "-s", "replicas=2")
    assert checked["valid"] is True
    assert {key: checked[key] for key in ("settings", "trials", "duplicates", "invalid", "packs")} == {
        "settings": 4,
        "trials": 2,
        "duplicates": 0,
        "invalid": 2,
        "packs": 1,
    }
    assert checked["reasons"][0]["count"] == 2
    assert checked["reasons"][0]["first"]["training.train_size"] == 700


def test_check_says_what_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "quickstart", "-s", "train_size=grid:64,64,700") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "2 trials in 1 pack, from 6 settings" in out
    assert "2 settings give a trial that another one gives too" in out
    assert "2 settings make no trial" in out
    assert "must be <= P_max = 768" in out


def test_check_shows_draws(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "quickstart", "-s", "learning_rate=loguniform:1e-4,1e-2", "-s", "search.num_samples=5") == 0
    assert "5 per combination, seed 0" in capsys.readouterr().out


RELATED = """# Is it said in 80 columns?
name: my
trial: {training: {steps: 10, batch_size: 8}}
space:
  zip:
    - {model.name: bp_unet, training.learning_rate: 1.0e-2}
    - {model.name: transformer, training.learning_rate: 1.0e-3}
  training.train_size: {grid: [16, 64]}
  model.dropout: {grid: [0.0, 0.1], when: "name == 'transformer'"}
  training.test_size: {derived: train_size // 4}
require: name == 'bp_unet' or train_size > 16
"""


def test_check_says_what_depends_on_what(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text(RELATED)
    assert run("check", str(path)) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.split("4 trials")[0].splitlines())) <= 80
    words = " ".join(out.split())
    assert "model.name=bp_unet, training.learning_rate=0.01" in words
    assert "grid: 0.0, 0.1 when name == 'transformer'" in words
    assert "derived: train_size // 4" in words
    assert "require name == 'bp_unet' or train_size > 16" in words
    assert "4 trials in 3 packs, from 6 settings" in words
    assert "2 settings do not meet what the space requires: 2 x does not meet `require`" in words
    checked = run_json(capsys, "check", str(path))
    assert (checked["settings"], checked["trials"], checked["invalid"], checked["not_required"]) == (6, 4, 0, 2)
    shown = run_json(capsys, "show", str(path))["space"]
    assert shown["space"]["training.test_size"] == {"derived": "train_size // 4"}
    assert shown["require"] == ["name == 'bp_unet' or train_size > 16"]


def test_check_lists_everything_that_is_wrong(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text("name: my\nreplicas: 0\nspace:\n  train_size: {grid: [64]}\n")
    assert run("check", str(path)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "2 problems" in captured.err
    assert "my.yaml:2 replicas" in captured.err
    assert "my.yaml:4 space.train_size" in captured.err
    found = run_json(capsys, "check", str(path), code=2)
    assert found["valid"] is False
    assert [problem["where"].rsplit(":", 1)[-1] for problem in found["problems"]] == [
        "2 replicas",
        "4 space.train_size",
    ]


def test_an_unknown_space_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "quikstart") == 2
    assert "did you mean `quickstart`" in capsys.readouterr().err


def test_fields(capsys: pytest.CaptureFixture[str]) -> None:
    rows = run_json(capsys, "fields")
    assert [row["field"] for row in rows] == list(FIELDS)
    assert rows[list(FIELDS).index("stop.copy_fraction")]["default"] is None
    assert run("fields") == 0
    out = capsys.readouterr().out
    assert "training.train_size  int >= 1, default 1024" in out
    assert "number of training strings" in out


def test_check_shows_the_first_trials(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "memorization", "--show", "2") == 0
    shown = capsys.readouterr().out.split("from 84 settings")[1]
    assert shown.split()[:5] == ["Trial", "train_size", "seed_rules", "seed_sample", "seed"]
    rows = run_json(capsys, "check", "memorization", "--show", "2")["first"]
    assert [row["settings"]["training.seed"] for row in rows] == [0, 1]
    assert all(row["signature"] in shown for row in rows)
    assert "first" not in run_json(capsys, "check", "memorization")


def test_what_is_shown_fits_in_80_columns(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stdout, "width", 80)
    many = [f"{name}=grid:1,2" for name in ("warmup_steps", "batch_size", "accumulation", "illegal_penalty")]
    flags = [word for change in (*many, "batch_size=grid:2,4") for word in ("-s", change)]
    assert run("check", "memorization", "--show", "3", *flags) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "warmup_steps=1, batch_size=2" in " ".join(out.split())


def test_check_refuses_what_is_too_large_unless_it_is_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "quickstart", "--max-settings", "7") == 2
    assert "has 8 settings, but must have <= 7" in capsys.readouterr().err
    assert run("check", "quickstart", "--max-settings", "8") == 0


def test_check_knows_included_files_and_single_trials(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("name: base\ntrial:\n  training: {steps: 8}\n")
    path = tmp_path / "my.yaml"
    path.write_text("include: base.yaml\ntrials:\n  - {model.width: 8}\n  - {training: {train_size: 32}}\n  - {}\n")
    assert run("check", str(path), "--show", "9", "-s", "train_size=64") == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "trials model.width=8" in words
    assert "2 trials in 2 packs, from 2 settings" in words
    shown = run_json(capsys, "show", str(path))
    assert shown["space"]["trial"] == {"training": {"steps": 8}}
    assert shown["yaml"].startswith("include: base.yaml")
    (tmp_path / "base.yaml").write_text("name: base\ntrial:\n  training: {stepz: 8}\n")
    found = run_json(capsys, "check", str(path), code=2)
    assert [problem["where"].rsplit("/", 1)[-1] for problem in found["problems"]] == [
        "base.yaml:3 trial.training.stepz"
    ]


EVERYTHING_WRONG = """# What is wrong?
name: my
include: base.yaml
space:
  zip:
    - {model.name: unet}
  training.seed: {grid: [1], when: seed +}
trials:
  - {training.steps: 0}
require:
  - steps >
search: {algorithm: walk}
scheduler: {name: asha, grace: 3}
"""


def test_check_has_the_line_of_everything(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("# What?\nreplicas: 0\n")
    (tmp_path / "my.yaml").write_text(EVERYTHING_WRONG)
    found = run_json(capsys, "check", str(tmp_path / "my.yaml"), code=2)
    wheres = [problem["where"].replace(f"{tmp_path}/", "") for problem in found["problems"]]
    assert wheres == [
        "my.yaml:6 space.zip[0].model.name",
        "my.yaml:7 space.training.seed.when",
        "my.yaml:9 trials[0].training.steps",
        "my.yaml:11 require[0]",
        "my.yaml:12 search.algorithm",
        "my.yaml:13 scheduler.grace",
        "base.yaml:2 replicas",
    ]


def test_new_writes_a_space_that_is_right(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("new", "mine") == 0
    assert capsys.readouterr().out == "mine.yaml\n"
    assert run_json(capsys, "check", "mine.yaml")["trials"] > 0
    assert run("new", "mine") == 2
    assert "there is a file mine.yaml already" in capsys.readouterr().err
    assert run_json(capsys, "new", "mine", "--force") == {"name": "mine", "file": "mine.yaml"}
    assert run_json(capsys, "new", "mine", "--out", "other.yaml")["file"] == "other.yaml"
    assert run("new", "a b") == 2
    assert "name: is 'a b', but" in capsys.readouterr().err


def test_schema_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("schema") == 0
    shown = capsys.readouterr()
    assert (json.loads(shown.out), shown.err) == (space_schema(), "")
    assert run_json(capsys, "schema") == space_schema()
    assert run("schema", "--help") == 0
    assert "# yaml-language-server: $schema=" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["list", "show", "check", "fields", "new", "schema"])
def test_every_command_has_an_example(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert run(command, "--help") == 0
    assert f"Example: rhm-sweep spaces {command}" in capsys.readouterr().out
