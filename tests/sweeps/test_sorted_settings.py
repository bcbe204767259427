"""What becomes of the settings of a space: trials, repetitions, and what is left out and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rhm_sweeps.errors import ConfigError
from rhm_sweeps.spaces.header import SEED_FIELDS
from rhm_sweeps.spaces.overrides import apply_overrides
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.plan import make_plan
from rhm_sweeps.sweeps.sorted_settings import count_reasons


def space_of(**document: Any) -> SearchSpace:
    return SearchSpace.build("x", **document)


def test_invalid_settings_are_left_out_with_their_reason() -> None:
    """P_max of the default grammar is 8 * 3**7 = 17496, of which 1024 are test strings."""
    plan = make_plan(space_of(space={"training.train_size": {"grid": [64, 16472, 16473]}}, replicas=2))
    assert [trial.training.train_size for trial in plan.trials] == [64, 64, 16472, 16472]
    assert [dict(setting.settings) for setting in plan.invalid] == [
        {"training.train_size": 16473, **dict.fromkeys(SEED_FIELDS, replica)} for replica in (0, 1)
    ]
    assert "= 17497, but must be <= P_max = 17496" in plan.invalid[0].reason


def test_draws_that_a_field_does_not_take_are_left_out_with_their_reason() -> None:
    drawn = {"training.learning_rate": {"normal": [0.01, 0.02]}}
    plan = make_plan(space_of(space=drawn, search={"algorithm": "random", "num_samples": 50}))
    assert len(plan.trials) + len(plan.invalid) == 50
    assert plan.invalid
    assert all(setting.settings["training.learning_rate"] <= 0 for setting in plan.invalid)
    assert all(trial.training.learning_rate > 0 for trial in plan.trials)


def test_no_valid_setting_is_an_error_with_each_reason_once() -> None:
    space = space_of(
        trial={"training": {"train_size": 20_000}},
        space={"grammar.num_synonyms": {"grid": [2, 3, 9]}, "training.seed": {"range": [0, 4]}},
    )
    with pytest.raises(ConfigError, match="none of its settings makes a trial") as caught:
        make_plan(space)
    assert [problem.where for problem in caught.value.problems] == ["4 settings"] * 3
    assert "`num_synonyms` is 9, but must be <= v**(s-1) = 8" in str(caught.value)


def test_a_derived_value_that_its_field_does_not_take_is_left_out_with_its_reason() -> None:
    plan = make_plan(
        space_of(
            space={
                "training.train_size": {"grid": [6, 7, 0 + 2]},
                "training.test_size": {"derived": "(train_size - 4) / 2"},
            }
        )
    )
    assert [trial.training.test_size for trial in plan.trials] == [1]
    assert [setting.reason for setting in plan.invalid] == [
        "training.test_size is `(train_size - 4) / 2` with train_size = 7, which gives 1.5, but must be a whole number",
        "training.test_size: is -1, but input should be greater than or equal to 0",
    ]


def test_settings_that_do_not_meet_what_is_required_are_counted_apart() -> None:
    space = space_of(
        space={"grammar.num_features": {"grid": [2, 4]}, "grammar.num_synonyms": {"grid": [2, 3, 4, 5]}},
        trial={"grammar": {"num_classes": 2}, "training": {"train_size": 2, "test_size": 2}},
        require=["num_synonyms <= num_features ** (tuple_size - 1)", "num_synonyms != 3"],
    )
    plan = make_plan(space)
    assert [(t.grammar.num_features, t.grammar.num_synonyms) for t in plan.trials] == [(2, 2), (4, 2), (4, 4)]
    assert plan.invalid == ()
    assert [(reason.count, reason.sentence) for reason in count_reasons(plan.not_required)] == [
        (4, "does not meet `require`: num_synonyms <= num_features ** (tuple_size - 1)"),
        (1, "does not meet `require`: num_synonyms != 3"),
    ]
    assert plan.num_settings == space.size == 8
    assert SearchSpace.build(**space.to_dict()) == space


def test_a_requirement_that_no_setting_meets_is_an_error_with_the_requirement() -> None:
    with pytest.raises(ConfigError, match=r"none of its settings makes a trial: 2 settings: does not .* steps < 0"):
        make_plan(space_of(require="steps < 0", replicas=2))


def test_a_requirement_without_an_answer_makes_no_trial() -> None:
    with pytest.raises(ConfigError, match="1 settings: `depth > 1` with depth = None has no result"):
        make_plan(space_of(require="depth > 1"))


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
    space = space_of(space={name: {"range": [0, 2]} for name in SEED_FIELDS}, replicas=3)
    plan = make_plan(space)
    assert (space.size, len(plan.trials), plan.duplicates) == (24, 8, 16)


def test_a_field_without_effect_is_said_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("name: base\ntrial:\n  model: {dropout: 0.1}\n")
    path = tmp_path / "my.yaml"
    path.write_text(
        "include: base.yaml\nspace:\n  training.momentum: {grid: [0.1, 0.2]}\n  zip:\n    - {diffusion.time_mean: 0.1}\n"
        "trials:\n  - training: {lr_decay: 0.1}\nstop: {min_delta: 0.1}\n"
    )
    with pytest.raises(ConfigError) as caught:
        make_plan(apply_overrides(SearchSpace.load(path), ["train_size=64", "noise_scale=2.0"]))
    assert [problem.where.replace(f"{tmp_path}/", "") for problem in caught.value.problems] == [
        "base.yaml:3 trial.model.dropout",
        "my.yaml:8 trial.stop.min_delta",
        "-s noise_scale=2.0 trial.diffusion.noise_scale",
        "my.yaml:5 space.zip.diffusion.time_mean",
        "my.yaml:3 space.training.momentum",
        "my.yaml:7 trials.training.lr_decay",
    ]
