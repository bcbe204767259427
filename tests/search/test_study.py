"""Studies: what they find, and that what they ask depends on what is known alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from random import Random
from statistics import median
from typing import Any

import pytest

from rhm_sweeps.errors import SweepError, UsageError
from rhm_sweeps.ledger import SuggestionRecord
from rhm_sweeps.search import Study, Suggestion
from rhm_sweeps.spaces.expansion import expand
from rhm_sweeps.spaces.quantiles import contains
from rhm_sweeps.spaces.search_settings import ADAPTIVE
from rhm_sweeps.spaces.search_space import SearchSpace

LR, WD = "training.learning_rate", "training.weight_decay"
AXES: dict[str, Any] = {LR: {"loguniform": [1e-5, 1.0]}, WD: {"loguniform": [1e-6, 1.0]}}
Function = Callable[[Mapping[str, Any]], tuple[float, ...]]


def space_of(algorithm: str, num_samples: int = 40, space: dict[str, Any] | None = None, **rest: Any) -> SearchSpace:
    document = {key: rest.pop(key) for key in ("trial", "require", "replicas") if key in rest}
    if algorithm in ADAPTIVE and "objectives" not in rest:
        rest = {"metric": "test_loss", **rest}
    search = {"algorithm": algorithm, "num_samples": num_samples, **rest}
    return SearchSpace.build("x", space=space or AXES, search=search, **document)


def bowl(params: Mapping[str, Any]) -> tuple[float, ...]:
    """A tilted quadratic in the logarithms, whose least value is 0."""
    x, y = math.log10(params[LR]) + 2.3, math.log10(params[WD]) + 4.1
    return (x**2 + 0.5 * y**2 + 0.3 * x * y,)


def two_bowls(params: Mapping[str, Any]) -> tuple[float, ...]:
    """Two objectives with the least values apart: their best trade-offs lie between."""
    x, y = math.log10(params[LR]) + 2.5, math.log10(params[WD]) + 3
    return ((x + 1) ** 2 + y**2, -((x - 1) ** 2) - y**2)


def run(study: Study, function: Function = bowl, count: int | None = None) -> list[Suggestion]:
    """Ask and tell one by one, until none remains or `count` were asked."""
    asked: list[Suggestion] = []
    while study.remaining and len(asked) != count:
        asked.append(study.ask())
        study.tell(asked[-1].number, function(asked[-1].params))
    return asked


def best_of_random(count: int) -> float:
    """The median over seeds of the best of so many random draws."""
    return median(min(bowl(one)[0] for one in expand(space_of("random", count, seed=seed))) for seed in range(21))


@pytest.mark.parametrize("algorithm", ["tpe", "cmaes"])
def test_a_model_finds_better_than_chance(algorithm: str) -> None:
    found = []
    for seed in range(3):
        study = Study(space_of(algorithm, 60, seed=seed))
        run(study)
        found.append(study.best()[0].values[0])
    assert median(found) < 0.5 * best_of_random(60)


@pytest.mark.slow
def test_a_gaussian_process_finds_much_better_than_chance() -> None:
    study = Study(space_of("gp", 25))
    run(study)
    assert study.best()[0].values[0] < 0.05 * best_of_random(25)


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["tpe", "nsga2"])
def test_several_objectives_fill_the_front(algorithm: str) -> None:
    """Hypervolume below (4, 4), of at most 4 * 4 less the corner under the front of the squares of 0 and 2."""
    goals = [{"metric": "test_loss"}, {"metric": "novel_valid"}]
    volumes = []
    for seed in range(3):
        study = Study(space_of(algorithm, 80, objectives=goals, seed=seed))
        run(study, two_bowls)
        front = [(one.values[0], -one.values[1]) for one in study.best()]
        assert all(a[0] < b[0] and a[1] > b[1] for a, b in pairwise(front))
        volumes.append(hypervolume(front, 4.0))
    random = [
        hypervolume([(a, -b) for a, b in map(two_bowls, expand(space_of("random", 80, seed=k)))], 4.0) for k in range(9)
    ]
    assert median(volumes) > median(random) + (0.5 if algorithm == "tpe" else 0.0)
    assert median(volumes) > 11
    assert hypervolume([((2 * u) ** 2, (2 - 2 * u) ** 2) for u in (k / 999 for k in range(1000))], 4.0) < 13.4


def hypervolume(points: list[tuple[float, float]], reference: float) -> float:
    """The area that two costs dominate below (reference, reference)."""
    volume, height = 0.0, reference
    for x, y in sorted(points):
        if x < reference and y < height:
            volume, height = volume + (reference - x) * (height - y), y
    return volume


@pytest.mark.parametrize("algorithm", ["tpe", "cmaes", "nsga2", pytest.param("gp", marks=pytest.mark.slow)])
def test_a_resumed_search_asks_as_one_that_went_on(algorithm: str) -> None:
    """With three suggestions always open, and some without a result."""
    space = space_of(algorithm, 30, startup=6)
    study, records = Study(space), {}
    resumed_at = 18
    later: list[Mapping[str, Any]] = []
    for number in range(27):
        suggestion = study.ask()
        records[number] = SuggestionRecord(number, dict(suggestion.params), ())
        if number >= 3:
            values = () if number % 7 == 0 else bowl(records[number - 3].settings)
            study.tell(number - 3, values)
            old = records[number - 3]
            records[number - 3] = SuggestionRecord(old.number, old.settings, (), values)
        if number == resumed_at - 1:
            study = Study(space)
            study.replay(reversed(records.values()))
        later.append(suggestion.params)
    uninterrupted = Study(space)
    for number in range(27):
        assert uninterrupted.ask().params == later[number]
        if number >= 3:
            uninterrupted.tell(number - 3, records[number - 3].values)
    assert uninterrupted.remaining == study.remaining == 3


def test_open_suggestions_are_not_asked_again() -> None:
    """Ten at once, after a model has formed, are all different."""
    study = Study(space_of("tpe", 40))
    run(study, count=20)
    asked = [study.ask().params[LR] for _ in range(10)]
    assert len(set(asked)) == 10


def test_other_seeds_ask_other_things() -> None:
    first = [Study(space_of("tpe", seed=seed)).ask().params[LR] for seed in range(5)]
    assert len(set(first)) == 5


@pytest.mark.parametrize("algorithm", ["tpe", "cmaes", "nsga2", pytest.param("gp", marks=pytest.mark.slow)])
def test_values_are_those_of_the_axes(algorithm: str) -> None:
    axes = {
        "training.batch_size": {"randint": [8, 12]},
        "training.train_size": {"lograndint": [16, 20]},
        "training.momentum": {"quniform": [0.1, 0.7, 0.1]},
        "model.width": {"quniform": [8, 32, 8]},
        "training.label_smoothing": {"uniform": [0.0, 0.25]},
        **({} if algorithm == "cmaes" else {"training.optimizer": {"choice": ["adam", "sgd"]}}),
    }
    space = space_of(algorithm, 30, axes)
    study, kinds = Study(space), (int, int, float, int, float, str)
    for suggestion in run(study, lambda params: (params["training.momentum"] + params["model.width"],)):
        for (name, value), kind in zip(suggestion.params.items(), kinds, strict=False):
            assert isinstance(value, kind), name
            assert contains(space.random_axes[name], value), name
            assert suggestion.trials[0].flat()[name] == value
    assert study.best()[0].params["model.width"] == 8
    assert study.best()[0].params["training.momentum"] in (0.1, 0.2, 0.3)


@pytest.mark.parametrize("algorithm", ["cmaes", pytest.param("gp", marks=pytest.mark.slow)])
def test_one_axis_is_enough(algorithm: str) -> None:
    study = Study(space_of(algorithm, 20, {LR: AXES[LR]}))
    run(study, lambda params: bowl({WD: 10**-4.1, **params}))
    assert study.best()[0].values[0] < 0.1


@pytest.mark.parametrize("algorithm", ADAPTIVE)
def test_an_axis_with_a_condition_is_searched_where_it_holds(algorithm: str) -> None:
    axes = {
        "model.name": {"grid": ["bp_unet", "transformer"]},
        "training.warmup_steps": {"randint": [0, 9]},
        LR: {**AXES[LR], "when": "warmup_steps > 3"},
        "model.dropout": {"uniform": [0.1, 0.5], "when": "name == 'transformer'"},
    }
    held = set()
    for suggestion in run(
        Study(space_of(algorithm, 8, axes)), lambda params: (float(params["training.warmup_steps"]),)
    ):
        unet, transformer = suggestion.trials
        assert unet.model.dropout == 0.0
        assert transformer.model.dropout == suggestion.params["model.dropout"]
        holds = unet.training.warmup_steps > 3
        assert unet.training.learning_rate == (suggestion.params[LR] if holds else 1e-2)
        held.add(holds)
        assert algorithm != "tpe" or (LR in suggestion.params) == holds
    assert held == {True, False}


def test_what_is_required_is_met_without_spending_suggestions() -> None:
    study = Study(space_of("tpe", 12, require=[f"{LR} > {WD}"]))
    asked = run(study)
    assert [suggestion.number for suggestion in asked] == list(range(12))
    assert all(suggestion.params[LR] > suggestion.params[WD] for suggestion in asked)


def test_a_space_without_trials_is_given_up_with_the_reasons() -> None:
    study = Study(space_of("tpe", 5, require=[f"{LR} > 2"]))
    with pytest.raises(
        SweepError, match=f"none of 100 suggestions in a row makes a trial: 100 x does not meet .*{LR} > 2"
    ):
        study.ask()
    assert study.remaining == 5


def test_failures_keep_tpe_away() -> None:
    """Everything above the learning rate 1e-3 fails: the model asks below it more often than chance, which is 3 in 5 above."""
    study = Study(space_of("tpe", 60))
    asked = run(study, lambda params: () if params[LR] > 1e-3 else bowl({**params, LR: 10**-2.3}))
    above = sum(suggestion.params[LR] > 1e-3 for suggestion in asked[30:])
    assert above < 9


def test_the_model_starts_from_finished_trials() -> None:
    space = space_of("tpe", 10, replicas=2)
    rng = Random(0)
    params = [{LR: 10 ** rng.uniform(-5, 0), WD: 10 ** rng.uniform(-6, 0)} for _ in range(30)]
    results = [
        ({**one, "training.seed": seed, "training.seed_sample": seed}, bowl(one)) for one in params for seed in (0, 7)
    ]
    cold, warm = Study(space), Study(space)
    others = [({**params[0], "training.steps": 3}, (0.0,)), ({**params[0], LR: 2.0}, (0.0,)), (params[0], (1.0, 2.0))]
    assert warm.warm_start([*results, *others]) == 60
    assert warm.remaining == 10
    assert warm.best() == ()
    started = [warm.ask() for _ in range(5)]
    assert started[0].params != cold.ask().params
    assert median(bowl(one.params)[0] for one in started) < 0.3 * median(bowl(one)[0] for one in params)


@pytest.mark.parametrize("algorithm", ["cmaes", "nsga2"])
def test_generations_start_from_finished_trials_too(algorithm: str) -> None:
    study = Study(space_of(algorithm, 20))
    centre = {LR: 10**-2.3, WD: 10**-4.1}
    rng = Random(0)
    near = [{name: value * 10 ** rng.uniform(-0.2, 0.2) for name, value in centre.items()} for _ in range(10)]
    assert study.warm_start([(one, bowl(one)) for one in near]) == 10
    assert bowl(study.ask().params)[0] < 6


def test_the_best_is_by_the_mode_of_the_metric() -> None:
    for metric, expected in (("test_loss", 1.0), ("novel_valid", 3.0)):
        study = Study(space_of("tpe", 5, metric=metric))
        for value in (2.0, 1.0, 3.0, None):
            study.tell(study.ask().number, None if value is None else (value,))
        assert [one.values for one in study.best()] == [(expected,)]
    assert study.best()[0].number == 2


def test_what_cannot_be_is_refused() -> None:
    study = Study(space_of("tpe", 1))
    suggestion = study.ask()
    with pytest.raises(SweepError, match="all 1 suggestions are made"):
        study.ask()
    with pytest.raises(SweepError, match="suggestion 1 was never made; there are 1"):
        study.tell(1, (0.0,))
    with pytest.raises(SweepError, match="has 2 values, but the search has 1 objectives"):
        study.tell(suggestion.number, (0.0, 1.0))
    with pytest.raises(SweepError, match="no record of suggestion 0"):
        Study(space_of("tpe")).replay([SuggestionRecord(1, suggestion.params, ())])
    with pytest.raises(UsageError, match="is random, which makes no suggestions"):
        Study(space_of("random"))


@pytest.mark.parametrize("algorithm", ["tpe", "nsga2"])
def test_several_objectives_bear_failures(algorithm: str) -> None:
    goals = [{"metric": "test_loss"}, {"metric": "novel_valid"}]
    study = Study(space_of(algorithm, 24, objectives=goals, startup=4))
    asked = run(study, lambda params: () if params[LR] > 1e-2 else two_bowls(params))
    assert len(asked) == 24
    assert all(one.params[LR] <= 1e-2 for one in study.best())
