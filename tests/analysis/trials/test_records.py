"""Records for scripts."""

from __future__ import annotations

import json
import math

import pytest

from rhm_sweeps.analysis.sweep_analysis import analyze
from rhm_sweeps.analysis.trials.records import setting_records, trial_records


def test_settings_carry_their_fields_and_time_scales(make_sweep, grid) -> None:
    first, second = setting_records(analyze(make_sweep(grid(sizes=(64, 512), seeds=2))))
    assert first["setting"] == {"training.train_size": 64}
    assert first["trials"] == 2
    assert first["tau_rule"] == pytest.approx([2**4.9, 2**6.9, 2**8.9])
    assert second["tau_mem_copies"] == pytest.approx(2048 * 2**0.2)
    assert second["regime"] == "memorizing"
    assert list(second["intervals"]) == ["tau_rule_1", "tau_rule_2", "tau_rule_3", "tau_mem_copies", "tau_mem_loss"]
    low, high = second["intervals"]["tau_mem_copies"]
    assert low < second["tau_mem_copies"] < high


def test_trials_carry_what_varies(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64, 512), seeds=2), failed=(3,), length={0: 0})
    records = trial_records(analyze(results))
    assert [record["signature"] for record in records] == list(results.trials.index)
    assert [record["state"] for record in records] == ["done", "done", "done", "failed"]
    assert records[1]["varied"] == {"training.train_size": 64, "grammar.seed_rules": 1, "training.seed": 1}
    assert all(map(math.isnan, records[0]["tau_rule"]))


def test_a_record_has_as_many_levels_as_its_grammar(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64,), seeds=1, training__test_size=50, grammar__num_layers=(2, 3)))
    assert [len(record["tau_rule"]) for record in setting_records(analyze(results))] == [2, 3]
    assert [len(record["tau_rule"]) for record in trial_records(analyze(results))] == [2, 3]


def test_records_are_json(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=(64, 128), seeds=1)))
    assert json.loads(json.dumps(setting_records(analysis)))[1]["setting"] == {"training.train_size": 128}
    assert len(json.loads(json.dumps(trial_records(analysis)))) == 2
