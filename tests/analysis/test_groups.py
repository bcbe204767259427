"""Which trials are replicas of one setting."""

from __future__ import annotations

import pandas as pd
import pytest

from rhm_sweeps.analysis.groups import axis_title, group_trials, sorted_values, spread, value_label


def test_trials_that_differ_in_seeds_only_are_one_group(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(128, 64), seeds=3))
    groups = group_trials(results)
    assert groups.axis == "training.train_size"
    assert groups.facets == ()
    assert list(groups.settings["training.train_size"]) == [64, 128]
    assert list(groups.settings["trials"]) == [3, 3]
    assert list(groups.of_trial) == [1, 1, 1, 0, 0, 0]


def test_other_fields_are_facets_of_the_train_size(make_sweep, grid) -> None:
    groups = group_trials(make_sweep(grid(sizes=(64, 128), seeds=1, model__width=(32, 64))))
    assert groups.axis == "training.train_size"
    assert groups.facets == ("model.width",)
    assert groups.settings["facet"].tolist() == [0, 1, 0, 1]
    assert [groups.label(group) for group in groups.settings.index] == [
        "P = 64, width = 32",
        "P = 64, width = 64",
        "P = 128, width = 32",
        "P = 128, width = 64",
    ]
    assert groups.facet_label(1) == "width = 64"


def test_a_field_that_the_axis_determines_is_no_facet(make_sweep) -> None:
    sizes = {64: 200, 128: 300, 256: 500}
    for seeds in (1, 2):
        trials = [
            {"training.train_size": size, "training.steps": steps, "training.seed": seed}
            for size, steps in sizes.items()
            for seed in range(seeds)
        ]
        groups = group_trials(make_sweep(trials))
        assert groups.facets == ()
        assert list(groups.settings["training.steps"]) == [200, 300, 500]


def test_independent_draws_of_two_fields_are_not_a_rule(make_sweep) -> None:
    rates = [0.01, 0.003, 0.02, 0.001]
    trials = [{"training.train_size": 64 + i, "training.learning_rate": rate} for i, rate in enumerate(rates)]
    assert group_trials(make_sweep(trials)).facets == ("training.learning_rate",)


def test_replicas_of_independent_draws_are_no_rule_either(make_sweep) -> None:
    """Each size has one rate, but only because it was drawn once; its seeds say nothing new."""
    draws = [(64, 0.01), (128, 0.03), (256, 0.02)]
    fields = (
        {"training.train_size": p, "training.learning_rate": rate, "training.seed": k}
        for p, rate in draws
        for k in (0, 1)
    )
    assert group_trials(make_sweep(list(fields))).facets == ("training.learning_rate",)


def test_without_a_train_size_the_first_field_is_the_axis(make_sweep, grid) -> None:
    groups = group_trials(make_sweep(grid(sizes=(64,), model__width=(64, 32))))
    assert groups.axis == "model.width"
    assert list(groups.settings["model.width"]) == [32, 64]


def test_a_single_trial_is_one_group_without_axis(make_sweep) -> None:
    groups = group_trials(make_sweep([{}]))
    assert (groups.axis, groups.facets, len(groups.settings)) == (None, (), 1)
    assert groups.label(0) == "all trials"


def test_grammars_are_groups_when_seeds_alone_vary_and_each_has_replicas(make_sweep) -> None:
    trials = [{"grammar.seed_rules": rules, "training.seed": seed} for rules in range(11) for seed in range(2)]
    groups = group_trials(make_sweep(trials))
    assert groups.axis == "grammar.seed_rules"
    assert list(groups.settings["grammar.seed_rules"]) == list(range(11))
    alone = group_trials(make_sweep([{"grammar.seed_rules": rules} for rules in range(3)]))
    assert alone.axis is None
    assert len(alone.settings) == 1


def test_missing_and_named_values_are_ordered_after_numbers(make_sweep) -> None:
    trials = [{"evaluation.sampling_steps": steps} for steps in (None, 100, 20)]
    groups = group_trials(make_sweep(trials))
    assert [groups.label(group) for group in groups.settings.index] == [
        "sampling steps = 20",
        "sampling steps = 100",
        "sampling steps = default",
    ]
    assert sorted_values(pd.Series(["b", 10, "a", 9], dtype=object, name="x")) == [9, 10, "a", "b"]


def test_no_trials_no_groups(make_sweep) -> None:
    groups = group_trials(make_sweep([]))
    assert groups.axis is None
    assert groups.settings.empty


@pytest.mark.parametrize(
    ("value", "text"),
    [(64, "64"), (64.0, "64"), (1e-3, "0.001"), (6.30957e-05, "6.31e-05"), (None, "default"), (True, "True")],
)
def test_values_are_written_short(value: object, text: str) -> None:
    assert value_label(value) == text


def test_spread_keeps_the_ends() -> None:
    assert spread([1, 2, 3], 5) == [1, 2, 3]
    chosen = spread(list(range(1000)), 7)
    assert (len(chosen), chosen[0], chosen[-1]) == (7, 0, 999)
    assert len(set(chosen)) == 7


def test_axis_titles_have_the_symbol_of_the_literature() -> None:
    assert axis_title("training.train_size") == "training-set size $P$"
    assert axis_title("model.width") == "width"
