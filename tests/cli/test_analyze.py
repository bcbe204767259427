"""`rhm-sweep analyze` and `rhm-sweep report`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rhm_sweeps.cli.main import main
from rhm_sweeps.cli.output import stdout
from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.ledger import Ledger, MetricPoint, TrialRecord

SIZES = (64, 128, 256)


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the sweep `known`: copies begin at step P, levels are learned at 8, 16 and 32."""
    monkeypatch.chdir(tmp_path)
    trials = [parse_trial({"training": {"train_size": size, "seed": seed}}) for size in SIZES for seed in range(2)]
    with Ledger(tmp_path / "results" / "known", create=True) as ledger:
        ledger.set_meta(name="known", created_ms=1_770_000_000_000, space={"name": "known", "question": "Who knows?"})
        ledger.add_trials(
            [TrialRecord(trial.signature, i, "pack", trial.model_dump()) for i, trial in enumerate(trials)]
        )
        ledger.add_points([point for trial in trials for point in points_of(trial)])
        ledger.set_state([trial.signature for trial in trials], "running")
        ledger.set_state([trial.signature for trial in trials], "done")
    return tmp_path / "results"


def points_of(trial: TrialConfig) -> list[MetricPoint]:
    points = []
    for step in (2**k for k in range(12)):
        copies = float(step >= trial.training.train_size)
        levels = {f"validity_{level}": float(step >= 4 * 2**level) for level in (1, 2, 3)}
        others = {
            "train_loss": 0.01 * (1 - 0.9 * copies),
            "test_loss": 0.01,
            "novel_valid": levels["validity_3"] * (1 - copies),
        }
        metrics = {"copies": copies, "excess_copies": copies, "hamming": 0.0, "wall_time_s": step / 8}
        points.append(MetricPoint(trial.signature, step, levels | others | metrics))
    return points


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    code = ended.value.code
    return code if isinstance(code, int) else 0


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run("analyze", "known", "--no-mlflow", "--json", *arguments) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out)


@pytest.mark.slow
def test_json_has_the_paths_and_the_time_scales(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys)
    assert found["report"] == str(results / "known" / "report" / "report.html")
    assert all(Path(path).is_file() for path in [found["report"], *found["figures"], *found["tables"]])
    assert [row["setting"] for row in found["settings"]] == [{"training.train_size": size} for size in SIZES]
    assert [row["tau_mem_copies"] for row in found["settings"]] == pytest.approx([size * 2**-0.9 for size in SIZES])
    assert len(found["trials"]) == 6
    assert found["thresholds"] == {"learned": 0.9, "copied": 0.1, "gap": 0.1}
    assert any("P^1.00" in sentence for sentence in found["findings"])
    assert {row["parameter"] for row in found["sensitivity"]} == {"training.train_size"}
    assert found["comparison"] == []  # no field of two values or of names


@pytest.mark.slow
def test_thresholds_are_options(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "--copied", "0.5")
    assert found["settings"][0]["tau_mem_copies"] == pytest.approx(64 * 2**-0.5)


@pytest.mark.slow
def test_the_table_fits_80_columns(
    results: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stdout, "width", 80)
    assert run("analyze", "known", "--no-mlflow") == 0
    lines = capsys.readouterr().out.splitlines()
    paths = [line for line in lines if line.startswith(("report", "figures", "tables"))]
    assert len(paths) == 3
    assert max(len(line) for line in lines if line not in paths) <= 80
    assert any(line.split() == ["P", "=", "128", "2", "8", "15", "30", "69", "69", "1.00", "32"] for line in lines)


@pytest.mark.slow
def test_a_store_that_is_not_there_costs_one_line(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("analyze", "known") == 0
    captured = capsys.readouterr()
    assert (results / "known" / "report" / "report.html").is_file()
    assert captured.err.startswith("the report is not in MLflow: ")
    assert captured.err.count("\n") == 1


@pytest.mark.slow
def test_the_report_is_attached_to_the_sweeps_run(
    results: Path, put_mlflow: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    from rhm_sweeps.tracking.projection import project
    from rhm_sweeps.tracking.store import resolve_store

    put_mlflow(results.parent)
    store = resolve_store(None, None, results.parent)
    with Ledger(results / "known") as ledger:
        project(ledger, store)
    assert run("analyze", "known", "--trial-figures") == 0
    assert capsys.readouterr().err == "6 trials have their curves in MLflow\n"
    assert len(list((results.parent / "mlartifacts").rglob("report/report.html"))) == 1
    assert len(list((results.parent / "mlartifacts").rglob("curves.png"))) == 6
    from_folder = document(capsys)
    from_store = document(capsys, "--tracking-uri", store.uri, "--results", str(results.parent / "other"))
    assert from_store["settings"] == from_folder["settings"]
    assert from_store["report"] == str(results.parent / "other" / "known" / "report" / "report.html")


@pytest.mark.slow
def test_report_prints_the_page(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", "known") == 0
    page = results / "known" / "report" / "report.html"
    assert capsys.readouterr().out == f"{page}\n"
    assert "Who knows?" in page.read_text()


@pytest.mark.parametrize("command", ["analyze", "report"])
def test_a_sweep_that_is_not_there(results: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert run(command, "unknown") == 1
    assert "there is no sweep in" in capsys.readouterr().err
    assert run(command, "../escape") == 2
    assert not (results.parent / "escape").exists()


def test_thresholds_out_of_bounds_are_refused(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("analyze", "known", "--learned", "1.5") == 2
    assert "threshold `learned` is 1.5" in capsys.readouterr().err
    assert not (results / "known" / "report").exists()


@pytest.mark.parametrize("command", ["analyze", "report"])
@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--format", "png,gif"), "figure format `gif` is unknown; choose from png, svg, pdf"),
        (("--style", "poster"), "figure style `poster` is unknown; choose from screen, paper, talk"),
    ],
)
def test_formats_and_styles_that_are_unknown_are_refused(
    results: Path, capsys: pytest.CaptureFixture[str], command: str, flags: tuple[str, str], message: str
) -> None:
    assert run(command, "known", *flags) == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not (results / "known" / "report").exists()


@pytest.mark.slow
def test_figures_in_other_formats_and_styles(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", "known", "--format", "pdf", "--style", "paper") == 0
    folder = results / "known" / "report"
    assert {path.suffix for path in (folder / "figures").iterdir()} == {".pdf"}
    assert (folder / "report.html").read_text().count("data:image/svg+xml") >= 5
    assert "(figures/validity.pdf)" in (folder / "report.md").read_text()
    named = [path for one in json.loads((folder / "report.json").read_text())["figures"] for path in one["files"]]
    assert {folder / path for path in named} == set((folder / "figures").iterdir())


@pytest.mark.parametrize("command", ["analyze", "report"])
def test_the_help_names_formats_and_styles(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, "--help") == 0
    text = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for word in ("--format", "png, svg, pdf", "--style", "screen, paper", "talk", "--format pdf --style paper"):
        assert word in text
