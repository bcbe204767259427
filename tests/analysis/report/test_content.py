"""What a report says, before it is written as anything."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from rhm_sweeps.analysis.report.content import report_content
from rhm_sweeps.analysis.sweep_analysis import analyze
from rhm_sweeps.analysis.trials.time_scales import Thresholds


def content_of(results, thresholds=None):
    return report_content(analyze(results, thresholds))


def test_key_numbers_are_those_of_the_data(make_sweep, grid) -> None:
    """Level 3 is learned at 2**8.9, copies begin at 4 P 2**0.2: after it for these P; the exponent is exactly 1."""
    found = {one.label: one for one in content_of(make_sweep(grid(sizes=(128, 256, 512), seeds=1))).key_numbers}
    assert found["of 3 trials done"].value == "3"
    assert found["steps to the class rule, τ_rule(3)"].value == f"{2**8.9:,.0f}"
    assert found["steps to memorization, τ_mem"].value == f"{4 * 256 * 2**0.2:,.0f}"
    assert found["exponent of τ_mem against P"].value == "1.00"
    assert found["training time"].value == "41 s"


def test_states_are_in_the_first_number(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64,), seeds=4), extended=3)
    results = replace(results, trials=results.trials.assign(state=["done", "stopped", "running", "pending"]))
    first, facts = content_of(results).key_numbers[0], content_of(results).facts
    assert (first.value, first.label) == ("1", "of 4 trials done")
    assert first.note == "1 stopped, 3 extended, 1 running, 1 pending"
    assert facts["trials"] == "4: 1 done, 1 stopped, 3 extended, 1 running, 1 pending"


@pytest.mark.parametrize("trials", [[], [{}]])
def test_small_sweeps_have_content(make_sweep, trials) -> None:
    found = content_of(make_sweep(trials))
    assert found.key_numbers[0].value == str(len(trials))
    assert found.limits
    assert (len(found.settings), len(found.findings) > 0) == (len(trials), bool(trials))
    assert [table.name for table in found.tables] == (["settings", "stopping", "trials", "grammars"] if trials else [])


def test_classifiers_have_no_numbers_of_samples(make_sweep) -> None:
    found = content_of(make_sweep([{"model.name": "classifier"}]))
    assert [one.label for one in found.key_numbers] == ["of 1 trial done"]


def test_commands_launch_and_analyse_again(make_sweep) -> None:
    assert content_of(make_sweep([{}])).reproduction.commands == (
        "rhm-sweep launch space.yaml",
        "rhm-sweep analyze known",
    )
    found = content_of(make_sweep([{}], space=None), Thresholds(copied=0.25)).reproduction
    assert (found.commands, found.space) == (("rhm-sweep analyze --copied 0.25 known",), "")


def test_a_hostile_name_is_one_word_of_the_command(make_sweep) -> None:
    name = "a'; rm -rf ~ #"
    found = content_of(replace(make_sweep([{}]), name=name)).reproduction.commands[-1]
    assert shlex.split(found) == ["rhm-sweep", "analyze", name]


def test_identity_has_seeds_and_signatures(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64,), seeds=3), code_hash="f00", pools={"gpu": 2})
    identity = content_of(results).reproduction.identity
    assert identity["code hash"] == "f00"
    assert identity["values of training.seed"] == "0, 1, 2"
    assert identity["signatures of trials"] == ", ".join(results.trials.index)
