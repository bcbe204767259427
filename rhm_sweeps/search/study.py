"""A study: the suggestions of an adaptive search, asked one by one and told what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

from rhm_sweeps.errors import SweepError, UsageError
from rhm_sweeps.ledger import SuggestionRecord
from rhm_sweeps.search.evolution import suggest_by_evolution
from rhm_sweeps.search.optuna_sampler import suggest_by_optuna
from rhm_sweeps.search.pareto import pareto_front
from rhm_sweeps.search.suggested_trials import SuggestedTrials, trials_of
from rhm_sweeps.search.suggestion import Evaluated, Suggestion, Tried
from rhm_sweeps.search.warm_start import evaluated_params
from rhm_sweeps.spaces.distributions import Scalar
from rhm_sweeps.spaces.expansion import drawing_order, holds_somewhere
from rhm_sweeps.spaces.search_space import SearchSpace

MAX_ATTEMPTS = 100
"""Suggestions without a trial in a row, after which a search gives up."""
_BY_THE_MODEL = 10
"""Attempts after which values are drawn at random: a model may propose what makes no trial again and again."""


class Study:
    """What was suggested and what is known of it. Suggestion k depends on the space, k, and what is then known of the others."""

    def __init__(self, space: SearchSpace) -> None:
        """Begin with nothing.

        Raises:
            UsageError: if the search of the space is not adaptive.
        """
        if not space.search.is_adaptive:
            raise UsageError(
                f"`search.algorithm` is {space.search.algorithm}, which makes no suggestions; set it to tpe"
            )
        self._space = space
        self._started_from: list[Evaluated] = []
        self._tried: list[Tried] = []

    @property
    def remaining(self) -> int:
        """Suggestions that are still to be asked."""
        return max(0, (self._space.search.num_samples or 0) - len(self._tried))

    def replay(self, suggestions: Iterable[SuggestionRecord]) -> None:
        """Take in the suggestions of earlier sessions, numbered from 0 without a gap.

        Raises:
            SweepError: if there is a gap, or a value lies outside the space.
        """
        for record in sorted(suggestions, key=lambda record: record.number):
            if record.number != len(self._tried):
                raise SweepError(f"the search has no record of suggestion {len(self._tried)}; it cannot go on")
            self._tried.append(Tried(dict(record.settings), record.values))

    def warm_start(self, results: Iterable[tuple[Mapping[str, Any], tuple[float, ...]]]) -> int:
        """Take in the fields, by dotted name, and objective values of finished trials that the space could have; return how many.

        Those that differ in replicas or listed axes only are one result, their mean.
        """
        found = evaluated_params(self._space, list(results))
        self._started_from.extend(found.evaluated)
        return found.num_trials

    def ask(self) -> Suggestion:
        """The next suggestion, with its trials.

        Raises:
            SweepError: if none is left, or none of a hundred in a row makes a trial.
        """
        if not self.remaining:
            raise SweepError(
                f"all {self._space.search.num_samples} suggestions are made; set search.num_samples for more"
            )
        number, attempts = len(self._tried), []
        for attempt in range(MAX_ATTEMPTS):
            params = self._suggest(number, attempt)
            made = trials_of(self._space, params)
            if made.trials:
                self._tried.append(Tried(params))
                return Suggestion(number, params, made.trials, made.reasons)
            attempts.append(made)
        raise SweepError(_nothing_found(attempts, params))

    def tell(self, number: int, values: tuple[float, ...] | None) -> None:
        """Say what became of a suggestion: a value for each objective, or None (or nothing) if it has no result.

        Raises:
            SweepError: if it was not asked, or has other objectives.
        """
        if not 0 <= number < len(self._tried):
            raise SweepError(f"suggestion {number} was never made; there are {len(self._tried)}")
        wanted = len(self._space.search.goals)
        if values and len(values) != wanted:
            raise SweepError(f"suggestion {number} has {len(values)} values, but the search has {wanted} objectives")
        self._tried[number] = Tried(self._tried[number].params, tuple(values or ()))

    def best(self) -> tuple[Evaluated, ...]:
        """The best suggestion; of several objectives all that no other is better than in each, by the first. Empty without results."""
        return pareto_front(self._evaluated(), self._space.search.goals)

    def _evaluated(self) -> Iterator[Evaluated]:
        for number, one in enumerate(self._tried):
            if one.values:
                yield Evaluated(number, one.params, one.values)

    def _suggest(self, number: int, attempt: int) -> dict[str, Scalar]:
        space, search = self._space, self._space.search
        seed = Random(f"{search.seed}/{number}/{attempt}").getrandbits(32)
        tried = [*(Tried(one.params, one.values) for one in self._started_from), *self._tried]
        at_random = attempt >= _BY_THE_MODEL
        if search.algorithm == "cmaes" and not at_random:
            maximizes = search.goals[0].maximizes
            return suggest_by_evolution(space.random_axes, tried, search.startup, seed, maximizes=maximizes)
        return suggest_by_optuna(space, tried, drawing_order(space), self._holds, seed, at_random=at_random)

    def _holds(self, name: str, drawn: Mapping[str, Scalar]) -> bool:
        """TPE draws the axes that hold, given the others; the other algorithms search all, and what does not hold has no effect."""
        return self._space.search.algorithm != "tpe" or holds_somewhere(self._space, name, drawn)


def _nothing_found(attempts: Sequence[SuggestedTrials], last: Mapping[str, Scalar]) -> str:
    counts = Counter(reason for made in attempts for reason in made.reasons)
    said = "; ".join(f"{count} x {reason}" for reason, count in counts.most_common(3))
    return f"none of {len(attempts)} suggestions in a row makes a trial: {said} (the last: {dict(last)})"
