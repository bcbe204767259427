"""What all benchmarks share says what was done."""

from __future__ import annotations

import json
import time

import pytest
import torch


@pytest.fixture(scope="module")
def measured(load):
    return load("measured")


def test_sides_take_turns_after_a_warm_up(measured):
    calls = []
    measured.in_turn([lambda: calls.append("a"), lambda: calls.append("b")], 3)
    assert calls == ["a", "b"] * 4


def test_the_median_round_counts_and_the_warm_up_does_not(measured):
    naps = iter([0.2, 0.01, 0.05, 0.01])
    (median,) = measured.in_turn([lambda: time.sleep(next(naps))], 3)
    assert 0.01 <= median < 0.05
    naps = iter([0.03, 0.001])
    (least,) = measured.in_turn([lambda: time.sleep(next(naps))], 2, warm_up=[], of_rounds=min)
    assert 0.001 <= least < 0.03


@pytest.mark.slow
def test_the_peak_is_that_of_the_process_itself(measured):
    """Also when the process that started it has had more."""
    assert torch.ones(2**28).sum() > 0  # 1 GiB
    assert measured.peak_gib() > 1.0
    assert 0.05 < measured.in_fresh_process(measured.peak_gib) < 0.7


def test_quick_flags_give_way_to_those_that_are_given(measured):
    def rounds(*words):
        return measured.parsed(measured.flags("A benchmark."), words, rounds=2).rounds

    assert (rounds(), rounds("--quick"), rounds("--quick", "--rounds", "7")) == (5, 2, 7)


@pytest.mark.parametrize("as_json", [False, True])
def test_a_report_is_a_table_and_a_record(measured, capsys, as_json):
    chosen = measured.parsed(measured.flags("A benchmark."), ["--json"] if as_json else [])
    with measured.Report(chosen, {"width": "d", "a_ratio": ".1f"}) as report:
        report.add(width=8, a_ratio=1.26, hidden=3)
        report.add(width=16)
        report.note("A sentence.")
    said = capsys.readouterr()
    table = said.err if as_json else said.out
    assert table.startswith("| width | a ratio |\n|---|---|\n| 8 | 1.3 |\n| 16 | -- |\n\nA sentence.\n")
    assert measured.machine()["commit"] in table
    if as_json:
        record = json.loads(said.out)
        assert record["rows"] == [{"width": 8, "a_ratio": 1.26, "hidden": 3}, {"width": 16}]
        assert record["notes"] == ["A sentence."]
        assert record["flags"]["rounds"] == 5
        assert {"processor", "cores", "load", "python", "date"} <= record["machine"].keys()


def test_what_fails_leaves_no_record(measured, capsys):
    chosen = measured.parsed(measured.flags("A benchmark."), ["--json"])
    with pytest.raises(ValueError, match="broken"), measured.Report(chosen, {"width": "d"}):
        raise ValueError("broken")
    assert capsys.readouterr().out == ""
