"""Plans: which settings a space has, which trials they make, and what is left out and why."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.errors import ConfigError, UsageError
from rhm_sweeps.sweeps.plan import MAX_SETTINGS, expand, make_plan
from rhm_sweeps.sweeps.search_space import SearchSpace

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


def test_invalid_settings_are_left_out_with_their_reason() -> None:
    """P_max of the default grammar is 8 * 3**7 = 17496, of which 1024 are test strings."""
    plan = make_plan(space_of(space={"training.train_size": {"grid": [64, 16472, 16473]}}, replicas=2))
    assert [trial.training.train_size for trial in plan.trials] == [64, 64, 16472, 16472]
    assert [dict(setting.settings) for setting in plan.invalid] == [
        {"training.train_size": 16473, **dict.fromkeys(SEEDS, replica)} for replica in (0, 1)
    ]
    assert "= 17497, but must be <= P_max = 17496" in plan.invalid[0].reason


def test_no_valid_setting_is_an_error_with_each_reason_once() -> None:
    space = space_of(
        trial={"training": {"train_size": 20_000}},
        space={"grammar.num_synonyms": {"grid": [2, 3, 9]}, "training.seed": {"range": [0, 4]}},
    )
    with pytest.raises(ConfigError, match="none of its settings makes a trial") as caught:
        make_plan(space)
    assert [problem.where for problem in caught.value.problems] == ["4 settings"] * 3
    assert "`num_synonyms` is 9, but must be <= v**(s-1) = 8" in str(caught.value)


def test_equal_trials_are_planned_once() -> None:
    plan = make_plan(space_of(space={"training.learning_rate": {"grid": [1, 1.0, 0.5]}}))
    assert [trial.training.learning_rate for trial in plan.trials] == [1.0, 0.5]
    assert plan.duplicates == 1


def test_trials_that_differ_in_nothing_that_matters_are_planned_once() -> None:
    """Momentum is one of SGD's settings: Adam's three trials are one."""
    optimizers, momenta = {"grid": ["sgd", "adam"]}, {"grid": [0.0, 0.5, 0.9]}
    plan = make_plan(space_of(space={"training.optimizer": optimizers, "training.momentum": momenta}))
    assert [trial.training.optimizer for trial in plan.trials] == ["sgd"] * 3 + ["adam"]
    assert plan.duplicates == 2


def test_every_field_without_effect_in_any_trial_is_a_problem() -> None:
    space = space_of(
        trial={
            "model": {"dropout": 0.1, "width": 64},
            "diffusion": {"noise_scale": 1.0},
            "training": {"seed_resample": 4},
        },
        space={  # the invalid settings of nine synonyms do not count
            "training.momentum": {"grid": [0.5, 0.9]},
            "training.optimizer": {"grid": ["adam", "adamw"]},
            "grammar.num_synonyms": {"grid": [3, 9]},
        },
    )
    with pytest.raises(ConfigError, match="search space x: 3 problems") as caught:
        make_plan(space)
    assert {problem.where: problem.message.split(":")[1] for problem in caught.value.problems} == {
        "trial.model.dropout": " it needs a transformer; leave it out or set that",
        "trial.training.seed_resample": " it needs resample_level >= 1; leave it out or set that",
        "space.training.momentum": " it needs optimizer sgd; leave it out or set that",
    }


def test_a_field_with_effect_in_one_trial_is_no_problem() -> None:
    plan = make_plan(
        space_of(trial={"model": {"dropout": 0.1}}, space={"model.name": {"grid": ["bp_unet", "transformer"]}})
    )
    assert len(plan.trials) == 2


def test_replicas_that_meet_an_axis_of_seeds_are_planned_once() -> None:
    space = space_of(space={name: {"range": [0, 2]} for name in SEEDS}, replicas=3)
    plan = make_plan(space)
    assert (space.size, len(plan.trials), plan.duplicates) == (24, 8, 16)


def test_finished_trials_are_subtracted() -> None:
    space = space_of(space={"training.train_size": {"grid": [64, 128, 256]}})
    everything = make_plan(space).trials
    plan = make_plan(space, finished={everything[1].signature, "0" * 12})
    assert plan.trials == (everything[0], everything[2])
    assert plan.finished == (everything[1],)
    assert make_plan(space, finished=[trial.signature for trial in everything]).packs == ()


def test_an_extended_grid_keeps_the_earlier_trials() -> None:
    smaller = signatures(space_of(space={"training.train_size": {"grid": [64, 128]}}, replicas=2))
    larger = signatures(space_of(space={"training.train_size": {"grid": [32, 64, 128]}}, replicas=3))
    assert set(smaller) < set(larger)


@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 3))
def test_every_setting_is_accounted_for(sizes: int, replicas: int, max_members: int) -> None:
    values = [2**k for k in range(sizes)] + [17_000, 1]
    space = space_of(space={"training.train_size": {"grid": values}}, replicas=replicas)
    plan = make_plan(space, finished=signatures(space)[:1], max_members=max_members)
    accounted = len(plan.trials) + len(plan.finished) + len(plan.invalid) + plan.duplicates
    assert accounted == space.size == len(list(expand(space)))
    assert sorted(trial.signature for pack in plan.packs for trial in pack.trials) == sorted(
        trial.signature for trial in plan.trials
    )


def test_a_plan_hands_its_limits_to_packing() -> None:
    plan = make_plan(space_of(replicas=6), max_members=16, min_packs=2)
    assert [len(pack.trials) for pack in plan.packs] == [3, 3]


def test_a_space_too_large_is_refused_before_it_is_expanded() -> None:
    space = space_of(space={"training.seed": {"range": [0, 10**9]}})
    assert space.size == 10**9 > MAX_SETTINGS
    with pytest.raises(UsageError, match="has 1,000,000,000 settings, but must have <= 1,000,000; coarsen an axis"):
        make_plan(space)


@pytest.mark.slow
def test_ten_thousand_trials_are_planned_in_five_seconds() -> None:
    space = space_of(
        space={"grammar.seed_rules": {"range": [0, 500]}, "training.train_size": {"grid": list(range(64, 74))}},
        replicas=2,
    )
    started = time.perf_counter()
    plan = make_plan(space)
    assert len(plan.trials) == 10_000
    assert time.perf_counter() - started < 5
