"""A sweep grows: what it has stays, and trials of more steps go on where they ended, exactly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.pools.pools import Pool, Pools
from rhm_sweeps.spaces.extension import extend_space
from rhm_sweeps.sweeps.drive import Outcome, drive
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.growth import Growth, continuations, extend_sweep
from rhm_sweeps.sweeps.plan import make_plan

from ..tiny_sweeps import LIMITS, RecordingView, record, run_alone, science, tiny_space

POOLS = Pools((Pool("local", "cpu", 2, 1.0, 0.0, 8.0),))
Go = Callable[..., Outcome]


def test_added_values_are_planned_and_the_others_stay(ledger: Ledger, folder: SweepFolder) -> None:
    before = ledger.trials()
    assert extend_sweep(ledger, folder, ["train_size=grid:12", "replicas=3"], POOLS) == Growth(added=5, continued=0)
    assert ledger.trials()[:4] == before
    assert {trial.state for trial in ledger.trials()} == {"pending"}
    assert len({trial.pack for trial in ledger.trials()[4:]}) == POOLS["local"].slots
    assert ledger.meta("space")["space"]["training.train_size"]["grid"] == [4, 8, 12]


def test_extended_twice_in_the_same_way_nothing_is_added(ledger: Ledger, folder: SweepFolder) -> None:
    extend_sweep(ledger, folder, ["train_size=grid:12"], POOLS)
    assert extend_sweep(ledger, folder, ["train_size=grid:12"], POOLS) == Growth(added=0, continued=0)


@pytest.mark.slow
def test_more_steps_go_on_where_the_trials_ended_and_equal_those_trained_at_once(
    ledger: Ledger, folder: SweepFolder, go: Go, trained_steps: Counter[str], tmp_path: Path
) -> None:
    go()
    old = list(ledger.states())
    trained_steps.clear()
    assert extend_sweep(ledger, folder, ["steps=32"], POOLS) == Growth(added=4, continued=4)
    assert [ledger.states()[name] for name in old] == ["extended"] * 4
    assert go().done == 4
    assert set(trained_steps.values()) == {32 - 8}
    new = [name for name, state in ledger.states().items() if state == "done"]
    assert ledger.sources() == dict(zip(new, old, strict=True))

    at_once = SweepFolder(tmp_path / "at_once")
    with Ledger(at_once.path, create=True) as other:
        record(other, make_plan(extend_space(tiny_space(), ["steps=32"])))
        drive(other, at_once, run_alone, LIMITS, view := RecordingView(), view.stop)
        for name in new:
            points = {point.step: science(point) for point in ledger.points(name)}
            assert points == {point.step: science(point) for point in other.points(name)}
            extended, whole = (load_file(where.models / f"{name}.safetensors") for where in (folder, at_once))
            assert extended.keys() == whole.keys()
            assert all(torch.equal(extended[key], whole[key]) for key in whole)


@pytest.mark.slow
def test_a_trial_that_the_space_still_asks_for_stays_done(ledger: Ledger, folder: SweepFolder, go: Go) -> None:
    go()
    assert extend_sweep(ledger, folder, ["train_size=grid:12"], POOLS).continued == 0
    assert ledger.counts()["extended"] == 0


@pytest.mark.slow
def test_only_trials_whose_course_does_not_depend_on_their_end_are_continued(
    ledger: Ledger, folder: SweepFolder, go: Go
) -> None:
    go()
    longer = make_plan(extend_space(tiny_space(), ["steps=32"])).trials
    other = make_plan(extend_space(tiny_space(), ["steps=32", "batch_size=4"])).trials
    found = continuations(ledger, folder, [*longer, *other])
    assert found.keys() == {trial.signature for trial in longer}
    assert {source.step for source in found.values()} == {8}
    for path in folder.models.glob("*.state"):
        path.unlink()
    assert continuations(ledger, folder, longer) == {}
