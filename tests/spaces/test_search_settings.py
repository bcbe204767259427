"""What may be said about a search, and about a scheduler."""

from __future__ import annotations

from typing import Any

import pytest

from rhm_sweeps.errors import ConfigError
from rhm_sweeps.spaces.goal import Goal, usual_mode
from rhm_sweeps.spaces.overrides import apply_overrides
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.plan import make_plan

LR = {"training.learning_rate": {"loguniform": [1e-4, 1e-1]}}
TPE = {"algorithm": "tpe", "num_samples": 20}


def space_of(search: Any = None, scheduler: Any = None, **document: Any) -> SearchSpace:
    parts = {"search": search or TPE, "scheduler": scheduler, "space": LR, **document}
    return SearchSpace.build("x", **parts)


@pytest.mark.parametrize(
    ("search", "message"),
    [
        ({"algorithm": "tpe"}, "`algorithm` is tpe, which needs `num_samples`, the number of suggestions"),
        ({"algorithm": "qmc"}, "`algorithm` is qmc, which needs `num_samples`, the number of draws"),
        ({"algorithm": "grid", "num_samples": 3}, "`num_samples` is 3, but `algorithm: grid` draws nothing"),
        (
            {"algorithm": "random", "num_samples": 3, "metric": "copies"},
            "`metric` is 'copies', but `algorithm: random` does not",
        ),
        ({"algorithm": "qmc", "num_samples": 3, "startup": 3, "batch": 2}, "`batch` is 2, but .*; `startup` is 3, but"),
        (
            {"objectives": [{"metric": "copies"}]},
            r"`objectives` is \['copies'\], but `algorithm: grid` does not look at",
        ),
        ({**TPE, "objectives": [{"metric": "copies"}]}, "`objectives` has 1 entry, but must have >= 2"),
        ({**TPE, "metric": "x", "objectives": [{}, {"metric": "y"}]}, "`objectives` stands beside `metric` or `mode`"),
        ({**TPE, "objectives": [{}, {}]}, "`objectives` has novel_valid twice"),
        (
            {**TPE, "algorithm": "gp", "objectives": [{}, {"metric": "y"}]},
            "is gp, which takes one `metric`, not `objectives`",
        ),
        ({**TPE, "objectives": [{}, {"metrik": "y"}]}, r"search.objectives\[1\].metrik: .*did you mean `metric`"),
        ({**TPE, "batch": 0}, "search.batch: is 0, but"),
        ({**TPE, "mode": "maximum"}, "search.mode: is 'maximum', but input should be 'max' or 'min'"),
        ({**TPE, "warmstart": ["a"]}, "search.warmstart: .*did you mean `warm_start`"),
    ],
    ids=str,
)
def test_settings_of_a_search_that_do_not_agree(search: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        space_of(search)


@pytest.mark.parametrize(
    ("scheduler", "message"),
    [
        ({"name": "ash"}, "scheduler: there is no scheduler `ash`; did you mean `asha`"),
        ({"name": "zzzz"}, "there are none, asha, median, hyperband, pbt, regime"),
        ({"min_steps": 3}, "scheduler: has no `name`; there are none, asha"),
        ({"name": "asha", "min_step": 3}, "scheduler.min_step: there is no such key; did you mean `min_steps`"),
        ({"name": "asha", "reduction_factor": 1}, "scheduler.reduction_factor: is 1, but"),
        ({"name": "pbt", "quantile": 0.6}, "scheduler.quantile: is 0.6, but"),
        ({"name": "pbt", "fields": ["training.steps"]}, "`training.steps`: cannot change while a trial trains"),
        (
            {"name": "pbt", "fields": ["training.lerning_rate"]},
            "there is no such field; did you mean `training.learning_rate`",
        ),
        ({"name": "pbt", "fields": ["training.weight_decay"] * 2}, "must have each once"),
        ({"name": "regime"}, "needs one of `max_excess_copies`, `learned_validity` and `flat_doublings`"),
        ({"name": "regime", "learned_validity": 1.5}, "scheduler.learned_validity: is 1.5, but"),
        ("asha", "scheduler: is 'asha', but"),
    ],
    ids=str,
)
def test_wrong_settings_of_a_scheduler(scheduler: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        space_of(scheduler=scheduler)


@pytest.mark.parametrize(
    ("search", "space", "message"),
    [
        (TPE, {"training.steps": {"grid": [1]}}, "search.algorithm: is tpe, but every axis lists its values"),
        (
            TPE,
            {"training.momentum": {"normal": [0.5, 0.1]}},
            "`normal` has no bounds, which `search.algorithm: tpe` needs",
        ),
        (
            {**TPE, "algorithm": "cmaes"},
            {"model.width": {"choice": [8, 16]}},
            "`choice` has no order, .* write `uniform`",
        ),
    ],
)
def test_axes_that_an_algorithm_cannot_search(search: dict[str, Any], space: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        space_of(search, space=space)


def test_quasi_random_search_takes_every_axis() -> None:
    axes = {**LR, "training.momentum": {"normal": [0.5, 0.1]}, "model.width": {"choice": [8, 16]}}
    assert space_of({"algorithm": "qmc", "num_samples": 4}, space=axes).size == 4


def test_single_trials_are_not_for_adaptive_search() -> None:
    with pytest.raises(ConfigError, match=r"trials: are not suggested by `search.algorithm: tpe`"):
        space_of(trials=[{"training.learning_rate": 0.1}])


@pytest.mark.parametrize(
    ("metric", "mode"),
    [
        ("novel_valid", "max"),
        ("validity_3", "max"),
        ("test_accuracy", "max"),
        ("distinct", "max"),
        ("test_loss", "min"),
        ("train_loss_time_2", "min"),
        ("excess_copies", "min"),
        ("copies", "min"),
        ("rule_usage_tv_1", "min"),
        ("flops", "min"),
        ("seconds", "min"),
    ],
)
def test_the_better_end_of_a_metric_is_known(metric: str, mode: str) -> None:
    assert usual_mode(metric) == Goal.model_validate({"metric": metric}).mode == mode
    assert Goal.model_validate({"metric": metric, "mode": "max"}).maximizes


def test_a_search_has_a_goal_by_default() -> None:
    assert space_of().search.goals == (Goal(metric="novel_valid", mode="max"),)
    assert space_of({**TPE, "metric": "test_loss"}).search.goals == (Goal(metric="test_loss", mode="min"),)
    assert SearchSpace.build("x").search.goals == ()


@pytest.mark.parametrize(
    ("changes", "search", "scheduler"),
    [
        (["search.algorithm=gp"], {"algorithm": "gp", "num_samples": 20, "metric": "copies", "startup": 3}, "asha"),
        (["search.algorithm=random"], {"algorithm": "random", "num_samples": 20}, "asha"),
        (["search.num_samples=9"], {"algorithm": "tpe", "num_samples": 9, "metric": "copies", "startup": 3}, "asha"),
        (
            ["search.objectives=novel_valid, flops"],
            {
                "algorithm": "tpe",
                "num_samples": 20,
                "startup": 3,
                "objectives": [{"metric": "novel_valid", "mode": "max"}, {"metric": "flops", "mode": "min"}],
            },
            "asha",
        ),
        (["scheduler.name=regime", "scheduler.flat_doublings=2"], None, "regime"),
        (["scheduler.name=none"], None, "none"),
        (["scheduler.min_steps=64", "scheduler.metric=test_loss"], None, "asha"),
        (["search.warm_start=a,b"], None, "asha"),
    ],
    ids=str,
)
def test_settings_are_changed_by_word(changes: list[str], search: dict[str, Any] | None, scheduler: str) -> None:
    space = space_of({**TPE, "metric": "copies", "startup": 3}, {"name": "asha", "min_steps": 16})
    changed = apply_overrides(space, changes)
    assert search is None or changed.search.to_dict() == {"seed": 0, **search}
    assert changed.scheduler.name == scheduler
    assert SearchSpace.build(**changed.to_dict()) == changed


def test_words_reach_the_settings_that_they_name() -> None:
    space = space_of({**TPE, "metric": "copies"}, {"name": "asha", "min_steps": 16, "metric": "novel_valid"})
    changed = apply_overrides(space, ["scheduler.metric=test_loss", "search.warm_start=a,b", "warmup_steps=3"])
    assert changed.scheduler.model_dump() == {
        "name": "asha",
        "metric": "test_loss",
        "mode": "min",
        "min_steps": 16,
        "reduction_factor": 4,
    }
    assert changed.search.warm_start == ("a", "b")
    assert changed.trial == {"training": {"warmup_steps": 3}}
    with pytest.raises(ConfigError, match=r"did you mean `scheduler.min_steps`"):
        apply_overrides(space, ["scheduler.min_step=3"])


@pytest.mark.parametrize(
    ("search", "scheduler", "message"),
    [
        (
            {**TPE, "metric": "novel_vlaid"},
            None,
            "search.metric: is novel_vlaid, .* do not report; did you mean `novel_valid`",
        ),
        (
            {**TPE, "metric": "validity_4"},
            None,
            "search.metric: is validity_4, which trials of this space do not report",
        ),
        (
            {**TPE, "objectives": [{"metric": "flops"}, {"metric": "flop"}]},
            None,
            r"search.objectives\[1\].metric: is flop, .* did you mean `flops`",
        ),
        (
            TPE,
            {"name": "asha", "metric": "flops"},
            "scheduler.metric: is flops, which trials of this space do not report",
        ),
    ],
)
def test_a_metric_that_is_not_reported_is_refused(search: dict[str, Any], scheduler: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_plan(space_of(search, scheduler))


def test_metrics_depend_on_the_trial() -> None:
    classifier = {"trial": {"model": {"name": "classifier"}}}
    assert make_plan(space_of({**TPE, "metric": "test_accuracy"}, **classifier)).trials == ()
    with pytest.raises(ConfigError, match="is novel_valid, which trials of this space do not report"):
        make_plan(space_of(**classifier))
    flat = {"name": "regime", "flat_doublings": 2}
    with pytest.raises(ConfigError, match="scheduler: is test_loss, which trials"):
        make_plan(space_of(scheduler=flat, trial={"training": {"test_size": 0}}))
