"""An adaptive search as part of a sweep: its suggestions become trials of the plan, and their results go back to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.ledger import Ledger, MetricPoint, SuggestionRecord, TrialRecord
from rhm_sweeps.packs.flops import training_flops
from rhm_sweeps.pools.pool_packs import pool_packs
from rhm_sweeps.pools.pools import Pools
from rhm_sweeps.search.study import Study
from rhm_sweeps.search.suggested_trials import objective_values
from rhm_sweeps.search.suggestion import Suggestion
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.folder import SweepFolder, sweep_folder
from rhm_sweeps.sweeps.plan_record import add_packs

UNFINISHED = ("pending", "running")
Result = tuple[Mapping[str, Any], tuple[float, ...]]


class AdaptiveSearch:
    """The `Search` of a space with an adaptive algorithm, whose state is the ledger."""

    def __init__(self, space: SearchSpace, ledger: Ledger, folder: SweepFolder, pools: Pools) -> None:
        self._ledger, self._folder, self._pools = ledger, folder, pools
        self._begin(space)

    @classmethod
    def of(cls, space: SearchSpace, ledger: Ledger, folder: SweepFolder, pools: Pools) -> AdaptiveSearch | None:
        """The search of a space; None where the plan holds all trials from the beginning."""
        return cls(space, ledger, folder, pools) if space.search.is_adaptive else None

    def reload(self) -> None:
        """Go on with the space that the ledger has now."""
        self._begin(SearchSpace.build(**self._ledger.meta("space")))

    def _begin(self, space: SearchSpace) -> None:
        self._space, self._study = space, Study(space)
        records = self._ledger.suggestions()
        suggested = {signature for record in records for signature in record.signatures}
        for name in space.search.warm_start:
            self._study.warm_start(finished_results(space, sweep_folder(self._folder.path.parent, name), suggested))
        self._study.replay(records)
        self._open = {record.number: record for record in records if record.values is None}

    @property
    def remaining(self) -> int:
        """Suggestions that are still to be made."""
        return self._study.remaining

    @property
    def is_over(self) -> bool:
        return not self._open and not self.remaining

    def advance(self, free_places: int) -> bool:
        """Take in the results of suggestions whose trials have ended, ask for as many more as are to be tried now, and plan them."""
        self._take_in()
        batch = self._space.search.batch
        wanted = free_places if batch is None else 0 if self._open else batch
        suggestions = [self._study.ask() for _ in range(min(wanted, self._study.remaining))] if free_places > 0 else []
        if suggestions:
            self._plan(suggestions)
        return bool(suggestions)

    def _plan(self, suggestions: list[Suggestion]) -> None:
        known = self._ledger.states()
        trials = {trial.signature: trial for suggestion in suggestions for trial in suggestion.trials}
        new = [trial for signature, trial in trials.items() if signature not in known]
        records = [SuggestionRecord(s.number, s.params, tuple(t.signature for t in s.trials)) for s in suggestions]
        with self._ledger.transaction():
            add_packs(self._ledger, new, pool_packs(new, self._pools))
            self._ledger.add_suggestions(records)
        self._open |= {record.number: record for record in records}

    def _take_in(self) -> None:
        states = self._ledger.states() if self._open else {}
        ended = [one for one in self._open.values() if not any(states[name] in UNFINISHED for name in one.signatures)]
        if not ended:
            return
        trials = {trial.signature: trial for trial in self._ledger.trials()}
        values = {one.number: self._values([trials[name] for name in one.signatures]) for one in ended}
        self._ledger.set_objectives(values)
        for number, found in values.items():
            self._study.tell(number, found)
            del self._open[number]

    def _values(self, trials: list[TrialRecord]) -> tuple[float, ...]:
        points = {
            trial.signature: list(self._ledger.points(trial.signature)) for trial in trials if trial.state != "failed"
        }
        return _objectives(self._space, {trial.signature: parse_trial(trial.config) for trial in trials}, points)


def finished_results(space: SearchSpace, folder: SweepFolder, left_out: Iterable[str]) -> Iterator[Result]:
    """Yield fields and objective values of the done trials of a sweep.

    Raises:
        SweepError: if there is no such sweep.
    """
    with Ledger(folder.path) as ledger:
        trials = {trial.signature: trial for trial in ledger.trials("done")}
        for signature in sorted(trials.keys() - set(left_out)):
            trial = parse_trial(trials[signature].config)
            values = _objectives(space, {signature: trial}, {signature: list(ledger.points(signature))})
            if values:
                yield trial.flat(), values


def _objectives(
    space: SearchSpace, trials: Mapping[str, TrialConfig], points: Mapping[str, list[MetricPoint]]
) -> tuple[float, ...]:
    """The values of the objectives; none if one of them is not known."""
    costs = {name: _costs(trials[name], found[-1]) for name, found in points.items() if found}
    return objective_values(space, list(trials.values()), points, costs) or ()


def _costs(trial: TrialConfig, last: MetricPoint) -> dict[str, float]:
    """What a trial has cost until its last point."""
    flops = training_flops(trial) * last.step / trial.training.steps
    return {"flops": flops, "seconds": last.metrics.get("wall_time_s", float("nan"))}
