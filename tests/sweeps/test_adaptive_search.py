"""An adaptive search within a sweep: it trains what it suggests, learns from it, and goes on as if never interrupted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rhm_sweeps.errors import SweepError
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.pools.pools import Pool, Pools
from rhm_sweeps.schedulers import make_scheduler
from rhm_sweeps.search.study import Study
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.adaptive_search import AdaptiveSearch
from rhm_sweeps.sweeps.drive import Outcome, drive
from rhm_sweeps.sweeps.folder import SweepFolder, create_sweep_folder
from rhm_sweeps.sweeps.plan_record import record_plan

from ..tiny_sweeps import LIMITS, LOG2_STEPS, TINY, RecordingView, run_alone, science

POOLS = Pools((Pool("local", "cpu", 2, 1.0, 0.0, 8.0),))
TRIAL = {**TINY, "training": {**TINY["training"], "train_size": 8}}
RATES = {"training.learning_rate": {"loguniform": [1e-4, 1e-1]}}
TPE = {"algorithm": "tpe", "num_samples": 5, "metric": "test_loss", "startup": 2}

Search = Callable[..., Outcome]


def space_of(search: dict[str, Any], name: str = "adaptive", **document: Any) -> SearchSpace:
    return SearchSpace.build(name, **{"trial": TRIAL, "space": RATES, "search": search, "replicas": 2, **document})


def searched(path: Path, space: SearchSpace, view: RecordingView | None = None) -> Outcome:
    """Drive the search in this process, from wherever its folder stands."""
    view, folder = view or RecordingView(), create_sweep_folder(path, space.name)
    with Ledger(folder.path, create=True) as ledger:
        record_plan(ledger, space, (), {})
        search = AdaptiveSearch.of(space, ledger, folder, POOLS)
        scheduler = make_scheduler(space.scheduler, ledger.last_step)
        return drive(ledger, folder, run_alone, LIMITS, view, view.stop, scheduler, search)


def ledger_of(path: Path, name: str = "adaptive") -> Ledger:
    return Ledger(SweepFolder(path / name).path)


def test_a_space_that_lists_its_trials_has_no_search(tmp_path: Path) -> None:
    space = space_of({"algorithm": "random", "num_samples": 3})
    with Ledger(tmp_path, create=True) as ledger:
        assert AdaptiveSearch.of(space, ledger, SweepFolder(tmp_path), POOLS) is None


@pytest.mark.slow
def test_suggestions_are_trained_with_their_replicas_and_valued_by_their_mean(tmp_path: Path) -> None:
    assert searched(tmp_path, space_of(TPE)) == Outcome(done=10, failed=0, unfinished=0, interrupted=False)
    with ledger_of(tmp_path) as ledger:
        suggestions = ledger.suggestions()
        assert [one.number for one in suggestions] == list(range(5))
        for one in suggestions:
            last = [ledger.last_points()[signature].metrics["test_loss"] for signature in one.signatures]
            assert one.values == (pytest.approx(sum(last) / 2),)
            assert len({trial.pack for trial in ledger.trials() if trial.signature in one.signatures}) <= 2
        assert len({one.settings["training.learning_rate"] for one in suggestions}) == 5


@pytest.mark.slow
@pytest.mark.parametrize("reports", [2, 9, 16])
def test_an_interrupted_search_asks_and_finds_what_an_uninterrupted_one_does(tmp_path: Path, reports: int) -> None:
    space = space_of({**TPE, "batch": 2})
    searched(tmp_path / "whole", space)
    stopped = searched(tmp_path / "parts", space, RecordingView(stop_after=reports))
    assert stopped.interrupted
    assert stopped.unfinished > 0
    assert searched(tmp_path / "parts", space).done == 10
    with ledger_of(tmp_path / "whole") as whole, ledger_of(tmp_path / "parts") as parts:
        assert parts.suggestions() == whole.suggestions()
        for signature in whole.states():
            assert list(map(science, parts.points(signature))) == list(map(science, whole.points(signature)))


@pytest.mark.slow
def test_a_batch_is_packed_together_and_waits_for_all_of_it(tmp_path: Path) -> None:
    space = space_of({**TPE, "num_samples": 4, "batch": 4}, replicas=1)
    searched(tmp_path, space)
    with ledger_of(tmp_path) as ledger:
        assert len({trial.pack for trial in ledger.trials()}) == POOLS["local"].slots
        one_by_one = Study(space)
        assert [one.settings for one in ledger.suggestions()] == [one_by_one.ask().params for _ in range(4)]


@pytest.mark.slow
def test_a_search_starts_from_the_finished_trials_of_other_sweeps(tmp_path: Path) -> None:
    searched(tmp_path, space_of(TPE, name="before"))
    cold, warm = (space_of({**TPE, **extra, "startup": 1}) for extra in ({}, {"warm_start": ["before"]}))
    searched(tmp_path / "cold", cold)
    (tmp_path / "warm").mkdir()
    (tmp_path / "warm" / "before").symlink_to(tmp_path / "before")
    searched(tmp_path / "warm", warm)
    with ledger_of(tmp_path / "cold") as first, ledger_of(tmp_path / "warm") as second:
        assert first.suggestions()[0].settings != second.suggestions()[0].settings
    with pytest.raises(SweepError, match=r"there is no sweep in .*nowhere"):
        searched(tmp_path, space_of({**TPE, "warm_start": ["nowhere"]}, name="lost"))


@pytest.mark.slow
def test_trials_that_asha_stops_are_stopped_at_their_rung_and_still_count(tmp_path: Path) -> None:
    asha = {"name": "asha", "metric": "test_loss", "min_steps": 2, "reduction_factor": 2}
    outcome = searched(tmp_path, space_of({**TPE, "num_samples": 8, "batch": 8}, scheduler=asha, replicas=1))
    assert outcome.stopped >= 2
    assert outcome.stopped + outcome.done == 8
    with ledger_of(tmp_path) as ledger:
        last = {name: point.step for name, point in ledger.last_points().items()}
        for trial in ledger.trials("stopped"):
            assert last[trial.signature] in LOG2_STEPS[:-1]
            assert trial.reason.startswith("asha: test_loss")
        assert all(one.values for one in ledger.suggestions())


@pytest.mark.slow
def test_several_objectives_have_several_values(tmp_path: Path) -> None:
    objectives = [{"metric": "test_loss", "mode": "min"}, {"metric": "flops", "mode": "min"}]
    both = {"training.learning_rate": {"loguniform": [1e-4, 1e-1]}, "model.width": {"quniform": [8, 24, 8]}}
    nsga2 = {"algorithm": "nsga2", "num_samples": 4, "startup": 2, "objectives": objectives}
    trial = {**TRIAL, "model": {}}
    searched(tmp_path, space_of(nsga2, trial=trial, space=both, replicas=1))
    with ledger_of(tmp_path) as ledger:
        flops = {one.settings["model.width"]: one.values[1] for one in ledger.suggestions() if one.values}
        assert sorted(flops, key=flops.__getitem__) == sorted(flops)
