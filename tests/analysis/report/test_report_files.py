"""The files of a report."""

from __future__ import annotations

import pandas as pd
import pytest

from rhm_sweeps.analysis.report.report_files import write_report
from rhm_sweeps.analysis.report.space_text import space_yaml
from rhm_sweeps.analysis.trials.time_scales import Thresholds
from rhm_sweeps.errors import SweepError
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.spaces.space_files import shipped_spaces


@pytest.mark.slow
def test_every_file_that_is_named_is_there(make_sweep, tmp_path) -> None:
    report = write_report(make_sweep([{"training.train_size": 64}]), tmp_path / "report")
    assert report.page == tmp_path / "report" / "report.html"
    assert {path.suffix for path in report.figures} == {".png", ".svg"}
    assert [path.name for path in report.tables] == ["results.csv", "results.parquet", "trials.csv", "trials.parquet"]
    written = {path for path in (tmp_path / "report").rglob("*") if path.is_file()}
    texts = {report.page, report.markdown, report.document, tmp_path / "report" / "space.yaml"}
    assert written == {*texts, *report.figures, *report.tables}


@pytest.mark.slow
def test_tables_hold_every_point_and_every_trial(make_sweep, grid, tmp_path) -> None:
    results = make_sweep(grid(sizes=(64,), seeds=2), failed=(1,))
    write_report(results, tmp_path)
    points, trials = pd.read_parquet(tmp_path / "results.parquet"), pd.read_parquet(tmp_path / "trials.parquet")
    assert len(points) == len(results.points) == 26
    assert set(points["grammar.seed_rules"]) == {0, 1}
    assert points["novel_valid"].tolist() == results.points["novel_valid"].tolist()
    assert list(trials["signature"]) == list(results.trials.index)
    assert trials["tau_rule_1"].tolist() == pytest.approx([2**4.9] * 2)
    copy = pd.read_csv(tmp_path / "trials.csv", keep_default_na=False)
    assert copy["tau_rule_1"].tolist() == trials["tau_rule_1"].tolist()
    assert copy["reason"].tolist() == ["", "the test loss is nan at step 64"]


def test_fields_of_mixed_types_are_written(make_sweep, tmp_path) -> None:
    results = make_sweep([{"evaluation.sampling_steps": steps} for steps in (None, 50)], length={0: 0, 1: 0})
    results.trials["evaluation.sampling_steps"] = pd.Series(["all", 50], index=results.trials.index, dtype=object)
    write_report(results, tmp_path)
    assert set(pd.read_parquet(tmp_path / "trials.parquet")["evaluation.sampling_steps"]) == {"all", "50"}


@pytest.mark.slow
def test_a_second_report_replaces_the_first(make_sweep, grid, tmp_path) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "time_scales.png").write_bytes(b"old")
    report = write_report(make_sweep([{}]), tmp_path)
    assert set((tmp_path / "figures").iterdir()) == set(report.figures)
    before = report.page.read_bytes()
    assert write_report(make_sweep([{}]), tmp_path).page.read_bytes() == before


@pytest.mark.parametrize("length", [{}, {0: 0}])
def test_sweeps_without_data_have_a_report(make_sweep, tmp_path, length) -> None:
    results = make_sweep([{}] if length else [], length=length)
    report = write_report(results, tmp_path)
    assert report.figures == ()
    assert "nothing to analyse" in report.page.read_text() or "no figures" in report.page.read_text()


def test_thresholds_are_stated(make_sweep, tmp_path) -> None:
    page = write_report(make_sweep([]), tmp_path, Thresholds(learned=0.75, copied=0.25)).page.read_text()
    assert "75% of the way" in page
    assert "exceeds chance by 0.25" in page
    assert "rhm-sweep analyze --learned 0.75 --copied 0.25 known" in page


def test_a_folder_that_cannot_be_written_is_named(make_sweep, tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SweepError, match=r"cannot write the report to .*file"):
        write_report(make_sweep([]), tmp_path / "file")


@pytest.mark.parametrize("name", shipped_spaces())
def test_the_space_in_a_report_launches_the_same_sweep(name: str, tmp_path) -> None:
    space = SearchSpace.load(name)
    file = tmp_path / "space.yaml"
    file.write_text(space_yaml(space.to_dict()))
    assert SearchSpace.load(file) == space


def test_a_question_of_several_lines_stays_a_comment() -> None:
    text = space_yaml({"name": "a", "question": "one\ntwo: 3"})
    assert text == "# one two: 3\nname: a\n"
    assert space_yaml(None) == ""
