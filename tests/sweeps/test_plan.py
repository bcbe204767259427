"""Plans: which settings a space has, which trials they make, and what is left out and why."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.errors import ConfigError, UsageError
from rhm_sweeps.ledger import Ledger, TrialRecord
from rhm_sweeps.spaces.expansion import expand
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.plan import MAX_SETTINGS, finished_trials, make_plan

SEEDS = ("grammar.seed_rules", "training.seed_sample", "training.seed")


def space_of(**document: Any) -> SearchSpace:
    return SearchSpace.build("x", **document)


def drawn_space(num_samples: int, *, seed: int = 0, train_sizes: tuple[int, ...] = (64, 128)) -> SearchSpace:
    return space_of(
        space={
            "training.train_size": {"grid": list(train_sizes)},
            "training.learning_rate": {"loguniform": [1e-4, 1e-2]},
            "training.batch_size": {"randint": [8, 128]},
        },
        search={"algorithm": "random", "num_samples": num_samples, "seed": seed},
    )


def signatures(space: SearchSpace) -> list[str]:
    return [trial.signature for trial in make_plan(space).trials]


def test_listed_axes_are_crossed_in_full_the_last_fastest() -> None:
    space = space_of(space={"training.train_size": {"grid": [64, 128]}, "model.width": {"range": [1, 4]}})
    found = [(settings["training.train_size"], settings["model.width"]) for settings in expand(space)]
    assert found == list(itertools.product([64, 128], [1, 2, 3]))


def test_a_space_without_axes_is_one_trial() -> None:
    plan = make_plan(space_of(trial={"training": {"steps": 7}}))
    assert plan.trials == (parse_trial({"training": {"steps": 7}}),)


def test_replicas_count_the_seeds_up_from_those_written() -> None:
    space = space_of(trial={"training": {"seed": 10}}, replicas=3)
    seeds = [tuple(settings[name] for name in SEEDS) for settings in expand(space)]
    assert seeds == [(0, 0, 10), (1, 1, 11), (2, 2, 12)]


def test_a_seed_that_is_an_axis_is_left_to_the_axis() -> None:
    space = space_of(space={"grammar.seed_rules": {"range": [0, 2]}}, replicas=2)
    seeds = [tuple(settings[name] for name in SEEDS) for settings in expand(space)]
    assert seeds == [(0, 0, 0), (0, 1, 1), (1, 0, 0), (1, 1, 1)]


def test_the_first_replica_is_the_trial_as_written() -> None:
    assert make_plan(space_of(replicas=3)).trials[0] == TrialConfig()


@given(st.integers(1, 6), st.integers(1, 6))
def test_more_draws_keep_the_earlier_ones(few: int, more: int) -> None:
    earlier, later = list(expand(drawn_space(few))), list(expand(drawn_space(few + more)))
    assert all(settings in later for settings in earlier)
    assert len(later) == 2 * (few + more)


def test_draws_do_not_depend_on_other_values_or_axes_order() -> None:
    both, one = list(expand(drawn_space(3))), list(expand(drawn_space(3, train_sizes=(128,))))
    assert [settings for settings in both if settings["training.train_size"] == 128] == one


def test_draws_differ_between_combinations_fields_and_seeds() -> None:
    drawn = [settings["training.learning_rate"] for settings in expand(drawn_space(5))]
    assert len(set(drawn)) == 10
    assert set(drawn).isdisjoint(settings["training.learning_rate"] for settings in expand(drawn_space(5, seed=1)))


def test_draws_are_the_same_in_every_process_and_release() -> None:
    """Known answers: a changed stream would make an extended sweep train everything again."""
    settings = next(expand(drawn_space(1)))
    assert settings["training.batch_size"] == 43
    assert settings["training.learning_rate"] == pytest.approx(0.00034541081783060905, rel=1e-12)


def test_derived_fields_follow_the_axes_the_draws_and_the_replicas() -> None:
    space = space_of(
        space={
            "training.train_size": {"grid": [64, 128]},
            "training.batch_size": {"derived": "test_size / 2"},  # 4.0 and 8.0 are whole
            "training.test_size": {"derived": "train_size // 8"},
            "training.seed": {"derived": "seed_rules * 10"},
        },
        replicas=2,
    )
    plan = make_plan(space)
    found = [(t.training.train_size, t.training.test_size, t.training.batch_size, t.training.seed) for t in plan.trials]
    assert found == [(64, 8, 4, 0), (64, 8, 4, 10), (128, 16, 8, 0), (128, 16, 8, 10)]
    assert SearchSpace.build(**space.to_dict()) == space


BOTH = [
    {"model.name": "bp_unet", "training.learning_rate": 1e-2},
    {"model.name": "transformer", "training.learning_rate": 1e-3},
]


def test_what_is_zipped_varies_together_and_is_crossed_with_the_rest() -> None:
    space = space_of(space={"zip": BOTH, "training.train_size": {"grid": [64, 128]}}, replicas=2)
    plan = make_plan(space)
    assert [(t.model.name, t.training.learning_rate, t.training.train_size) for t in plan.trials[::2]] == [
        ("bp_unet", 1e-2, 64),
        ("bp_unet", 1e-2, 128),
        ("transformer", 1e-3, 64),
        ("transformer", 1e-3, 128),
    ]
    assert plan.num_settings == space.size == len(plan.trials) == 8
    assert SearchSpace.build(**space.to_dict()) == space


def test_an_axis_with_a_condition_varies_where_it_holds_only() -> None:
    space = space_of(
        trial={"model": {"dropout": 0.5}},
        space={
            "model.dropout": {"grid": [0.0, 0.1], "when": "name == 'transformer' and train_size > 64"},
            "training.train_size": {"grid": [64, 128]},
            "model.name": {"grid": ["bp_unet", "transformer"]},
        },
    )
    plan = make_plan(space)
    assert [(t.training.train_size, t.model.name, t.model.dropout) for t in plan.trials] == [
        (64, "bp_unet", 0.5),
        (64, "transformer", 0.5),
        (128, "bp_unet", 0.5),
        (128, "transformer", 0.0),
        (128, "transformer", 0.1),
    ]
    assert (plan.duplicates, plan.num_settings) == (0, 5)
    assert SearchSpace.build(**space.to_dict()) == space


def test_conditions_may_depend_on_axes_with_conditions_written_after_them() -> None:
    space = space_of(
        space={
            "training.batch_size": {"grid": [1, 2], "when": "steps == 20"},
            "training.steps": {"grid": [10, 20], "when": "train_size == 64"},
            "training.train_size": {"grid": [64, 128]},
        }
    )
    found = [(t.training.train_size, t.training.steps, t.training.batch_size) for t in make_plan(space).trials]
    default = TrialConfig().training
    rest = (128, default.steps, default.batch_size)
    assert found == [(64, 10, default.batch_size), (64, 20, 1), (64, 20, 2), rest]


def test_a_drawn_axis_may_depend_on_another_and_nothing_is_drawn_twice() -> None:
    momentum = {"uniform": [0.1, 0.9], "when": "optimizer == 'sgd'"}
    search = {"algorithm": "random", "num_samples": 9}
    plan = make_plan(
        space_of(
            space={"training.optimizer": {"choice": ["sgd", "adam"]}, "training.momentum": momentum}, search=search
        )
    )
    found = [(t.training.optimizer, t.training.momentum) for t in plan.trials]
    assert [optimizer for optimizer, _ in found].count("adam") == 1
    assert all((optimizer == "sgd") == (momentum >= 0.1) for optimizer, momentum in found if optimizer == "sgd")
    listed = space_of(
        space={"training.optimizer": {"grid": ["sgd", "adam"]}, "training.momentum": momentum}, search=search
    )
    assert (len(make_plan(listed).trials), make_plan(listed).duplicates) == (10, 0)


def test_finished_trials_are_subtracted() -> None:
    space = space_of(space={"training.train_size": {"grid": [64, 128, 256]}})
    everything = make_plan(space).trials
    plan = make_plan(space, finished={everything[1].signature, "0" * 12})
    assert plan.trials == (everything[0], everything[2])
    assert plan.finished == (everything[1],)
    assert make_plan(space, finished=[trial.signature for trial in everything]).trials == ()


def test_an_extended_grid_keeps_the_earlier_trials() -> None:
    smaller = signatures(space_of(space={"training.train_size": {"grid": [64, 128]}}, replicas=2))
    larger = signatures(space_of(space={"training.train_size": {"grid": [32, 64, 128]}}, replicas=3))
    assert set(smaller) < set(larger)


@given(st.integers(1, 5), st.integers(1, 4))
def test_every_setting_is_accounted_for(sizes: int, replicas: int) -> None:
    values = [2**k for k in range(sizes)] + [17_000, 1]
    space = space_of(space={"training.train_size": {"grid": values}}, replicas=replicas)
    plan = make_plan(space, finished=signatures(space)[:1])
    accounted = len(plan.trials) + len(plan.finished) + len(plan.invalid) + plan.duplicates
    assert accounted == space.size == len(list(expand(space)))


def test_populations_are_formed_for_the_scheduler_that_needs_them() -> None:
    rates = {"training.learning_rate": {"grid": [0.1, 0.01, 0.001, 0.0001]}}
    plain, formed = (make_plan(space_of(space=rates, replicas=2, scheduler={"name": name})) for name in ("none", "pbt"))
    assert len(plain.trials) == len(formed.trials) == 8
    assert len({trial.population.members for trial in formed.trials}) == 2
    assert not {trial.signature for trial in plain.trials} & {trial.signature for trial in formed.trials}
    again = make_plan(formed.space, finished=[trial.signature for trial in formed.trials[:4]])
    assert (again.trials, again.finished) == (formed.trials[4:], formed.trials[:4])


def test_a_space_too_large_is_refused_before_it_is_expanded() -> None:
    space = space_of(space={"training.seed": {"range": [0, 10**9]}})
    assert space.size == 10**9 > MAX_SETTINGS
    with pytest.raises(
        UsageError, match=r"1,000,000,000 settings, but must have <= 1,000,000; .* --max-settings 1000000000"
    ):
        make_plan(space)


def test_more_settings_are_accepted_on_purpose() -> None:
    space = space_of(space={"training.seed": {"range": [0, 12]}}, trials=[{"model.width": 8}], replicas=2)
    assert len(make_plan(space, max_settings=space.size).trials) == space.size == 26
    with pytest.raises(UsageError, match="has 26 settings, but must have <= 25"):
        make_plan(space, max_settings=25)
    conditional = {"training.seed": {"range": [0, 12], "when": "steps > 5"}}
    with pytest.raises(UsageError, match="has up to 12 settings"):
        make_plan(space_of(space=conditional), max_settings=11)


def test_single_trials_are_planned_beside_the_axes() -> None:
    space = space_of(
        trial={"training": {"steps": 100}},
        space={"training.train_size": {"grid": [64, 128]}, "training.test_size": {"derived": "train_size // 4"}},
        trials=[{"training.train_size": 256}, {"training.train_size": 64}, {"training.train_size": 10**6}, {}],
        require="train_size != 1024",
    )
    plan = make_plan(space)
    assert [(t.training.train_size, t.training.test_size) for t in plan.trials] == [(64, 16), (128, 32), (256, 64)]
    assert (plan.duplicates, plan.num_settings) == (1, space.size)
    assert [dict(one.settings)["training.train_size"] for one in plan.invalid] == [10**6]
    assert len(plan.not_required) == 1


def test_an_adaptive_search_is_checked_by_random_settings() -> None:
    search = {"algorithm": "tpe", "num_samples": 5}
    width = {"model.width": {"choice": [8, 16]}}
    plan = make_plan(space_of(space=width, search=search))
    assert (plan.trials, plan.space.size) == ((), 5)
    with pytest.raises(ConfigError, match=r"trial\.model\.dropout: has no effect in any trial"):
        make_plan(space_of(trial={"model": {"dropout": 0.5}}, space=width, search=search))
    with pytest.raises(ConfigError, match="none of its settings makes a trial"):
        make_plan(space_of(trial={"training": {"train_size": 10**6}}, space=width, search=search))


def test_the_finished_trials_of_a_folder(tmp_path: Path) -> None:
    assert finished_trials(tmp_path) == []
    one, other = (trial.signature for trial in make_plan(space_of(replicas=2)).trials)
    with Ledger(tmp_path, create=True) as ledger:
        ledger.add_trials([TrialRecord(name, index, "0" * 12, {}) for index, name in enumerate((one, other))])
        ledger.set_state([other], "done")
    assert finished_trials(tmp_path) == [other]


@pytest.mark.slow
@pytest.mark.alone
def test_ten_thousand_trials_are_planned_in_five_seconds() -> None:
    space = space_of(
        space={"grammar.seed_rules": {"range": [0, 500]}, "training.train_size": {"grid": list(range(64, 74))}},
        replicas=2,
    )
    started = time.perf_counter()
    plan = make_plan(space)
    assert len(plan.trials) == 10_000
    assert time.perf_counter() - started < 5


@pytest.mark.slow
@pytest.mark.alone
def test_a_hundred_thousand_trials_are_planned_in_a_minute_and_a_gibibyte() -> None:
    """In a process of its own, whose peak memory is its own."""
    code = """
import resource
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.plan import make_plan
axes = {"grammar.seed_rules": {"range": [0, 5000]}, "training.train_size": {"grid": list(range(64, 74))}}
print(len(make_plan(SearchSpace.build("large", space=axes, replicas=2)).trials))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    trials, memory_gib = map(float, ended.stdout.split())
    assert trials == 100_000
    assert memory_gib < 1
