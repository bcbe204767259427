"""Filters of trials: what they say of values, what they refuse, and whom they choose."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.errors import UsageError
from rhm_sweeps.ledger import Ledger, MetricPoint, PackRecord, TrialRecord
from rhm_sweeps.sweeps.lock import sweep_lock
from rhm_sweeps.sweeps.trial_filter import parse_filter, select_trials

METRICS = ("novel_valid", "validity_3", "train_loss")
VALUES = TrialConfig().flat() | {
    "state": "done",
    "signature": "640abc",
    "pack": "p1",
    "reason": "out of memory (7)",
    "step": 64,
}


def holds(text: str, **values: Any) -> bool:
    return parse_filter(text, METRICS).holds(VALUES | values)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("state == 'done' and step >= 64", True),
        ("state in ['failed', 'stopped']", False),
        ("train_size == training.train_size", True),
        ("novel_valid > 0.5", True),
        ("novel_valid * 2 > 1.5 or validity_3 < 0.1", False),
        ("signature == '640abc'", True),
        ("'memory' in reason", True),
        ("'memory' not in reason", False),
        ("not train_loss < 3", True),
        ("1 <= step < 65", True),
    ],
)
def test_names_are_of_columns_fields_and_metrics(text: str, truth: bool) -> None:
    assert holds(text, novel_valid=0.6, validity_3=0.9, train_loss=3.5) is truth


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "==", "!="])
@pytest.mark.parametrize("lacking", [{}, {"novel_valid": math.nan}, {"novel_valid": None}])
def test_a_comparison_with_what_is_lacking_is_false_whatever_the_sign(sign: str, lacking: dict[str, Any]) -> None:
    assert not holds(f"novel_valid {sign} 0.5", **lacking)
    assert not holds(f"0.5 {sign} novel_valid + 1", **lacking)


def test_what_is_lacking_can_be_asked_for() -> None:
    assert holds("novel_valid == None")
    assert not holds("novel_valid != None")
    assert not holds("novel_valid == None", novel_valid=0.0)
    assert holds("novel_valid != None", novel_valid=0.0)
    assert holds("depth == None")
    assert not holds("depth > 2")


def test_infinity_is_larger_than_any_bound() -> None:
    assert holds("train_loss > 1e9", train_loss=math.inf)
    assert holds("train_loss < -1e9", train_loss=-math.inf)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("novel_vald > 0.5", "did you mean `novel_valid`"),
        ("train_sze > 5", "did you mean `training.train_size`"),
        ("quux > 5", r"(?s)no field `quux`.*spaces fields.*show SWEEP TRIAL"),
        ("state == 'finished'", "which it never is; there are pending, running, done, failed"),
        ("novel_valid == 'high'", "which it never is: it is a number"),
        ("name == 'transfomer'", "which it never is"),
        ("step", "is neither true nor false"),
        ("step + 1", "must be true or false"),
        ("state > 3", "is not a number"),
        ("state ==", "is not an expression"),
        ("__import__('os')", "not allowed"),
        ("", "must be an expression"),
    ],
)
def test_what_is_wrong_is_said(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        holds(text)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Four trials: done at 0.7, done at 0.1, left running at 0.9, pending."""
    opened = Ledger(tmp_path, create=True)
    for index, signature in enumerate(["aa1", "aa2", "b", "c"]):
        config = parse_trial({"training": {"train_size": 2**index}}).model_dump()
        opened.add_trials([TrialRecord(signature, index, f"p{index % 2}", config)])
    opened.set_packs([PackRecord("p0", "h100")])
    for signature, values in (("aa1", (0.1, 0.7)), ("aa2", (0.7, 0.1)), ("b", (0.9, 0.9))):
        opened.add_points(MetricPoint(signature, 2**k, {"novel_valid": value}) for k, value in enumerate(values))
    opened.set_state(["aa1", "aa2", "b"], "running")
    opened.set_state(["aa1", "aa2"], "done")
    return opened


def chosen(ledger: Ledger, where: str | None, *trials: str) -> list[str]:
    return [trial.signature for trial in select_trials(ledger, where, trials)]


def test_metrics_are_those_of_the_last_point(ledger: Ledger) -> None:
    assert chosen(ledger, "novel_valid > 0.5") == ["aa1", "b"]
    assert chosen(ledger, "step == 2") == ["aa1", "aa2", "b"]
    assert chosen(ledger, "step == None") == ["c"]


def test_trials_are_chosen_by_condition_and_by_signature(ledger: Ledger) -> None:
    assert chosen(ledger, None) == ["aa1", "aa2", "b", "c"]
    assert chosen(ledger, None, "c", "aa2") == ["aa2", "c"]
    assert chosen(ledger, "state == 'done'", "aa2", "b") == ["aa2"]
    assert chosen(ledger, "train_size >= 4 and pool == 'h100'") == ["b"]
    assert chosen(ledger, "train_size > 100") == []


def test_nothing_runs_that_nobody_drives(ledger: Ledger) -> None:
    assert chosen(ledger, "state == 'running'") == []
    assert chosen(ledger, "state == 'pending'") == ["b", "c"]
    with sweep_lock(ledger.path.parent):
        assert chosen(ledger, "state == 'running'") == ["b"]


@pytest.mark.parametrize(
    ("trials", "message"),
    [
        (["a"], "`a` is the start of 2 signatures; write more of it: aa1, aa2"),
        (["zz"], "no trial has a signature that starts with `zz`"),
    ],
)
def test_a_start_that_is_of_no_trial_or_of_several_is_refused(ledger: Ledger, trials: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        select_trials(ledger, None, trials)


def test_a_metric_that_nobody_has_yet_is_a_name_that_is_not_there(tmp_path: Path) -> None:
    with Ledger(tmp_path / "new", create=True) as fresh:
        fresh.add_trials([TrialRecord("a", 0, "p", {})])
        with pytest.raises(UsageError, match="there is no field `novel_valid`"):
            select_trials(fresh, "novel_valid > 0.5")
