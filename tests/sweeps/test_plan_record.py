"""The plan of a sweep in its ledger: recorded once, added to, and bound to the code that it was made with."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.code_identity import code_hash
from rhm_sweeps.errors import SweepError
from rhm_sweeps.ledger import Ledger, TrialRecord
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps import plan_record
from rhm_sweeps.sweeps.plan_record import check_code, is_planned
from rhm_sweeps.version import __version__

from ..tiny_sweeps import record, tiny_packs, tiny_plan, tiny_space


def test_the_plan_is_recorded_as_it_is(ledger: Ledger) -> None:
    plan = tiny_plan()
    trials = ledger.trials()
    assert [trial.signature for trial in trials] == [trial.signature for trial in plan.trials]
    assert [trial.config for trial in trials] == [trial.model_dump() for trial in plan.trials]
    assert {trial.pack: 0 for trial in trials}.keys() == {pack.id for pack in tiny_packs(plan)}
    assert {trial.state for trial in trials} == {"pending"}
    assert {pack.id: pack.pool for pack in ledger.packs().values()} == {pack.id: "local" for pack in tiny_packs(plan)}
    assert ledger.meta("name") == "tiny"
    assert (ledger.meta("version"), ledger.meta("code_hash")) == (__version__, code_hash())
    assert SearchSpace.build(**ledger.meta("space")) == tiny_space()


def test_a_ledger_without_a_plan_says_so(tmp_path: Path, ledger: Ledger) -> None:
    assert is_planned(ledger)
    with Ledger(tmp_path / "new", create=True) as new:
        assert not is_planned(new)


def test_recording_a_plan_again_changes_nothing(ledger: Ledger) -> None:
    ledger.set_state([ledger.trials()[0].signature], "done")
    before = (ledger.trials(), ledger.meta("created_ms"))
    record(ledger, tiny_plan())
    assert (ledger.trials(), ledger.meta("created_ms")) == before


def test_other_code_is_refused_and_both_are_named(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    check_code(ledger)
    before = code_hash()
    monkeypatch.setattr(plan_record, "code_hash", lambda: "0123456789ab")
    with pytest.raises(SweepError, match=f"code {before} .* code 0123456789ab .*--accept-changes"):
        check_code(ledger)
    check_code(ledger, accept_changes=True)
    assert ledger.meta("code_hash") == "0123456789ab"
    check_code(ledger)


@pytest.mark.parametrize("planned", [{"width": 8}, {"grammar": {"seed_rules": 7}}], ids=["no trial", "another trial"])
def test_a_trial_that_this_code_cannot_read_is_refused_before_anything_starts(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, planned: dict[str, object]
) -> None:
    (trial, *_) = ledger.trials()
    monkeypatch.setattr(plan_record, "code_hash", lambda: "0123456789ab")
    strange = TrialRecord("feedfacefeed", 99, trial.pack, {**trial.config, **planned})
    ledger.add_trials([strange])
    with pytest.raises(SweepError, match=r"trial feedfacefeed was planned by version .* cannot be trained by version"):
        check_code(ledger, accept_changes=True)
    assert ledger.meta("code_hash") == code_hash()
    ledger.set_state(["feedfacefeed"], "stopped")
    check_code(ledger, accept_changes=True)
